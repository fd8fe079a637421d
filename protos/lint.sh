#!/bin/sh
# Checks the style of the protos. Needs what protos/image.sh does, and buf-bin:
# `make check-protos`.
set -eu
protos=$(cd "$(dirname "$0")" && pwd)
image=$(mktemp --suffix=.binpb)
trap 'rm -f "$image"' EXIT
"$protos/image.sh" "$image"
buf lint "$image" --config "$protos/buf.yaml"
