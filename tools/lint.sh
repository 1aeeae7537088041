#!/bin/sh
# SPDX-License-Identifier: MIT
# clang-tidy over what a build folder's compile_commands.json lists.
#   tools/lint.sh build/ci [jobs]
set -eu
cd "$(dirname "$0")/.."
build=$1
jobs=${2:-2}

tidy=$(command -v clang-tidy-14 || command -v clang-tidy || true)
if [ -z "$tidy" ]; then
  echo "lint: no clang-tidy: run \`make setup\`" >&2
  exit 2
fi
if [ ! -f "$build/compile_commands.json" ]; then
  echo "lint: $build is not configured: run \`make ci\`" >&2
  exit 2
fi
python3 - "$build" <<'EOF' | xargs -0 -n 1 -P "$jobs" "$tidy" -p "$build" \
  --quiet --extra-arg=-Wno-unknown-warning-option
import json, os, sys
root = os.getcwd() + os.sep
with open(sys.argv[1] + "/compile_commands.json") as f:
    files = {os.path.normpath(os.path.join(e["directory"], e["file"]))
             for e in json.load(f)}
ours = sorted(f for f in files if f.startswith(root)
              and not f.startswith(root + "build" + os.sep))
sys.stdout.write("".join(f + "\0" for f in ours))
EOF
