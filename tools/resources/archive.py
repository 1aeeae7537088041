# SPDX-License-Identifier: MIT
"""Lists and unpacks wheels, sdists and Debian packages."""

import calendar
import fnmatch
import io
import os
import pathlib
import shutil
import subprocess
import tarfile
import zipfile

from .failure import Failure

# A zip holds local times without a zone. Taken as UTC they are the same on
# every machine, and old, so that unpacking again makes no build stale.


def _zip_entries(path):
    with zipfile.ZipFile(path) as archive:
        for info in archive.infolist():
            if not info.is_dir():
                with archive.open(info) as f:
                    executable = (info.external_attr >> 16) & 0o100
                    yield (info.filename, f, calendar.timegm(info.date_time),
                           bool(executable))


def _tar_entries(archive):
    for info in archive:
        if info.isfile():
            yield (info.name.removeprefix("./"), archive.extractfile(info),
                   int(info.mtime), bool(info.mode & 0o100))


def entries(path):
    """(name, open file, time, executable) of each plain file in `path`."""
    name = path.name
    try:
        if name.endswith(".whl"):
            yield from _zip_entries(path)
        elif name.endswith(".deb"):
            data = subprocess.run(["dpkg-deb", "--fsys-tarfile", str(path)],
                                  stdout=subprocess.PIPE,
                                  stderr=subprocess.DEVNULL, check=True).stdout
            with tarfile.open(fileobj=io.BytesIO(data)) as archive:
                yield from _tar_entries(archive)
        else:
            with tarfile.open(path) as archive:
                yield from _tar_entries(archive)
    except (zipfile.BadZipFile, tarfile.TarError, EOFError,
            subprocess.CalledProcessError) as e:
        raise Failure(f"{path} cannot be unpacked ({e}): remove it and run "
                      "this again") from None


def _safe(name):
    parts = pathlib.PurePosixPath(name).parts
    return parts and ".." not in parts and not name.startswith("/")


def unpack(path, step, folder):
    """Writes the members that `step` keeps below `folder`."""
    strip = step.get("strip", "")
    wanted = list(step["keep"])
    seen = set()
    for name, source, when, executable in entries(path):
        if not name.startswith(strip):
            continue
        name = name[len(strip):]
        hits = [w for w in wanted if fnmatch.fnmatch(name, w)]
        if not hits or not _safe(name):
            continue
        seen.update(hits)
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        with open(target, "wb") as out:
            shutil.copyfileobj(source, out, 1 << 20)
        target.chmod(0o755 if executable else 0o644)
        os.utime(target, (when, when))
    if missing := [w for w in wanted if w not in seen]:
        raise Failure(f"{path} holds nothing named {strip}{missing[0]}: "
                      "resources.lock.json does not fit it")
