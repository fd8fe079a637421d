#!/bin/sh
# protos/breaking.sh IMAGE: tells what the protos of an image break of the last release,
# protos/released/<version>.binpb. What a release is, and how one breaks things all the
# same, is said in docs/decisions/0022-a-released-contract-stays.md.
set -eu
[ $# -eq 1 ] || { echo "usage: protos/breaking.sh IMAGE" >&2; exit 2; }
protos=$(cd "$(dirname "$0")" && pwd)
released=$(echo "$protos"/released/*.binpb)

# Tells what is broken in the package $1, by the rules of the configuration $2.
against_released() {
    buf breaking "$image" --against "$released" --exclude-imports --path "$1" --config "$2"
}

image=$1
failed=
# Who uses the contract has generated code: nothing in it may go or move.
against_released statekeeper/v1 "$protos/buf.yaml" || failed=1
# Of the records on disk nobody knows the names: what was written must be readable.
against_released statekeeper/storage/v1 '{"version":"v2","breaking":{"use":["WIRE"]}}' || failed=1
[ -z "$failed" ] || {
    echo "the protos break the contract of $(basename "$released" .binpb):" \
        "docs/decisions/0022-a-released-contract-stays.md says what then" >&2
    exit 1
}
