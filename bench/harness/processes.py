# SPDX-License-Identifier: MIT
"""Runs a command and notes when it said what, and what it cost."""

import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field

from harness.paths import Refused

# Of getrusage()'s ru_maxrss.
PEAK_UNIT = 1 if sys.platform == "darwin" else 1024


@dataclass
class Run:
    wall: float  # seconds from start to end
    cpu: float  # seconds of all processors
    peak: int  # most memory, bytes
    lines: list = field(default_factory=list)  # (seconds from the start, text)

    @property
    def first(self):
        """Seconds from the start to the first line with text."""
        return next((at for at, line in self.lines if line.strip()), None)

    @property
    def text(self):
        return "\n".join(line for _, line in self.lines)


def read_lines(descriptor, began):
    """Lines and when each came to its end; of the last, when the output did."""
    lines, rest = [], b""
    while True:
        data = os.read(descriptor, 1 << 16)
        now = time.perf_counter() - began
        if not data:
            break
        *done, rest = (rest + data).split(b"\n")
        lines += [(now, line) for line in done]
    if rest:
        lines.append((now, rest))
    return [(at, line.decode(errors="replace")) for at, line in lines]


def run(command, environment):
    """One process from start to end. Raises Refused with what it said if it fails."""
    command = [str(part) for part in command]
    with tempfile.TemporaryFile() as errors:
        began = time.perf_counter()
        child = subprocess.Popen(command, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                 stderr=errors, bufsize=0)  # fmt: skip
        lines = read_lines(child.stdout.fileno(), began)
        _, status, usage = os.wait4(child.pid, 0)
        wall = time.perf_counter() - began
        child.stdout.close()
        child.returncode = os.waitstatus_to_exitcode(status)
        if child.returncode != 0:
            errors.seek(0)
            said = errors.read().decode(errors="replace").strip().splitlines()
            why = said[-1] if said else "silently"
            raise Refused(f"{' '.join(command[:3])} ... failed ({child.returncode}): {why}")
    return Run(wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * PEAK_UNIT, lines)
