#!/usr/bin/env bash
# The hosts of other languages, as their front pages say: one command each, then their tests and figures.
# Installs g++ and Go when they are missing; prints what it skipped, and lists it in target/hosts_skipped.txt.
#
#   tests/hosts.sh            everything
#   tests/hosts.sh install    only what is missing, for tests/hosts.rs
set -euo pipefail
cd "$(dirname "$0")/.."
mkdir -p target
: >target/hosts_skipped.txt

skip() {
  echo "skipped: $*"
  echo "$*" >>target/hosts_skipped.txt
}

# need PROGRAM PACKAGE: whether a program is there, or could be installed.
need() {
  command -v "$1" >/dev/null && return 0
  { apt-get update -q && apt-get install -y -q "$2"; } >/dev/null 2>&1 || true
  command -v "$1" >/dev/null && return 0
  skip "hosts: $1 is missing, and the Debian package $2 could not be installed"
  return 1
}

run() {
  make --no-print-directory -C "$@"
}

if [ "${1-}" = install ]; then
  need g++ g++ && need go golang-go && need python3 python3 || true
  exit
fi
run examples/c run-static run | tail -n 2
if need g++ g++; then run examples/cpp run | tail -n 1; fi
if need go golang-go; then run examples/go run test | tail -n 3; fi
if need python3 python3; then run examples/python run test bench | tail -n 4; fi
