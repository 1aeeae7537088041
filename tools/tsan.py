#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Runs programs built with the preset `tsan`, and fails on a race of our own.

    python3 tools/tsan.py build/tsan/tests/engine_test [...]

MLX and oneDNN are not instrumented, so what happens between their threads looks
unordered, and they report races of their own. A suppression by library would
hide ours too where one of their threads runs one of our kernels. So nothing is
suppressed: every report is read, and counts as ours unless the code that
touched the memory lies in a library that is not instrumented, both times. (Of
an older access the stack may be lost; then the other decides.)
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

NOT_INSTRUMENTED = ("libmlx.so", "libdnnl.so")
# What is called by others to touch memory for them.
RUNTIME = ("libtsan.so", "libstdc++.so", "libc.so", "libgcc_s.so", "libm.so")
BORDER = "WARNING: ThreadSanitizer:"
# A stack of the two that touched the memory, not one that made a thread.
ACCESS = re.compile(r"^  (?:Previous )?(?:atomic )?(?:write|read) of size .*", re.IGNORECASE)
FRAME = re.compile(r"^    #\d+ .*\((\S+?)\+0x[0-9a-f]+\)$")


def reports(text):
    """The text of each report."""
    return [BORDER + part.split("==================")[0] for part in text.split(BORDER)[1:]]


def modules(report):
    """Of each access, the module of the code that made it; none if not a race."""
    found, frames = [], None
    for line in report.splitlines():
        if ACCESS.match(line):
            frames = []
            found.append(frames)
        elif frames is not None and (frame := FRAME.match(line)):
            frames.append(frame.group(1))
        elif frames is not None:
            frames = None
    return [next((m for m in f if not m.startswith(RUNTIME)), None) for f in found]


def is_ours(report):
    """Whether any access may be by our own code. Other kinds of report are."""
    known = [m for m in modules(report) if m]
    return not known or not all(m.startswith(NOT_INSTRUMENTED) for m in known)


def run(program, arguments):
    """Exit code of the program and its reports."""
    command = [str(program), *arguments]
    if shutil.which("setarch"):  # the shadow memory needs its usual place
        command = ["setarch", "-R", *command]
    with tempfile.TemporaryDirectory() as folder:
        options = f"exitcode=0 history_size=7 log_path={folder}/report"
        env = {**os.environ, "TSAN_OPTIONS": options, "OMP_WAIT_POLICY": "passive"}
        code = subprocess.run(command, env=env).returncode
        text = "".join(p.read_text(errors="replace") for p in sorted(Path(folder).iterdir()))
    return code, reports(text)


def main(programs):
    if not programs:
        print(__doc__.split("\n\n")[1].strip(), file=sys.stderr)
        return 2
    failed = False
    for program in programs:
        code, found = run(program, ["--gtest_brief=1"])
        ours = [r for r in found if is_ours(r)]
        print(f"tsan: {Path(program).name}: exit code {code}, {len(found)} reports, {len(ours)} of our own code")
        for report in ours:
            print(report)
        failed = failed or code != 0 or bool(ours)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
