# SPDX-License-Identifier: MIT
"""The cache folder: what is ready, what is not, and making the rest.

A product is a folder with a stamp in it. The stamp is written into the
unpacked folder before that is renamed into place, so whatever has a stamp is
whole; everything that is still being made ends in `.partial`, and a download
that was stopped in `.part`.
"""

import contextlib
import errno
import fcntl
import json
import os
import pathlib
import shutil

from . import archive, fetch
from .failure import Failure

STAMP = ".setup.json"


def default_root():
    """The cache folder: MLXAUDIO_CACHE, or ~/.cache/mlx-audio."""
    set_by_user = os.environ.get("MLXAUDIO_CACHE")
    if set_by_user:
        return pathlib.Path(set_by_user)
    return pathlib.Path.home() / ".cache" / "mlx-audio"


def _stamp_of(folder):
    try:
        return json.loads((folder / STAMP).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None


def _describe(folder):
    """Hash, size and time of each plain file below `folder`."""
    files = {}
    for path in sorted(folder.rglob("*")):
        if path.is_file() and not path.is_symlink() and path.name != STAMP:
            stat = path.stat()
            files[str(path.relative_to(folder))] = {
                "sha256": fetch.sha256_of(path),
                "size": stat.st_size,
                "mtime_ns": stat.st_mtime_ns,
            }
    return files


def _intact(folder, entry, name, thorough):
    """Whether one file is as it was when it was stamped.

    Size and time tell; only where they do not is the file read.
    """
    try:
        stat = (folder / name).stat()
    except OSError:
        return False
    if stat.st_size != entry["size"]:
        return False
    if stat.st_mtime_ns == entry["mtime_ns"] and not thorough:
        return True
    return fetch.sha256_of(folder / name) == entry["sha256"]


class Store:
    """Products below one cache folder."""

    def __init__(self, root, lock, say):
        self.root = root
        self.lock = lock
        self.say = say
        self.downloads = root / "downloads"

    def ready(self, product, thorough=False):
        folder = self.root / product.into
        stamp = _stamp_of(folder)
        if not stamp or stamp.get("product") != product.digest:
            return False
        return (all(_intact(folder, entry, name, thorough)
                    for name, entry in stamp["files"].items())
                and all(os.path.lexists(folder / name)
                        for name in product.links))

    def damaged(self, product):
        """Whether a product is there that was whole once."""
        stamp = _stamp_of(self.root / product.into)
        return bool(stamp) and stamp.get("product") == product.digest

    @contextlib.contextmanager
    def alone(self):
        """Holds the cache against other set-ups; clears their remains."""
        try:
            self.root.mkdir(parents=True, exist_ok=True)
            self.downloads.mkdir(exist_ok=True)
            handle = open(self.root / ".setup.lock", "w", encoding="utf-8")
        except OSError as e:
            raise self.unwritable(e) from None
        with handle:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                self.say("another set-up is at work: waiting for it")
                fcntl.flock(handle, fcntl.LOCK_EX)
            for left in (*self.root.glob("*.partial"),
                         *self.root.glob("*/*.partial")):
                if left.parent == self.downloads:
                    continue
                shutil.rmtree(left, ignore_errors=True)
            # What a stopped download brought stays, while it is asked for.
            for left in self.downloads.glob(".*.part*"):
                if left.name[1:].rsplit(".part", 1)[0] in self.lock.downloads:
                    continue
                if left.is_dir():
                    shutil.rmtree(left, ignore_errors=True)
                else:
                    left.unlink()
            yield

    def unwritable(self, error):
        reason = error.strerror or str(error)
        if error.errno == errno.ENOSPC:
            return Failure(f"the disk that holds {self.root} is full: free "
                           "some space, or set MLXAUDIO_CACHE to a folder "
                           "elsewhere")
        return Failure(f"cannot write in {error.filename or self.root} "
                       f"({reason}): set MLXAUDIO_CACHE to a folder that you "
                       "can write to")

    def make(self, product):
        """Fetches, unpacks, checks and puts in place one product."""
        try:
            self._make(product)
        except OSError as e:
            raise self.unwritable(e) from None

    def _make(self, product):
        folder = self.root / product.into
        partial = folder.parent / (folder.name + ".partial")
        archives = {}
        for step in product.unpack:
            item = self.lock.downloads[step["archive"]]
            archives[item.file] = fetch.fetch(item, self.downloads, self.say)
        try:
            bad = self._unpack(product, archives, partial)
            if bad:
                # Debian's package has no pinned hash of its own: what was
                # kept of it may be old or damaged, so it is fetched once more.
                for name, path in archives.items():
                    if not self.lock.downloads[name].sha256:
                        path.unlink()
                        fetch.fetch(self.lock.downloads[name], self.downloads,
                                    self.say)
                bad = self._unpack(product, archives, partial)
            if bad:
                raise Failure(
                    f"{bad} of {product.into} is not the file that "
                    "resources.lock.json pins (SHA-256 differs)")
            files = _describe(partial)
            if self._same(folder, files):
                self._stamp(folder, product, _describe(folder))
                self._link(product, folder)
                return
            self._stamp(partial, product, files)
            self._replace(partial, folder)
        finally:
            shutil.rmtree(partial, ignore_errors=True)

    def _unpack(self, product, archives, partial):
        """Unpacks into `partial`; the first file with a wrong hash, or None."""
        shutil.rmtree(partial, ignore_errors=True)
        partial.mkdir(parents=True)
        for step in product.unpack:
            archive.unpack(archives[step["archive"]], step, partial)
        for name, parts in product.join.items():
            with open(partial / name, "wb") as out:
                for part in parts:
                    with open(partial / part, "rb") as f:
                        shutil.copyfileobj(f, out, 1 << 20)
                    (partial / part).unlink()
        self._link(product, partial)
        for name, expected in product.sha256.items():
            path = partial / name
            if not path.is_file() or fetch.sha256_of(path) != expected:
                return name
        return None

    @staticmethod
    def _link(product, folder):
        for name, target in product.links.items():
            if not os.path.lexists(folder / name):
                (folder / name).symlink_to(target)

    @staticmethod
    def _same(folder, files):
        """Whether `folder` holds just these files already, without a stamp."""
        if not folder.is_dir():
            return False
        return all((folder / name).is_file()
                   and fetch.sha256_of(folder / name) == entry["sha256"]
                   for name, entry in files.items())

    @staticmethod
    def _stamp(folder, product, files):
        fresh = folder / (STAMP + ".new")
        fresh.write_text(
            json.dumps({"product": product.digest, "files": files}, indent=1),
            encoding="utf-8")
        os.replace(fresh, folder / STAMP)

    @staticmethod
    def _replace(partial, folder):
        """Puts `partial` where `folder` is, which goes first to one side."""
        if folder.exists():
            old = folder.parent / (folder.name + ".old.partial")
            shutil.rmtree(old, ignore_errors=True)
            folder.rename(old)
            partial.rename(folder)
            shutil.rmtree(old, ignore_errors=True)
        else:
            partial.rename(folder)
