#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Converts the packaged weights with `mlx-audio models import`, once.

    tools/models.py build/release/mlx-audio

A model is converted anew when its weights or the code that converts them are
others than at the last time.
"""

import hashlib
import json
import os
import pathlib
import subprocess
import sys

from resources.child import ended_with_us, ignore_interrupt, stop_by_sigterm
from resources.store import STAMP, default_root

ROOT = pathlib.Path(__file__).resolve().parent.parent
NAMES = ("base", "tiny.en")
CONVERTER = ("src/core/ctranslate2.cpp", "src/core/safetensors.cpp",
             "src/models/whisper/weights.cpp", "src/models/whisper/import.cpp")
DONE = ".import.json"


def say(line):
    print(f"models: {line}", file=sys.stderr, flush=True)


def _converter():
    digest = hashlib.sha256()
    for name in CONVERTER:
        path = ROOT / name
        digest.update(path.read_bytes() if path.is_file() else b"")
    return digest.hexdigest()


def _origin(weights):
    """What the converted model will have been made of."""
    stamp = json.loads((weights / STAMP).read_text(encoding="utf-8"))
    return {"weights": stamp["product"], "converter": _converter()}


def _recorded(model):
    try:
        return json.loads((model / DONE).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None


def convert(program, root, name):
    """True if `name` is there and current, converted now if need be."""
    weights, model = root / "weights" / name, root / "models" / name
    if not (weights / STAMP).is_file():
        say(f"{weights} is missing: run `make setup`")
        return False
    origin = _origin(weights)
    if _recorded(model) == origin and (model / "model.safetensors").is_file():
        return True
    say(f"converting {name} into {model}")
    (model / DONE).unlink(missing_ok=True)
    # It would finish the import first; killed, it leaves nothing that counts.
    child = subprocess.Popen(
        [program, "models", "import", str(weights), "--name", name],
        stdout=subprocess.DEVNULL, preexec_fn=ignore_interrupt)
    with ended_with_us(child):
        code = child.wait()
    if code != 0:
        say(f"{program} could not convert {weights} (exit {code})")
        return False
    fresh = model / (DONE + ".new")
    fresh.write_text(json.dumps(origin), encoding="utf-8")
    os.replace(fresh, model / DONE)
    return True


def main(argv):
    if len(argv) != 2:
        print(__doc__, file=sys.stderr)
        return 2
    root = default_root()
    stop_by_sigterm()
    try:
        return 0 if all([convert(argv[1], root, n) for n in NAMES]) else 1
    except OSError as e:
        say(f"{e.filename}: {e.strerror}")
        return 1
    except KeyboardInterrupt:
        say("stopped; models that are whole are kept, run this again to go on")
        return 130


if __name__ == "__main__":
    sys.exit(main(sys.argv))
