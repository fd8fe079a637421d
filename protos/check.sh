#!/bin/sh
# Checks the protos: their style, and that they break nothing of the last release. Needs
# what protos/image.sh does, and buf-bin: `make check-protos`.
set -eu
protos=$(cd "$(dirname "$0")" && pwd)
image=$(mktemp --suffix=.binpb)
trap 'rm -f "$image"' EXIT
"$protos/image.sh" "$image"
failed=
buf lint "$image" --config "$protos/buf.yaml" || failed=1
"$protos/breaking.sh" "$image" || failed=1
[ -z "$failed" ]
