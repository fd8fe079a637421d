#!/bin/sh
# Generates the Python code of all protos into this checkout; with --check, only tells
# whether that would change anything. Needs grpcio-tools and mypy-protobuf on PATH:
# `make gen` sees to it.
set -eu
protos=$(cd "$(dirname "$0")" && pwd)
checkout=$(dirname "$protos")
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

# google/rpc/status.proto comes with googleapis-common-protos.
google=$(python -c 'import google.rpc; print(next(iter(google.rpc.__path__)))')/../..

public=clients/python/statekeeper/v1
records=server/statekeeper_server/storage/v1

# Generates both packages below the folder $1.
generate() {
    mkdir -p "$1/clients/python" "$1/$records" "$scratch/records"
    python -m grpc_tools.protoc -I "$protos" -I "$google" \
        --python_out="$1/clients/python" --pyi_out="$1/clients/python" \
        --grpc_python_out="$1/clients/python" --mypy_grpc_out=quiet:"$1/clients/python" \
        "$protos"/statekeeper/v1/*.proto
    # A file without a service gets an empty stub module: nobody needs it.
    for stub in "$1/$public"/*_pb2_grpc.py; do
        grep -q 'class .*Stub' "$stub" || rm -f "$stub" "${stub}i"
    done
    # The records on disk are the server's alone, so they live with the server.
    python -m grpc_tools.protoc -I "$protos" -I "$google" \
        --python_out="$scratch/records" --pyi_out="$scratch/records" \
        "$protos"/statekeeper/storage/v1/*.proto
    cp "$scratch"/records/statekeeper/storage/v1/* "$1/$records"
}

if [ "${1:-}" != --check ]; then
    generate "$checkout"
    exit
fi
generate "$scratch/out"
for package in "$public" "$records"; do
    diff -r -x __init__.py -x __pycache__ "$checkout/$package" "$scratch/out/$package" || {
        echo "the generated code in $package is not that of the protos: make gen" >&2
        exit 1
    }
done
