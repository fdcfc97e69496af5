#!/usr/bin/env bash
# A RUSTC_WRAPPER: the fuzzer's coverage counts our code; its address sanitizer watches all of it.
rustc=$1
shift
if [[ " $* " != *" --crate-name confidant "* && " $* " != *" --crate-name confidant_capi "* && " $* " != *" --crate-name calls "* ]]; then
  kept=()
  for argument in "$@"; do
    [[ $argument == -Cpasses=sancov-module || $argument == -Cllvm-args=-sanitizer-coverage* ]] || kept+=("$argument")
  done
  set -- "${kept[@]}"
fi
exec "$rustc" "$@"
