# SPDX-License-Identifier: MIT
"""The peers' packages, in an environment of their own, and their weights."""

import hashlib
import os
import subprocess
import sys
import tempfile

from harness.paths import BENCH, CACHE, ROOT

PACKAGES = ("faster-whisper", "ctranslate2", "pywhispercpp", "transcribe-cpp")


def install():
    """Folder with the packages, installed once for each pin list."""
    pins = BENCH / "requirements.txt"
    digest = hashlib.sha256(pins.read_bytes() + sys.version.encode()).hexdigest()[:12]
    folder = CACHE / "bench" / f"peers-{digest}"
    if not folder.exists():
        print(f"installing the peers into {folder} (about 600 MB, from PyPI)", file=sys.stderr)
        folder.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder.parent) as work:
            subprocess.run(
                [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--require-hashes",
                 "--only-binary", ":all:", "--target", f"{work}/site", "-r", pins],
                check=True,
            )  # fmt: skip
            os.rename(f"{work}/site", folder)
    return folder


def environment_with(folder):
    return {**os.environ, "PYTHONPATH": str(folder), "PYTHONNOUSERSITE": "1"}


def versions(environment):
    code = "import importlib.metadata as m, sys; print(*[m.version(p) for p in sys.argv[1:]])"
    output = subprocess.run(
        [sys.executable, "-c", code, *PACKAGES], env=environment, capture_output=True, text=True, check=True
    ).stdout
    return {**own_version(), **dict(zip(PACKAGES, output.split()))}


def own_version():
    return {"mlx-audio": (ROOT / "VERSION").read_text().strip()}


def ggml_file(name, kind, environment):
    """The packaged weights as a ggml file of a kind, made once."""
    path = CACHE / "bench" / f"{name}-{kind}.ggml.bin"
    if not path.exists():
        subprocess.run([sys.executable, BENCH / "ggml_file.py", name, path, kind], env=environment, check=True)
    return path


def large_folder(environment):
    """Pseudo-random weights of large-v3's shape as a CTranslate2 folder (1.5 GB), made once."""
    path = CACHE / "bench" / "large-v3-random"
    if not path.exists():
        subprocess.run([sys.executable, BENCH / "random_weights.py", path], env=environment, check=True)
    return path


def openai_file(name, python):
    """The packaged weights as OpenAI's `.pt`, made once."""
    path = CACHE / "reference" / f"{name}.pt"
    if not path.exists():
        subprocess.run([python, ROOT / "port/whisper/checkpoint.py", name], check=True)
    return path
