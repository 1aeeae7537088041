#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""clang-tidy over the sources of a build folder.

    tools/lint.py build/ci [jobs] [part of a path]

A file that was clean is not looked at again until it, a file of ours that it
includes, `.clang-tidy` or clang-tidy itself changes: stopped half-way, it goes
on where it was.
"""
import concurrent.futures
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys


def stop(text):
    sys.exit(f"lint: {text}")


def dependencies(build):
    """Our own files that each source was compiled from, as Ninja knows them."""
    listed = subprocess.run(["ninja", "-C", build, "-t", "deps"],
                            capture_output=True, text=True)
    if listed.returncode != 0:
        stop(f"{build} is no build by Ninja: run `make ci`")
    found, files = {}, []
    for line in listed.stdout.splitlines() + [""]:
        if line.startswith("    "):
            files.append(os.path.normpath(os.path.join(build, line.strip())))
        elif files:
            for source in files:
                if source.endswith(".cpp"):
                    found[source] = files
            files = []
    return found


def compile_commands(build):
    """One for each source; those that are compiled together have the same."""
    try:
        with open(f"{build}/compile_commands.json") as f:
            entries = json.load(f)
    except OSError:
        stop(f"{build} is not configured: run `make ci`")
    found = {}
    for entry in entries:
        file = os.path.normpath(os.path.join(entry["directory"],
                                             entry["file"]))
        together = [file]
        if f"{os.sep}Unity{os.sep}" in file:
            with open(file) as f:
                together = re.findall(r'^#include "(.+)"$', f.read(), re.M)
        for source in together:
            found[source] = dict(
                entry, file=source,
                command=entry["command"].replace(entry["file"], source))
    return found


def sources(root, commands):
    return sorted(f for f in commands if f.startswith(root + os.sep)
                  and not f.startswith(os.path.join(root, "build") + os.sep))


def digest(texts):
    return hashlib.sha256("\n".join(texts).encode()).hexdigest()


def main():
    root = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    if len(sys.argv) < 2:
        stop("which build folder?")
    build = os.path.abspath(sys.argv[1])
    jobs = int(sys.argv[2]) if len(sys.argv) > 2 else 2
    part = sys.argv[3] if len(sys.argv) > 3 else ""
    tidy = shutil.which("clang-tidy-14") or shutil.which("clang-tidy")
    if tidy is None:
        stop("no clang-tidy: run `make setup`")
    version = subprocess.run([tidy, "--version"], capture_output=True,
                             text=True, check=True).stdout
    with open(f"{root}/.clang-tidy") as f:
        rules = f.read()
    built_from = dependencies(build)
    contents = {}

    def content(path):
        if path not in contents:
            with open(path, "rb") as f:
                contents[path] = hashlib.sha256(f.read()).hexdigest()
        return contents[path]

    def key(source):
        ours = sorted(f for f in set(built_from.get(source, [source]))
                      if f.startswith(root + os.sep))
        return digest([version, rules] + [f"{f} {content(f)}" for f in ours])

    stamps = os.path.join(build, "lint")
    os.makedirs(stamps, exist_ok=True)
    commands = compile_commands(build)
    with open(f"{stamps}/compile_commands.json", "w") as f:
        json.dump(list(commands.values()), f, indent=1)

    def lint(source):
        name = os.path.relpath(source, root)
        stamp = os.path.join(stamps, key(source))
        if os.path.exists(stamp):
            return name, ""
        run = subprocess.run(
            [tidy, "-p", stamps, "--quiet",
             "--extra-arg=-Wno-unknown-warning-option", source],
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        if run.returncode == 0:
            with open(stamp, "w") as f:
                f.write(name + "\n")
            return name, ""
        return name, run.stdout or f"clang-tidy ended with {run.returncode}\n"

    wanted = [s for s in sources(root, commands)
              if part in os.path.relpath(s, root)]
    if not wanted:
        stop(f"no source of {build} has `{part}` in its path")
    bad = 0
    with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
        for done, (name, said) in enumerate(pool.map(lint, wanted), 1):
            if said:
                bad += 1
                print(said, end="", flush=True)
            if sys.stderr.isatty():
                print(f"\r{done}/{len(wanted)} {name:60.60}", end="",
                      file=sys.stderr, flush=True)
    print(f"lint: {len(wanted)} sources, {bad} with findings")
    sys.exit(1 if bad else 0)


if __name__ == "__main__":
    main()
