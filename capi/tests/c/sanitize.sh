#!/usr/bin/env bash
# The C hosts under AddressSanitizer, LeakSanitizer, UndefinedBehaviorSanitizer, ThreadSanitizer and valgrind: clean, while
# every planted bug is found. Needs gcc and a toolchain that has the sanitizers (RUSTC_BOOTSTRAP).
#
#   capi/tests/c/sanitize.sh [address] [thread] [valgrind]     all of them if none is named
set -euo pipefail
cd "$(dirname "$0")/../../.."
export CARGO_TERM_COLOR=never
host=$(rustc -vV | sed -n 's/^host: //p')
target=${CARGO_TARGET_DIR:-$PWD/target}
out=$target/sanitize
mkdir -p "$out"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
sources=(capi/tests/c/fixture.c -Iinclude -Icapi/tests/c -std=c11 -D_GNU_SOURCE -g -O1)
[ $# -gt 0 ] || set -- address thread valgrind

# misuse.c is written out of the header by a test.
[ -f "$target/tmp/misuse.c" ] || cargo test --quiet -p confidant-capi --test ffi every_bad

library() { # <folder> <sanitizer flags of rustc> <crate type>
  RUSTC_BOOTSTRAP=1 RUSTFLAGS="$2" CARGO_TARGET_DIR=$target/$1 cargo rustc --quiet -p confidant-capi --lib --crate-type "$3" \
    --no-default-features --features sqlite,http --target "$host"
}
clean() { # <what> <program> <arguments...>
  local what=$1; shift
  rm -rf "$work"/*; local status=0
  "$@" >"$out/log" 2>&1 || status=$?
  [ "$status" = 0 ] || { echo "$what: $* failed with $status"; tail -n 60 "$out/log"; exit 1; }
  echo "$what: $(basename "$1") ${*:3}: clean"
}
finds() { # <what> <bug> <words> <program...>
  local what=$1 bug=$2 words=$3; shift 3
  rm -rf "$work"/*; local status=0
  "$@" "$work" "$bug" >"$out/log" 2>&1 || status=$?
  { [ "$status" != 0 ] && grep -q "$words" "$out/log"; } || { echo "$what: the planted $bug was not found"; tail "$out/log"; exit 1; }
  echo "$what: the planted $bug is found"
}

for tool in "$@"; do
  case $tool in
  address)
    library asan "-Zsanitizer=address" staticlib
    archive=$target/asan/$host/debug/libconfidant_capi.a
    for program in behaviour planted stuck; do
      gcc -fsanitize=address,undefined -fno-sanitize-recover=undefined capi/tests/c/$program.c "${sources[@]}" "$archive" -o "$out/asan-$program" -lpthread -ldl -lm
    done
    gcc -fsanitize=address,undefined -fno-sanitize-recover=undefined "$target/tmp/misuse.c" "${sources[@]}" "$archive" -o "$out/asan-misuse" -lpthread -ldl -lm
    export ASAN_OPTIONS=detect_leaks=1:detect_odr_violation=0
    finds address overflow "heap-buffer-overflow" "$out/asan-planted"
    finds address use-after-free "heap-use-after-free" "$out/asan-planted"
    finds leak leak "detected memory leaks" "$out/asan-planted"
    finds undefined undefined "signed integer overflow" "$out/asan-planted"
    clean address "$out/asan-behaviour" "$work" all
    clean address "$out/asan-misuse" "$work" all
    clean address "$out/asan-stuck" "$work"
    ;;
  thread)
    library tsan "-Zsanitizer=thread -Cunsafe-allow-abi-mismatch=sanitizer" staticlib
    runtime=$(rustc --print sysroot)/lib/rustlib/$host/lib/librustc-stable_rt.tsan.a
    for program in behaviour planted stuck; do
      gcc -fsanitize=thread -c capi/tests/c/$program.c "${sources[@]:1}" -o "$out/tsan-$program.o"
      gcc -fsanitize=thread -c capi/tests/c/fixture.c "${sources[@]:1}" -o "$out/tsan-fixture.o"
      gcc "$out/tsan-$program.o" "$out/tsan-fixture.o" "$target/tsan/$host/debug/libconfidant_capi.a" "$runtime" \
        -o "$out/tsan-$program" -lpthread -ldl -lm -lrt
    done
    export TSAN_OPTIONS=suppressions=$PWD/capi/tests/c/tsan.supp
    finds thread race "data race" "$out/tsan-planted"
    clean thread "$out/tsan-behaviour" "$work" threads
    clean thread "$out/tsan-behaviour" "$work" callbacks
    clean thread "$out/tsan-stuck" "$work"
    ;;
  valgrind)
    command -v valgrind >/dev/null || { echo "skipped: valgrind is not installed"; continue; }
    cargo rustc --quiet -p confidant-capi --lib --crate-type cdylib,staticlib
    ln -f "$target/debug/libconfidant_capi.so" "$target/debug/libconfidant.so"
    for program in behaviour planted stuck; do
      gcc capi/tests/c/$program.c "${sources[@]}" "$target/debug/libconfidant.so" -Wl,-rpath,"$target/debug" -o "$out/$program" -lpthread
    done
    memcheck=(valgrind -q --leak-check=full --error-exitcode=9 --errors-for-leak-kinds=definite,indirect)
    finds valgrind overflow "Invalid read" "${memcheck[@]}" "$out/planted"
    finds valgrind use-after-free "Invalid read" "${memcheck[@]}" "$out/planted"
    finds valgrind leak "definitely lost" "${memcheck[@]}" "$out/planted"
    clean valgrind "${memcheck[@]}" "$out/behaviour" "$work" threads
    clean valgrind "${memcheck[@]}" "$out/behaviour" "$work" callbacks
    clean valgrind "${memcheck[@]}" "$out/stuck" "$work"
    ;;
  *) echo "there is no $tool"; exit 2 ;;
  esac
done
