#!/bin/sh
# SPDX-License-Identifier: MIT
# Compares every C++ file with what clang-format 14 makes of it.
#   tools/check_format.sh        names the files that differ, and fails
#   tools/check_format.sh --fix  rewrites them
set -eu
cd "$(dirname "$0")/.."

format=$(command -v clang-format-14 || command -v clang-format || true)
if [ -z "$format" ]; then
  echo "check_format: no clang-format: run \`make setup\`" >&2
  exit 2
fi
case "$("$format" --version)" in
  *" 14."*) ;;
  *)
    echo "check_format: version 14 is needed, this is $("$format" --version)" >&2
    exit 2
    ;;
esac

list() {
  for folder in include src cli portproof port bench tests samples; do
    [ -d "$folder" ] && find "$folder" \( -name '*.h' -o -name '*.cpp' \) -print0
  done
}

if [ "${1:-}" = --fix ]; then
  list | xargs -0 "$format" -i
else
  list | xargs -0 "$format" --dry-run --Werror
fi
