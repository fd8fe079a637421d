#!/bin/sh
# Generates the Go code of the public protos; with --check, only tells whether that would
# change anything. Needs PY, a Python with grpcio-tools, and BIN, the folder of the plugins:
# `make gen` sees to it.
set -eu
module=github.com/statekeeper/statekeeper/clients/go
here=$(cd "$(dirname "$0")" && pwd)
protos=$here/../../protos
generated=statekeeper/v1
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

# google/rpc/status.proto comes with googleapis-common-protos.
google=$("$PY" -c 'import google.rpc; print(next(iter(google.rpc.__path__)))')/../..
"$PY" -m grpc_tools.protoc -I "$protos" -I "$google" \
    --plugin="$BIN/protoc-gen-go" --plugin="$BIN/protoc-gen-go-grpc" \
    --go_out="$scratch" --go_opt=module=$module \
    --go-grpc_out="$scratch" --go-grpc_opt=module=$module \
    "$protos"/statekeeper/v1/*.proto

if [ "${1:-}" = --check ]; then
    diff -r "$here/$generated" "$scratch/$generated" || {
        echo "clients/go/$generated is not generated from the protos: make -C clients/go gen" >&2
        exit 1
    }
    exit
fi
rm -rf "${here:?}/$generated"
mkdir -p "$here/statekeeper"
cp -r "$scratch/$generated" "$here/$generated"
