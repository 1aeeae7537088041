# SPDX-License-Identifier: MIT
"""Brings one file from a package index (by pip) or from Debian (by apt)."""

import contextlib
import functools
import hashlib
import importlib.util
import os
import pathlib
import shutil
import subprocess
import sys
import time

from .failure import Failure, megabytes
from .resume import HELD, LOG, REFUSED, Part, cut_short, hold

BLOCK = 1 << 20


def sha256_of(path):
    digest = hashlib.sha256()
    with open(path, "rb") as f:
        while block := f.read(BLOCK):
            digest.update(block)
    return digest.hexdigest()


def _has(python, module):
    if python == sys.executable:
        return importlib.util.find_spec(module) is not None
    return subprocess.run([python, "-c", f"import {module}"],
                          capture_output=True, check=False).returncode == 0


@functools.lru_cache(maxsize=1)
def _pip():
    """An interpreter with pip, and whether it can build without the network.

    An sdist is only unpacked, but pip insists on asking its build system for
    metadata; with setuptools at hand that needs no further download.
    """
    found = [p for p in (sys.executable, "/usr/bin/python3")
             if p and os.path.exists(p) and _has(p, "pip")]
    for python in found:
        if _has(python, "setuptools") and _has(python, "wheel"):
            return python, True
    if found:
        return found[0], False
    raise Failure("python3 has no pip: install Debian's python3-pip (or run "
                  "`make setup` as root) and run this again")


def _bytes_below(folder):
    total = 0
    for root, _, files in os.walk(folder):
        for name in files:
            if name == HELD:
                continue  # the same bytes a second time
            with contextlib.suppress(OSError):
                total += os.stat(os.path.join(root, name)).st_size
    return total


def _draw(name, done, size):
    if not (sys.stderr.isatty() and size):
        return
    width = 24
    part = min(done / size, 1.0) if size else 0.0
    bar = ("=" * int(part * width)).ljust(width)
    sys.stderr.write(f"\r  [{bar}] {megabytes(done):>9} of {megabytes(size)}"
                     f"  {name[:34]}\033[K")
    sys.stderr.flush()


def _clear_bar():
    if sys.stderr.isatty():
        sys.stderr.write("\r\033[K")


def _run(command, folder, env, name, size):
    """Runs `command` in `folder`; its output, with a bar on a terminal.

    The child is ended with us, so that a stopped set-up leaves no download
    running behind it.
    """
    log = folder / LOG
    with open(log, "wb") as out:
        child = subprocess.Popen(command, cwd=folder, env=env,
                                 stdin=subprocess.DEVNULL, stdout=out,
                                 stderr=subprocess.STDOUT)
        try:
            while child.poll() is None:
                hold(folder, name)
                _draw(name, _bytes_below(folder), size)
                time.sleep(0.05)
        finally:
            if child.poll() is None:
                child.terminate()
                child.wait()
            _clear_bar()
    return child.returncode, log.read_text(encoding="utf-8", errors="replace")


def _last_error(output):
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    marked = [line for line in lines if line.startswith(("ERROR:", "E:"))]
    return (marked or lines or ["no message"])[-1]


def _by_pip(item, folder):
    python, can_build = _pip()
    requirement = folder / "requirements.txt"
    requirement.write_text(
        f"{item.package}=={item.version} --hash=sha256:{item.sha256}\n")
    kind = "--only-binary" if item.file.endswith(".whl") else "--no-binary"
    command = [python, "-m", "pip", "download", "-vv", "--no-deps",
               "--no-cache-dir", "--disable-pip-version-check", "--no-input",
               "--require-hashes", kind, ":all:", "--dest", str(folder),
               "--requirement", str(requirement)]
    if kind == "--no-binary" and can_build:
        command.append("--no-build-isolation")
    # pip writes what is still arriving below TMPDIR: there the bar finds it,
    # and there the next run finds what a killed one had. Its log, with -vv,
    # says where the file comes from.
    env = dict(os.environ, TMPDIR=str(folder))
    env.setdefault("PIP_RETRIES", "2")
    code, output = _run(command, folder, env, item.file, item.size)
    if code == 0:
        return
    if REFUSED in output and cut_short(folder, item):
        raise Failure(
            f"cannot fetch {item.package} {item.version}: the connection ended "
            f"before {item.file} did; what has arrived is kept, run this again")
    if REFUSED in output:
        raise Failure(
            f"{item.package} {item.version} from the package index is not the "
            f"file that resources.lock.json pins ({item.file}, SHA-256 "
            f"{item.sha256[:12]}...): it was refused; check the index that "
            "pip is set to use")
    raise Failure(
        f"cannot fetch {item.package} {item.version}: no network, or pip's "
        f"index lacks it; what has arrived is kept, run this again "
        f"(pip: {_last_error(output)})")


def _by_apt(item, folder):
    if not shutil.which("apt-get") or not shutil.which("dpkg-deb"):
        raise Failure(
            f"{item.file} comes from Debian's package {item.package} and this "
            "system has no apt: leave the set out (docs/audio-files.md)")
    command = ["apt-get", "download", "-q", item.package]
    code, output = _run(command, folder, None, item.file, item.size)
    if code != 0:
        from . import system
        system.update_lists()
        code, output = _run(command, folder, None, item.file, item.size)
    debs = list(folder.glob("*.deb"))
    if code != 0 or len(debs) != 1:
        raise Failure(f"cannot fetch Debian's package {item.package}: run "
                      f"`apt-get update` and this again "
                      f"(apt: {_last_error(output)})")
    debs[0].rename(folder / item.file)


def check(item, path):
    """Whether `path` is the file that the lock file pins."""
    if not path.is_file():
        return False
    if not item.sha256:
        return path.stat().st_size > 0
    return path.stat().st_size == item.size and sha256_of(path) == item.sha256


def fetch(item, downloads, say):
    """The verified file of `item` in `downloads`, brought if need be."""
    target = downloads / item.file
    if check(item, target):
        return target
    if target.exists():
        say(f"{target} is damaged: fetching it anew")
        target.unlink()
    size = f" ({megabytes(item.size)})" if item.size else ""
    origin = "pip" if item.source == "pypi" else "apt"
    say(f"fetching {item.package} {item.version}{size} with {origin}"
        .replace("  ", " "))
    folder = downloads / f".{item.file}.partial"
    part = Part(downloads, item)
    part.keep(folder)  # of a run that was killed
    shutil.rmtree(folder, ignore_errors=True)
    try:
        if part.complete(check, lambda done: _draw(item.file, done, item.size), say):
            os.replace(part.path, target)
            part.drop()
            return pathlib.Path(target)
    finally:
        _clear_bar()
    folder.mkdir(parents=True)
    try:
        (_by_pip if item.source == "pypi" else _by_apt)(item, folder)
        arrived = folder / item.file
        if not check(item, arrived):
            raise Failure(
                f"{item.file} did not arrive as resources.lock.json pins it "
                "(size or SHA-256 differ): run this again, or check the "
                "index that pip is set to use")
        os.replace(arrived, target)
        part.drop()
    finally:
        if not target.exists():
            part.keep(folder)
        shutil.rmtree(folder, ignore_errors=True)
    return pathlib.Path(target)
