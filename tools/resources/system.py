# SPDX-License-Identifier: MIT
"""System packages: which of those needed are missing, and their install."""

import os
import shutil
import subprocess
import sys

from .failure import Failure


def missing(names):
    """Those of Debian's packages `names` that are not installed."""
    shown = subprocess.run(
        ["dpkg-query", "-W", "-f", "${db:Status-Abbrev} ${Package}\n", *names],
        capture_output=True, text=True, check=False).stdout
    there = {line.split()[1] for line in shown.splitlines()
             if line.startswith("ii")}
    return [name for name in names if name not in there]


def _as_root(command):
    if os.geteuid() == 0:
        return command
    if shutil.which("sudo"):
        return ["sudo", "env", "DEBIAN_FRONTEND=noninteractive", *command]
    raise Failure("apt needs root and there is no sudo here: run as root: "
                  + " ".join(command))


def _apt(arguments):
    command = _as_root(["apt-get", "-q", "-y", *arguments])
    env = dict(os.environ, DEBIAN_FRONTEND="noninteractive")
    done = subprocess.run(command, env=env, stdin=None if sys.stdin.isatty()
                          else subprocess.DEVNULL, check=False,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          text=True)
    return done.returncode, done.stdout


_updated = False


def update_lists():
    """`apt-get update`, at most once."""
    global _updated  # pylint: disable=global-statement
    if not _updated:
        _apt(["update"])
        _updated = True


def install(system, groups, say):
    """Installs what is missing of `groups`; says so before it does."""
    if sys.platform == "darwin":
        names = [n for g in groups for n in system["brew"].get(g, [])]
        say("untested on macOS; what is needed: brew install "
            + " ".join(names))
        return
    names = [n for g in groups for n in system["apt"].get(g, [])]
    if not shutil.which("apt-get") or not shutil.which("dpkg-query"):
        say("this system has no apt; install what corresponds to Debian's "
            + " ".join(names))
        return
    lacking = missing(names)
    if not lacking:
        return
    say("installing with apt: " + " ".join(lacking))
    update_lists()
    code, output = _apt(["install", "--no-install-recommends", *lacking])
    still = missing(lacking)
    if code != 0 or still:
        errors = [x for x in output.splitlines() if x.startswith("E:")]
        raise Failure("apt could not install " + " ".join(still or lacking)
                      + ": " + (errors or ["see `apt-get install`"])[0]
                      + "; mend it and run this again")
