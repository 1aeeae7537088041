#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Runs `make test`, the slow tests, `make sanitize` and `make tsan`, and goes on
where it stopped.

    python3 tools/test_all.py build/ci     # which `make test-all` has built

What passed is recorded in the build folder, with a hash of what it was run on,
and is passed over while that hash is the same: of the three targets and
of tests that are scripts, every file of the repository and every program that a
test names; of a test case in a program, that program, the libraries beside it
and tests/golden; of all, the set-up's stamps and the environment's MLXAUDIO_*.
"""

import argparse
import functools
import hashlib
import json
import os
import pathlib
import re
import subprocess
import sys

from resources.child import ended_with_us, stop_by_sigterm
from resources.fetch import sha256_of
from resources.store import default_root

ROOT = pathlib.Path(__file__).resolve().parent.parent
RECORD = "test-all.json"
# " 3/17 Test #310: Name of it ......   Passed    1.23 sec"
RESULT = re.compile(r"\s*\d+/\d+ Test\s+#\d+: (.*?) \.*\s*(Passed|\*\*\*\S.*?)\s+[\d.]+ sec\s*$")


def say(line):
    print(f"test-all: {line}", file=sys.stderr, flush=True)


class Problem(Exception):
    """One line: what is wrong and how to mend it."""


class Inputs:
    """Hashes of what tests are run on."""

    def __init__(self, root, build, tests):
        self.root, self.build, self.tests = root, build, tests

    @functools.cached_property
    def _surroundings(self):
        libraries = sorted(self.build.glob("lib*.so*")) + sorted(self.build.glob("lib*.dylib"))
        cache = default_root()
        stamps = sorted([*cache.glob("*/*/.setup.json"), *cache.glob("models/*/.import.json")])
        settings = sorted(f"{k}={v}" for k, v in os.environ.items() if k.startswith("MLXAUDIO_"))
        return [settings, *([str(p), sha256_of(p)] for p in libraries + stamps)]

    def _tree(self, below="."):
        """Each file that git does not ignore, with its hash."""
        listing = subprocess.run(["git", "ls-files", "-co", "--exclude-standard", "-z", "--", below],
                                 cwd=self.root, capture_output=True, check=False)
        if listing.returncode != 0:
            raise Problem(f"git cannot list the files of {self.root}: nothing is passed over without git; install it, "
                          "work in a clone, and run this again")
        names = sorted(set(os.fsdecode(n) for n in listing.stdout.split(b"\0") if n))
        return [[n, sha256_of(self.root / n)] for n in names if (self.root / n).is_file()]

    @functools.cached_property
    def _golden(self):
        return self._tree("tests/golden")

    @functools.cached_property
    def _everything(self):
        named = sorted({word for t in self.tests for word in t["command"] if os.path.isfile(word)})
        return [self._tree(), *([n, self._file(n)] for n in named)]

    @functools.lru_cache(maxsize=None)
    def _file(self, name):
        return sha256_of(name)

    def _key(self, *parts):
        return hashlib.sha256(json.dumps([*parts, self._surroundings]).encode()).hexdigest()

    def of_all(self, name):
        return self._key(name, self._everything)

    def of_test(self, test):
        command = test["command"]
        if any(word.startswith("--gtest_filter=") for word in command):
            return self._key(command, self._file(command[0]), self._golden)
        return self._key(command, self._everything)


class Record:
    """Which key each test, and each other part, last passed with."""

    def __init__(self, path):
        self.path = path
        try:
            self.passed = dict(json.loads(path.read_text(encoding="utf-8")))
        except (OSError, ValueError, TypeError):
            self.passed = {}

    def holds(self, name, key):
        return self.passed.get(name) == key

    def add(self, name, key):
        self.passed[name] = key
        fresh = self.path.with_name(self.path.name + ".new")
        fresh.write_text(json.dumps(self.passed, indent=1), encoding="utf-8")
        os.replace(fresh, self.path)


def listed(build, *choice):
    """The tests of the build, as ctest lists them."""
    done = subprocess.run(["ctest", "--test-dir", str(build), "-N", "--show-only=json-v1", *choice],
                          capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise Problem(f"ctest cannot list the tests of {build}: build it with `make ci`")
    tests = json.loads(done.stdout)["tests"]
    unbuilt = [t["name"] for t in tests if "command" not in t]
    if unbuilt:
        raise Problem(f"{unbuilt[0]} of {build} has no program: build it with `make ci`")
    return tests


def exactly(names):
    """A regular expression of CMake's that these names alone match."""
    return "^(" + "|".join(re.sub(r"([][.^$*+?|()\\])", r"\\\1", n) for n in names) + ")$"


class Run:

    def __init__(self, root, build, jobs):
        self.root, self.build, self.jobs = root, build, jobs
        self.make = os.environ.get("MAKE") or "make"
        self.record = Record(build / RECORD)

    def inputs(self):
        """Hashes as of now: files may have changed since the last call."""
        return Inputs(self.root, self.build, listed(self.build))

    def part(self, target):
        """Exit code of `make TARGET`, which is passed over if it passed."""
        key = self.inputs().of_all(target)
        if self.record.holds(target, key):
            say(f"`make {target}` passed before with the same files and programs")
            return 0
        code = subprocess.run([self.make, "--no-print-directory", target], cwd=self.root, check=False).returncode
        if code != 0:
            return code
        if self.inputs().of_all(target) == key:
            self.record.add(target, key)
        else:
            say(f"files changed while `make {target}` ran: that it passed is not recorded")
        return 0

    def slow(self):
        """Exit code of the slow tests that have not passed yet."""
        tests = {t["name"]: t for t in listed(self.build, "-L", "slow")}
        if not tests:
            raise Problem(f"{self.build} has no test with the label slow: build it with `make ci`")
        inputs = self.inputs()
        keys = {name: inputs.of_test(t) for name, t in tests.items()}
        rest = [name for name in tests if not self.record.holds(name, keys[name])]
        say(f"{len(tests)} slow tests: {len(tests) - len(rest)} passed before, {len(rest)} to run")
        if not rest:
            return 0
        # Tests run beside each other: idle threads must not hold the processors.
        child = subprocess.Popen(
            ["ctest", "--test-dir", str(self.build), "--output-on-failure", "--no-tests=error", "-j", str(self.jobs),
             "-L", "slow", "-R", exactly(rest)],
            env={**os.environ, "OMP_WAIT_POLICY": "passive"}, stdout=subprocess.PIPE, text=True, errors="replace")
        with ended_with_us(child):
            for line in child.stdout:
                print(line, end="", flush=True)
                found = RESULT.match(line)
                if not found or found.group(2) != "Passed":
                    continue
                name = found.group(1)
                now = Inputs(self.root, self.build, inputs.tests)
                if name in keys and now.of_test(tests[name]) == keys[name]:
                    self.record.add(name, keys[name])
            return child.wait()

    def all(self):
        return self.part("test") or self.slow() or self.part("sanitize") or self.part("tsan")


def main(argv):
    parser = argparse.ArgumentParser(prog="tools/test_all.py", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("build", type=pathlib.Path)
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--root", type=pathlib.Path, default=ROOT, help=argparse.SUPPRESS)
    options = parser.parse_args(argv)
    stop_by_sigterm()
    try:
        return Run(options.root, options.build.absolute(), options.jobs).all()
    except Problem as problem:
        say(str(problem))
        return 1
    except KeyboardInterrupt:
        say("stopped; what passed is recorded, run `make test-all` again to go on")
        return 130


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
