#!/usr/bin/env bash
# Renews the records of the C interface: the header, and where its fields lie.
set -euo pipefail
cd "$(dirname "$0")/.."
UPDATE_HEADER=1 cargo test --quiet -p confidant-capi --test header the_committed_header
UPDATE_ABI=1 cargo test --quiet -p confidant-capi --test abi the_binary_interface
