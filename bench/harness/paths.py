# SPDX-License-Identifier: MIT
"""Where things lie."""

import os
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
BENCH = ROOT / "bench"
CACHE = Path(os.environ.get("MLXAUDIO_CACHE") or Path.home() / ".cache/mlx-audio")
SHARED = Path(os.environ.get("MLXAUDIO_SHARED") or ROOT.parent / "shared")


class Refused(Exception):
    """What cannot be measured as asked, in one line with its mend."""
