#!/bin/sh
# Checks the format, vets, lints and builds modules: check.sh FOLDER-OF-TOOLS MODULE...
set -eu
bin=$1
shift
for module in "$@"; do
    (
        cd "$module"
        unformatted=$(gofmt -s -l .)
        [ -z "$unformatted" ] || { echo "not as gofmt writes it: make -C clients/go fix"; echo "$unformatted"; exit 1; } >&2
        go build -o /dev/null ./... && go vet ./... && "$bin/staticcheck" ./...
    )
done
