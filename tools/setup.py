#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Puts a machine in order for building and running mlx-audio.

Installs the system packages that are missing, and fetches what
resources.lock.json lists (MLX's SDK, oneDNN or OpenBLAS, vocabularies,
weights, test speech) into the cache: MLXAUDIO_CACHE, or ~/.cache/mlx-audio.
What is there already is left alone, so it may be run at any time.
"""

import argparse
import pathlib
import sys

from resources import lock as locks
from resources import store, system
from resources.child import stop_by_sigterm
from resources.failure import Failure, megabytes

ROOT = pathlib.Path(__file__).resolve().parent.parent


def say(line):
    print(f"setup: {line}", file=sys.stderr, flush=True)


def arguments(argv):
    parser = argparse.ArgumentParser(
        prog="tools/setup.py", description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "sets", nargs="*", metavar="SET",
        help="system, sdk, vocab, weights, audio; all of these if none is "
        "named; wheel: what `make portproof-wheel` builds with")
    parser.add_argument("--for", dest="groups", default="build,test",
                        help="system packages for: build,test,lint,fuzz,bench,pages "
                        "(default: build,test)")
    parser.add_argument("--mlx", default="mlx-cpu", choices=locks.MLX,
                        help="which MLX SDK (default: mlx-cpu)")
    parser.add_argument("--check", action="store_true",
                        help="only say what is missing; exit 1 if anything is")
    parser.add_argument("--verify", action="store_true",
                        help="read every file again and compare its hash")
    parser.add_argument("--list", action="store_true",
                        help="show the downloads with licence and size")
    parser.add_argument("--lock", type=pathlib.Path,
                        default=ROOT / "resources.lock.json",
                        help=argparse.SUPPRESS)
    options = parser.parse_args(argv)
    known = ("system", *locks.SETS)
    for name in options.sets:
        if name not in known + locks.MORE_SETS:
            parser.error(f"unknown set {name!r}: choose from "
                         + ", ".join(known + locks.MORE_SETS))
    options.sets = options.sets or list(known)
    return options


def show(lock):
    for d in lock.downloads.values():
        size = megabytes(d.size) if d.size else ""
        print(f"{d.source:5} {d.package:28} {d.version:14} {size:>9}  "
              f"{d.license}")


def put_in_order(options, lock):
    products = locks.select(lock, options.sets, options.mlx)
    cache = store.Store(store.default_root(), lock, say)
    lacking = [p for p in products if not cache.ready(p, options.verify)]
    if options.check:
        for p in lacking:
            say(f"{cache.root / p.into} is missing")
        return 1 if lacking else 0
    if "system" in options.sets:
        groups = ["fetch"] + options.groups.split(",")
        system.install(lock.system, groups, say)
    if lacking:
        with cache.alone():
            for p in lacking:
                if cache.ready(p, options.verify):
                    continue  # made by the set-up that was waited for
                if cache.damaged(p):
                    say(f"{cache.root / p.into} is damaged: making it anew")
                cache.make(p)
                say(f"{cache.root / p.into} is ready")
    return 0


def main(argv):
    stop_by_sigterm()
    options = arguments(argv)
    try:
        lock = locks.read(options.lock)
        if options.list:
            show(lock)
            return 0
        return put_in_order(options, lock)
    except Failure as failure:
        say(str(failure))
        return 1
    except KeyboardInterrupt:
        say("stopped; what has arrived is kept, run this again to go on")
        return 130


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
