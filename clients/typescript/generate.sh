#!/bin/sh
# Generates src/gen from the protos, with protoc-gen-es; with --check, only tells whether
# that would change anything. PY is a Python with grpcio-tools and
# googleapis-common-protos, which google/rpc/*.proto come with: that of the checkout.
set -eu
cd "$(dirname "$0")"
PY=${PY:-../../.venv/bin/python}
protos=../../protos
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

google=$("$PY" -c 'import google.rpc; print(next(iter(google.rpc.__path__)))')/../..

# Generates below the folder $1.
generate() {
    rm -rf "$1"
    mkdir -p "$1"
    # Operators have the command line: admin.proto is left out.
    find "$protos/statekeeper/v1" -name '*.proto' ! -name admin.proto -exec \
        "$PY" -m grpc_tools.protoc -I "$protos" -I "$google" \
        --plugin=protoc-gen-es=node_modules/.bin/protoc-gen-es \
        --es_out="$1" --es_opt=target=ts,import_extension=js \
        google/rpc/status.proto google/rpc/error_details.proto {} +
}

if [ "${1:-}" != --check ]; then
    generate src/gen
    exit
fi
generate "$scratch/gen"
diff -r src/gen "$scratch/gen" || {
    echo "the generated code in clients/typescript/src/gen is not that of the protos: make gen" >&2
    exit 1
}
