#!/bin/sh
# Write the hash-pinned locks in requirements/ from pyproject.toml, for Python 3.11 to 3.14 at once.
set -eu
cd "$(dirname "$0")/.."
uv="${UV:-uv}"
lock() {
    output="requirements/$1.txt"
    shift
    "$uv" pip compile "$@" --quiet --universal --python-version 3.11 --generate-hashes \
        --no-emit-index-url --no-annotate --no-header --no-config ${UPGRADE:+--upgrade} --output-file "$output"
}
lock runtime pyproject.toml
# The others hold what they add to the runtime, at the versions that agree with it.
for group in setup node postgresql lint tests; do
    lock "$group" --group "$group" --constraint requirements/runtime.txt
done
