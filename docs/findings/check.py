#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Runs every reproduction beside it, and compares what it prints with docs/findings.md.

    check.py [--python PYTHON] [--plus FOLDER] [NAME...]

PYTHON has openai-whisper, mlx-audio, mlx-whisper and PyTorch in the versions that the page
names; without it, the environment that `portproof fetch whisper` made. FOLDER has mlx-audio-plus
unpacked; without it, what `portproof fetch kokoro-plus` unpacked. What is missing is said, and the
reproductions that need it are passed over (exit code 77).
"""

import argparse
import importlib.machinery
import json
import os
import pathlib
import re
import runpy
import subprocess
import sys
import types

HERE = pathlib.Path(__file__).resolve().parent
WORK = pathlib.Path(os.environ.get("PORTPROOF_DIR", "/tmp/portproof"))
PAGE = HERE.parent / "findings.md"

# Packages whose __init__ imports what no reproduction needs.
BARE = [
    "mlx_audio", "mlx_audio.stt", "mlx_audio.stt.models", "mlx_audio.codec", "mlx_audio.codec.models",
    "mlx_audio.codec.models.snac", "mlx_audio.codec.models.descript", "mlx_audio.tts",
    "mlx_audio.tts.models", "mlx_audio.tts.models.kokoro", "mlx_whisper",
]
# The exit code by which ctest knows a test that could not do all of its work.
SKIPPED = 77
# Only used to reach the network or a file.
STUBS = ["huggingface_hub", "einops", "einops.array_api"]


def run(script):
    """The script in this process, with bare packages where the whole ones do not import."""
    for name in BARE:
        parent = sys.modules.get(name.rpartition(".")[0])
        where = parent.__path__ if parent else sys.path
        found = importlib.machinery.PathFinder.find_spec(name, where)
        if found is None:
            continue
        module = types.ModuleType(name)
        module.__path__ = list(found.submodule_search_locations)
        sys.modules[name] = module
    for name in [n for n in STUBS if importlib.machinery.PathFinder.find_spec(n.partition(".")[0]) is None]:
        module = types.ModuleType(name)
        module.__getattr__ = lambda attribute: None
        sys.modules[name] = module
    runpy.run_path(str(script), run_name="__main__")


def expected(page):
    """What the page says that each reproduction prints."""
    blocks = re.finditer(r"\$ python docs/findings/(\w+)\.py\n(.*?)```", page, re.S)
    return {m[1]: m[2] for m in blocks}


def references(args):
    """The interpreter, folders for its path, and the folder of mlx-audio-plus; None if missing."""
    python, paths, plus = args.python, [], args.plus
    told = WORK / "whisper" / "fetch.json"
    if python is None and told.is_file():
        python = json.loads(told.read_text())["python"]
        paths = [str(WORK / "whisper" / "src" / key) for key in ("torch", "mlx", "mlx-whisper")]
    unpacked = WORK / "kokoro-plus" / "src"
    if plus is None and unpacked.is_dir():
        plus = next((p for p in unpacked.iterdir() if (p / "mlx_audio").is_dir()), None)
    return python, paths, plus


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--python")
    parser.add_argument("--plus")
    parser.add_argument("--run", help="one script, in this process")
    parser.add_argument("names", nargs="*")
    args = parser.parse_args()
    if args.run:
        return run(args.run)

    told = expected(PAGE.read_text(encoding="utf-8"))
    scripts = {p.stem: p for p in sorted(HERE.glob("*.py")) if p.stem != "check"}
    wrong = [f"{n}: docs/findings.md does not show it" for n in scripts if n not in told]
    wrong += [f"{n}: docs/findings.md shows it, but it is not there" for n in told if n not in scripts]
    python, paths, plus = references(args)
    done, missing = 0, []
    for name, script in scripts.items():
        if args.names and name not in args.names or name not in told:
            continue
        wants_plus = name.startswith("plus_")
        if python is None or wants_plus and plus is None:
            missing.append(name)
            continue
        env = {**os.environ, "PYTHONPATH": os.pathsep.join([str(plus)] if wants_plus else paths)}
        command = [python, "-B", str(HERE / "check.py"), "--run", str(script)]
        out = subprocess.run(command, env=env, capture_output=True, text=True, timeout=300)
        done += 1
        if out.returncode or out.stdout != told[name]:
            wrong.append(f"{name} printed, with exit code {out.returncode}:\n{out.stdout}{out.stderr[-800:]}")
    for text in wrong:
        print(text)
    if missing:
        what = "portproof fetch " + ("whisper" if python is None else "kokoro-plus")
        print(f"NOT RUN, for the references are not there (`{what}`): {', '.join(missing)}")
    if wrong:
        return 1
    print(f"{done} reproductions print what docs/findings.md says")
    return SKIPPED if missing else 0


if __name__ == "__main__":
    sys.exit(main())
