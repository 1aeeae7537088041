# SPDX-License-Identifier: MIT
"""What the figures were measured on."""

import os
import platform
import re
import subprocess
from pathlib import Path

from harness.paths import ROOT

# Variables that change what a BLAS or a thread pool does. They are reported
# and left as they are.
WATCHED = re.compile(r"^(OPENBLAS|OMP|GOMP|KMP|MKL|ONEDNN|DNNL|CT2|GGML|TRANSCRIBE|MLXAUDIO)_")
ISA = ("avx2", "fma", "f16c", "avx_vnni", "avx512f", "avx512bw", "avx512_vnni", "avx512_bf16", "amx_int8",
       "amx_bf16", "asimd", "asimddp", "bf16", "i8mm", "sve")  # fmt: skip


def cpuinfo():
    path = Path("/proc/cpuinfo")
    return path.read_text() if path.exists() else ""


def physical_cores(text=None):
    """Cores by the system's list of processors, threads of one core once."""
    cores, core = set(), {}
    for line in (cpuinfo() if text is None else text).splitlines() + [""]:
        key, _, value = line.partition(":")
        if not line:
            if core:
                cores.add((core.get("physical id"), core.get("core id", core.get("processor"))))
            core = {}
        else:
            core[key.strip()] = value.strip()
    return len(cores) or os.cpu_count()


def machine():
    text = cpuinfo()
    model = re.search(r"model name\s*:\s*(.*)", text)
    flags = re.search(r"(?:flags|Features)\s*:\s*(.*)", text)
    present = set(flags.group(1).split()) if flags else set()
    return {
        "cpu": model.group(1) if model else platform.processor() or platform.machine(),
        "physical_cores": physical_cores(),
        "isa": [i for i in ISA if i in present],
        "system": platform.platform(),
        "python": platform.python_version(),
        "load_average": [round(v, 2) for v in os.getloadavg()],
        "environment": {k: v for k, v in sorted(os.environ.items()) if WATCHED.match(k)},
    }


def git_commit():
    def git(*arguments):
        return subprocess.run(["git", "-C", ROOT, *arguments], capture_output=True, text=True).stdout.strip()

    return git("rev-parse", "HEAD") + (" with changes" if git("status", "--porcelain") else "")
