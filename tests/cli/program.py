# SPDX-License-Identifier: MIT
"""Runs the program that is tested, in a place of its own."""

import os
import pathlib
import re
import resource
import shutil
import signal
import subprocess
import tempfile
import unittest

import toy_model

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
PROGRAM = os.environ.get("MLXAUDIO_PROGRAM") or str(ROOT / "build/ci/mlx-audio")
CACHE = pathlib.Path(os.environ.get("MLXAUDIO_CACHE")
                     or pathlib.Path.home() / ".cache/mlx-audio")

GREEDY = {f"MLXAUDIO_{verb}_{option}": value
          for verb in ("TRANSCRIBE", "EVALUATE")
          for option, value in (
              ("BEAM_SIZE", "0"),
              ("TEMPERATURE_INCREMENT_ON_FALLBACK", "None"))}

# What to do begins a part of a message: "...: get a whole copy".
MEND = re.compile(r"(?:[:;,] |, or )(?:%s)\b" % "|".join((
    "add", "ask", "change", "check", "choose", "close", "convert", "copy", "cut",
    "expected", "export", "get", "give", "import", "install", "let", "load", "make",
    "mend", "move", "name", "open", "perhaps", "pipe", "put", "run", "save",
    "say", "see", "set", "take", "transcribe", "try", "unset",
    "use", "write")))

DONE, SOME_FAILED, USAGE, MODEL, INPUT, OUTPUT, INTERRUPTED = 0, 1, 2, 3, 4, 5, 130


def heed_signals():
    """A test run in the background may ignore SIGINT; the program must not."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_DFL)


def no_room():
    """No file can grow, as on a full disk."""
    heed_signals()
    signal.signal(signal.SIGXFSZ, signal.SIG_DFL)
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))


def bound_by_permissions():
    """What goes before a command so that root may write only where the
    permissions of folders let it, too."""
    if os.geteuid() != 0:
        return []
    setpriv = shutil.which("setpriv")
    if not setpriv:
        lacks("root may write everywhere, and there is no setpriv")
    return [setpriv, "--inh-caps=-all", "--bounding-set=-dac_override"]


def lacks(message):
    """Ends a test that lacks something: skipped, but failed in CI."""
    if os.environ.get("CI") == "true":
        raise AssertionError(message)
    raise unittest.SkipTest(message)


class Result:
    def __init__(self, done):
        self.code = done.returncode
        self.out = (done.stdout or b"").decode("utf-8")
        self.err = (done.stderr or b"").decode("utf-8")


class CliTest(unittest.TestCase):
    """A test with a folder of its own, and a toy model."""

    maxDiff = None

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def environment(self):
        """Ours, without what may give the program other defaults; but greedy,
        since a toy model's nonsense makes it try all else, for seconds."""
        plain = {k: v for k, v in os.environ.items()
                 if not k.startswith(("MLXAUDIO_TRANSCRIBE_",
                                      "MLXAUDIO_EVALUATE_"))}
        return dict(plain, **GREEDY, LC_ALL="C.UTF-8",
                    MLXAUDIO_CONFIG="/dev/null")

    def command(self, *arguments):
        return [PROGRAM, *map(str, arguments)]

    def run_program(self, *arguments, before=(), **more):
        """`before` goes before the command."""
        more.setdefault("stdin", subprocess.DEVNULL)
        more.setdefault("stdout", subprocess.PIPE)
        more.setdefault("timeout", 120)
        more.setdefault("env", self.environment())
        more.setdefault("preexec_fn", heed_signals)
        if "input" in more:
            del more["stdin"]
        return Result(subprocess.run(
            [*before, *self.command(*arguments)], stderr=subprocess.PIPE,
            check=False, cwd=self.folder, **more))

    def transcribe(self, *arguments, **more):
        """`transcribe` with the toy model."""
        return self.run_program(
            "transcribe", "--model", toy_model.english(), *arguments, **more)

    def empty_cache(self):
        """A cache without models, but with the vocabularies."""
        if not (CACHE / "vocab").is_dir():
            lacks(f"no vocabularies in {CACHE}: run `make setup`")
        cache = self.folder / "cache"
        cache.mkdir()
        os.symlink(CACHE / "vocab", cache / "vocab")
        return cache

    def assert_fails(self, result, code, *parts):
        """One line on the standard error, with all of `parts` in it, and a
        mend."""
        self.assertEqual(result.code, code, result.err)
        lines = result.err.splitlines()
        self.assertEqual(len(lines), 1, result.err)
        self.assert_message(lines[0], *parts)

    def assert_message(self, line, *parts):
        """A line as every error is told: with `parts`, and a mend."""
        self.assertTrue(line.startswith("mlx-audio: "), line)
        for part in parts:
            self.assertIn(str(part), line)
        self.assertRegex(line, MEND, "a message that does not say what to do")

    def files_below(self, folder):
        """All files, hidden ones too."""
        return sorted(str(p.relative_to(folder))
                      for p in pathlib.Path(folder).rglob("*"))


def real_model(name):
    """Skips the test unless `make models` has made a model."""
    if not (CACHE / "models" / name / "model.safetensors").is_file():
        lacks(f"no {name} in {CACHE / 'models'}: run `make models`")
    return name


def real_audio():
    """The clips of Debian's package by name, or a skipped test."""
    clips = sorted((CACHE / "audio/librivox").glob("*.wav"))
    if not clips:
        lacks(f"no clips in {CACHE / 'audio/librivox'}: run `make setup`")
    return clips
