#!/bin/sh
# Checks the style of the protos. buf would fetch what they import from its registry, so
# it is given an image that protoc has made of what is installed: `make check-protos`.
set -eu
protos=$(cd "$(dirname "$0")" && pwd)
image=$(mktemp --suffix=.binpb)
trap 'rm -f "$image"' EXIT
# google/rpc/status.proto comes with googleapis-common-protos.
google=$(python -c 'import google.rpc; print(next(iter(google.rpc.__path__)))')/../..
find "$protos/statekeeper" -name '*.proto' -exec python -m grpc_tools.protoc \
    -I "$protos" -I "$google" --include_imports --include_source_info \
    --descriptor_set_out="$image" {} +
buf lint "$image" --config "$protos/buf.yaml"
