#!/bin/sh
# Generates the Python code of all protos below the folder given (default: this
# checkout). Needs grpcio-tools and mypy-protobuf on PATH: `make gen` sees to it.
set -eu
protos=$(cd "$(dirname "$0")" && pwd)
out=${1:-$(dirname "$protos")}

public=$out/clients/python
mkdir -p "$public"
python -m grpc_tools.protoc -I "$protos" \
    --python_out="$public" --pyi_out="$public" \
    --grpc_python_out="$public" --mypy_grpc_out=quiet:"$public" \
    "$protos"/statekeeper/v1/*.proto
# A file without a service gets an empty stub module: nobody needs it.
grep -L 'class .*Stub' "$public"/statekeeper/v1/*_pb2_grpc.py | while read -r empty; do
    rm -f "$empty" "${empty}i"
done

# The records on disk are the server's alone, so they live with the server.
records=$out/server/statekeeper_server/storage/v1
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
mkdir -p "$records"
python -m grpc_tools.protoc -I "$protos" --python_out="$scratch" --pyi_out="$scratch" \
    "$protos"/statekeeper/storage/v1/*.proto
cp "$scratch"/statekeeper/storage/v1/* "$records"
