#!/usr/bin/env bash
# An installed library is what a distribution wants: its SONAME, our symbols alone, its size, its pkg-config file; and the
# C and C++ programs build against it by that file alone, linked dynamically and statically.
#
#   tests/installed.sh PREFIX MOST_BYTES      after cargo cinstall -p confidant-capi --profile capi --prefix=PREFIX
set -euo pipefail
cd "$(dirname "$0")/.."
prefix=$(cd "$1" && pwd)
library=$(find "$prefix" -name libconfidant.so.1 | head -n 1)
folder=$(dirname "$library")
export PKG_CONFIG_PATH=$folder/pkgconfig
out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT

readelf -d "$library" | grep -q 'SONAME.*\[libconfidant\.so\.1\]'
# Ours, and what every shared object has.
others=$(nm -D --defined-only "$library" | awk '{ print $3 }' | grep -v '^confidant_' | grep -vE '^(_init|_fini)$' || true)
[ -z "$others" ] || { echo "other symbols are shown: $others"; exit 1; }
bytes=$(stat -L -c %s "$library")
echo "installed: $bytes bytes, $(nm -D --defined-only "$library" | wc -l) symbols"
[ "$bytes" -le "$2" ]
for header in confidant.h confidant.hpp; do [ -f "$prefix/include/$header" ]; done

read -ra flags < <(pkg-config --cflags confidant)
read -ra shared < <(pkg-config --libs confidant)
read -ra static < <(pkg-config --libs --static confidant)
static=("${static[@]/#-lconfidant/-l:libconfidant.a}")
cc -std=c11 -Wall -Wextra -Werror examples/c/support.c "${flags[@]}" "${shared[@]}" -Wl,-rpath,"$folder" -lpthread -o "$out/c"
cc -std=c11 -Wall -Wextra -Werror examples/c/support.c "${flags[@]}" "${static[@]}" -lpthread -ldl -lm -o "$out/c-static"
programs=(c c-static)
if command -v c++ >/dev/null; then
  c++ -std=c++17 -Wall -Wextra -Werror examples/cpp/support.cpp "${flags[@]}" "${shared[@]}" -Wl,-rpath,"$folder" -o "$out/cpp"
  c++ -std=c++17 -Wall -Wextra -Werror examples/cpp/support.cpp "${flags[@]}" "${static[@]}" -lpthread -ldl -lm -o "$out/cpp-static"
  programs+=(cpp cpp-static)
fi
for program in "${programs[@]}"; do
  "$out/$program" "$out/$program.db" >"$out/page"
  echo "installed: $program: $(tail -n 1 "$out/page")"
done
! ldd "$out/c-static" | grep -q confidant
