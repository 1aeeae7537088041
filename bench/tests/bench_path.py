# SPDX-License-Identifier: MIT
"""Lets tests import what `bench/run.py` imports."""

import sys
from pathlib import Path

BENCH = Path(__file__).resolve().parents[1]
for folder in (BENCH, BENCH / "peers"):
    sys.path.insert(0, str(folder))
