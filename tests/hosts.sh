#!/usr/bin/env bash
# The hosts of other languages, as their front pages say: one command each, then their tests and figures.
# Installs g++ and Go when they are missing; prints what it skipped, and lists it in target/hosts_skipped.txt.
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

make -C examples/c run | tail -n 2
if need g++ g++; then make -C examples/cpp run | tail -n 2; fi
if need go golang-go; then make -C examples/go run test | tail -n 4; fi
if need python3 python3; then make -C examples/python run test bench | tail -n 6; fi
