#!/bin/sh
# Generates the Python code of all protos into this checkout; with --check, only tells
# whether that would change anything. Needs grpcio-tools and mypy-protobuf on PATH:
# `make gen` sees to it.
set -eu
protos=$(cd "$(dirname "$0")" && pwd)
checkout=$(dirname "$protos")
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

public=clients/python/statekeeper/v1
records=server/statekeeper_server/storage/v1

"$protos/image.sh" "$scratch/image.binpb"

# Generates the code of the package in the folder $1; the others say what.
protoc() {
    files=$(cd "$protos" && echo "$1"/*.proto)
    shift
    # shellcheck disable=SC2086 # the names of protos have no spaces
    python -m grpc_tools.protoc --descriptor_set_in="$scratch/image.binpb" "$@" $files
}

# Generates both packages below the folder $1.
generate() {
    mkdir -p "$1/clients/python" "$1/$records" "$scratch/records"
    protoc statekeeper/v1 --python_out="$1/clients/python" --pyi_out="$1/clients/python" \
        --grpc_python_out="$1/clients/python" --mypy_grpc_out=quiet:"$1/clients/python"
    # A file without a service gets an empty stub module: nobody needs it.
    for stub in "$1/$public"/*_pb2_grpc.py; do
        grep -q 'class .*Stub' "$stub" || rm -f "$stub" "${stub}i"
    done
    # The records on disk are the server's alone, so they live with the server.
    protoc statekeeper/storage/v1 --python_out="$scratch/records" --pyi_out="$scratch/records"
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
