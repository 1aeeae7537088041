# SPDX-License-Identifier: MIT
"""The calls of Whisper's references that `portproof trace` records.

Numbers of modules come from mlx-audio on MLX (they must be met exactly) and,
for whole models, from openai-whisper as well; decisions, tables and texts come
from openai-whisper, which decides where the two differ. The calls themselves
are in `recorded_calls`, a file for each file of openai-whisper.
"""

import importlib
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
FILES = (
    "model",
    "audio",
    "tokenizer",
    "decoding",
    "timing",
    "transcribe",
    "cli",
    "utils",
    "normalizers",
    "streaming",
)

for file in FILES:
    importlib.import_module(f"recorded_calls.{file}")
for names, function in importlib.import_module("recorded_calls.common").REGISTERED:
    recorder.component(*names)(function)  # noqa: F821: given by the recorder
