#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Builds the workbench's wheel.

    tools/portproof_wheel.py FOLDER

What it builds with is what set-up unpacked (`tools/setup.py wheel`): nothing is
fetched here. The wheel is tagged with the glibc that it was built on.
"""
import os
import pathlib
import platform
import shutil
import subprocess
import sys
import tempfile

from resources import store

ROOT = pathlib.Path(__file__).resolve().parent.parent
BACKEND = "wheel/scikit-build-core-1.1.2"
CLANG = "wheel/libclang-14.0.6"


def platform_tag():
    _, glibc = platform.libc_ver()
    return f"manylinux_{glibc.replace('.', '_')}_{platform.machine()}"


def main():
    if len(sys.argv) != 2:
        sys.exit("portproof_wheel: which folder is it to be written to?")
    folder = pathlib.Path(sys.argv[1])
    cache = store.default_root()
    for part in (BACKEND, CLANG):
        if not (cache / part).is_dir():
            sys.exit(f"portproof_wheel: {cache / part} is missing: run "
                     "`tools/setup.py wheel`")
    define = f"cmake.define.PORTPROOF_CLANG_LIBRARY={cache / CLANG}/libclang.so"
    with tempfile.TemporaryDirectory() as scratch:
        env = dict(os.environ, PYTHONPATH=str(cache / BACKEND))
        done = subprocess.run(
            [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps",
             "--no-index", "--no-build-isolation", "--wheel-dir", scratch,
             "--config-settings", f"build-dir={folder.resolve()}/cmake",
             "--config-settings", define,
             "--config-settings", "wheel.platlib=true",
             str(ROOT / "portproof")], env=env, check=False)
        if done.returncode != 0:
            sys.exit("portproof_wheel: the build failed: see above")
        (built,) = pathlib.Path(scratch).glob("portproof-*.whl")
        name = built.name.replace(
            f"linux_{platform.machine()}", platform_tag())
        folder.mkdir(parents=True, exist_ok=True)
        for old in folder.glob("portproof-*.whl"):
            old.unlink()
        shutil.move(built, folder / name)
    print(folder / name)


if __name__ == "__main__":
    main()
