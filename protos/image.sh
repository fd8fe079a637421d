#!/bin/sh
# protos/image.sh OUT: makes the image of all protos, a FileDescriptorSet with what they
# import and with their comments. What is checked and generated comes from it alone: buf
# would fetch the imports from its registry, and here they are those that are installed.
#
#     buf generate OUT --path statekeeper/v1 ...              # the contract
#     protoc --descriptor_set_in=OUT ... statekeeper/v1/value.proto
#
# Needs `python` on PATH, with grpcio-tools and googleapis-common-protos.
set -eu
[ $# -eq 1 ] || { echo "usage: protos/image.sh OUT" >&2; exit 2; }
protos=$(cd "$(dirname "$0")" && pwd)
# google/rpc/status.proto comes with googleapis-common-protos.
google=$(python -c 'import google.rpc; print(next(iter(google.rpc.__path__)))')/../..
# In order, so that the same protos give the same bytes.
find "$protos/statekeeper" -name '*.proto' | LC_ALL=C sort | xargs python -m grpc_tools.protoc \
    -I "$protos" -I "$google" --include_imports --include_source_info \
    --descriptor_set_out="$1"
