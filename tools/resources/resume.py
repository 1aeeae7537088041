# SPDX-License-Identifier: MIT
"""Keeps what a stopped download brought, and asks the server for the rest.

pip begins each download at 0 and removes what it had. So a second name is given
to the file that it writes, its log says where that comes from, and a later run
goes on there by itself. What comes of it is checked like any other download.
"""

import contextlib
import glob
import http.client
import os
import re
import shutil
import ssl
import urllib.error
import urllib.request

from .failure import megabytes

HELD = "held"
LOG = "log"
REFUSED = "DO NOT MATCH THE HASHES"
BLOCK = 64 << 10
TIMEOUT = 60  # seconds without a byte


def hold(folder, name):
    """Gives the file that pip is writing below `folder` a second name."""
    with contextlib.suppress(OSError):
        for path in folder.glob(f"pip-unpack-*/{glob.escape(name)}"):
            if not (folder / HELD).exists():
                os.link(path, folder / HELD)


def _log(folder):
    try:
        return (folder / LOG).read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""


def cut_short(folder, item):
    """Whether the server announced the pinned size and pip had less of it.

    Some pips take the end of the connection for the file's, and then say that
    its hash is another.
    """
    announced = re.findall(rf'"GET \S*{re.escape(item.file)}\S* HTTP/[\d.]+" 200 (\d+)', _log(folder))
    held = folder / HELD
    return bool(announced) and int(announced[-1]) == item.size and held.exists() and held.stat().st_size < item.size


def _address(folder, item):
    """Where pip found the file, by its log; None if it does not say."""
    log = _log(folder)
    if REFUSED in log and not cut_short(folder, item):
        return None  # whole, and another file
    found = re.search(rf"Found link (https?://[^\s#]*/{re.escape(item.file)}(?:\?[^\s#]*)?)[#\s]", log)
    return found and found.group(1)


class Part:
    """What is there of one file, between runs."""

    def __init__(self, downloads, item):
        self.item = item
        self.path = downloads / f".{item.file}.part"
        self.source = downloads / f".{item.file}.part.from"

    def size(self):
        return self.path.stat().st_size if self.path.is_file() else 0

    def drop(self):
        self.path.unlink(missing_ok=True)
        self.source.unlink(missing_ok=True)

    def keep(self, folder):
        """Takes what a stopped pip left in `folder`, if it is more."""
        paths = [folder / HELD, *folder.glob(f"pip-unpack-*/{glob.escape(self.item.file)}")]
        path = max((p for p in paths if p.is_file()), key=lambda p: p.stat().st_size, default=None)
        address = _address(folder, self.item)
        if not path or not address or not self.size() < path.stat().st_size < self.item.size:
            return
        # A copy: a pip that outlived a killed set-up may still be writing.
        fresh = folder / "fresh"
        with contextlib.suppress(OSError):  # as of a full disk: then nothing is kept
            shutil.copyfile(path, fresh)
            self.source.write_text(address, encoding="utf-8")
            os.replace(fresh, self.path)

    def _ask(self, address, draw):
        """Appends what the server sends from the end of the part on.

        Returns why the part is of no use, or None.
        """
        begin, size = self.size(), self.item.size
        request = urllib.request.Request(address, headers={
            "Range": f"bytes={begin}-", "Accept-Encoding": "identity", "User-Agent": "mlx-audio-setup"})
        context = ssl.create_default_context(cafile=os.environ.get("PIP_CERT") or None)
        try:
            with urllib.request.urlopen(request, timeout=TIMEOUT, context=context) as answer:
                if answer.status != 206:
                    return "the server sends whole files only"
                if answer.headers.get("Content-Range") != f"bytes {begin}-{size - 1}/{size}":
                    return "the server sent another range than the one asked for"
                with open(self.path, "ab", buffering=0) as out:
                    while begin < size and (block := answer.read1(min(BLOCK, size - begin))):
                        out.write(block)
                        begin += len(block)
                        draw(begin)
        except urllib.error.HTTPError as e:
            return f"the server refused the rest ({e.code})"
        return None

    def complete(self, check, draw, say):
        """Whether the whole file is at `path` now, with the pinned SHA-256."""
        if not self.size():
            return False
        try:
            address = self.source.read_text(encoding="utf-8")
        except OSError:
            self.drop()
            return False
        say(f"going on with {self.item.file} after {megabytes(self.size())}")
        wrong = None
        while not wrong and self.size() < self.item.size:
            before = self.size()
            try:
                wrong = self._ask(address, draw)
                broken = "the connection ended"
            except (OSError, ValueError, http.client.HTTPException) as e:
                broken = str(getattr(e, "reason", e))
            if not wrong and self.size() == before:
                say(f"the rest of {self.item.file} does not come ({broken}): asking pip for the whole of it")
                return False
        if not wrong and not check(self.item, self.path):
            wrong = "the SHA-256 of the whole is another than resources.lock.json pins"
        if wrong:
            self.drop()
            say(f"{wrong}: fetching {self.item.file} anew")
        return not wrong
