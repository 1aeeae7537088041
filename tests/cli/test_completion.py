# SPDX-License-Identifier: MIT
"""Completion of command lines, and the manual page."""

import os
import pathlib
import pty
import re
import select
import shutil
import subprocess
import time
import unittest

import program
from program import DONE, USAGE, CliTest

SHELLS = ("bash", "zsh", "fish")

# Notes what a completion offers, and says when it is complete.
ZSH = """
PS1='ready> ' fpath=($PWD $fpath)
autoload -U compinit && compinit -u -D
compadd() {
  # Calls that only ask what would fit keep it to themselves.
  if [[ ${@[1,(i)(-|--)]} != *-(O|A|D)\\ * ]]; then
    local -a fit
    builtin compadd -O fit "$@"
    (( $#fit )) && print -rl -- $fit >> offered
  fi
  builtin compadd "$@"
}
finish() { touch complete }
comppostfuncs=(finish)
touch begun
"""


def options_of(text):
    """The long options that a page or script names, without underscores."""
    return set(re.findall(r"(?<![\w-])--[a-z][a-z0-9-]+", text))


def needs(shell):
    """Skips a test without the shell, but not where nothing may be skipped."""
    lacks = shutil.which(shell) is None and os.environ.get("CI") != "true"
    return unittest.skipIf(lacks, f"{shell} is not installed: `make setup`")


class Completion(CliTest):
    def script(self, shell):
        result = self.run_program("completion", shell)
        self.assertEqual(result.code, DONE, result.err)
        path = self.folder / f"complete.{shell}"
        path.write_text(result.out, "utf-8")
        return path

    def environment(self):
        folder = str(pathlib.Path(program.PROGRAM).parent)
        env = super().environment()
        return {**env, "PATH": folder + os.pathsep + env["PATH"]}

    def run_shell(self, *command):
        done = subprocess.run(
            command, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            cwd=self.folder, env=self.environment(), timeout=60, check=False)
        self.assertEqual(done.stderr.decode(), "")
        return done.stdout.decode()

    def in_bash(self, *words):
        """What bash offers for the last of the words."""
        self.script("bash")
        code = ('source complete.bash; COMP_WORDS=("$@"); '
                'COMP_CWORD=$(($# - 1)); _mlx_audio 2>/dev/null; '
                'printf "%s\\n" "${COMPREPLY[@]}"')
        said = self.run_shell("bash", "-c", code, "bash", *words)
        return set(said.split("\n")) - {""}

    def test_bash_offers_verbs_options_and_choices(self):
        self.assertLessEqual(
            {"transcribe", "models", "info", "help", "--version"},
            self.in_bash("mlx-audio", ""))
        self.assertEqual(self.in_bash("mlx-audio", "models", "i"),
                         {"info", "import"})
        self.assertEqual(
            self.in_bash("mlx-audio", "transcribe", "--max-line"),
            {"--max-line-width", "--max-line-count"})
        self.assertEqual(
            self.in_bash("mlx-audio", "transcribe", "--task", ""),
            {"transcribe", "translate"})
        self.assertEqual(
            self.in_bash("mlx-audio", "transcribe", "--task", "=", "transl"),
            {"translate"})
        self.assertEqual(
            self.in_bash("mlx-audio", "transcribe", "--output_format", "j"),
            {"json"})
        self.assertEqual(
            self.in_bash("mlx-audio", "models", "info", "--"),
            {"--json", "--help", "--help-all"})
        self.assertEqual(
            self.in_bash("mlx-audio", "transcribe", "--threads", ""), set())

    def test_bash_knows_evaluate(self):
        (self.folder / "before.json").touch()
        (self.folder / "clips").mkdir()
        files = {"before.json", "clips", "complete.bash"}
        for words, offered in (
                (("evaluate", "--normalizer", ""),
                 {"auto", "english", "basic", "none"}),
                (("evaluate", "--split-letters", "T"), {"True"}),
                (("evaluate", "--remove-diacritics", "F"), {"False"}),
                (("evaluate", "--format", ""), {"table", "json"}),
                (("evaluate", "--audio-dir", ""), {"clips"}),
                (("evaluate", "--output", ""), files),
                (("evaluate-compare", "--fail-if", ""),
                 {"differs", "worse", "never"}),
                (("evaluate-compare", ""), files)):
            with self.subTest(words):
                self.assertEqual(self.in_bash("mlx-audio", *words), offered)

    def test_bash_offers_files(self):
        for name in ("a.wav", "b 2.MP3", "notes.txt"):
            (self.folder / name).touch()
        (self.folder / "clips").mkdir()
        self.assertEqual(self.in_bash("mlx-audio", "transcribe", ""),
                         {"a.wav", "b 2.MP3", "clips"})
        self.assertEqual(self.in_bash("mlx-audio", "transcribe", "n"),
                         {"notes.txt"})
        self.assertEqual(self.in_bash("mlx-audio", "transcribe", "-o", ""),
                         {"clips"})

    def test_bash_offers_models_that_are_there(self):
        names = self.run_program("completion", "models").out.split()
        for name in names:
            self.assertIn(
                name, self.in_bash("mlx-audio", "transcribe", "-m", name[:2]))

    def test_all_shells_know_every_option_and_choice(self):
        page = options_of(self.run_program("transcribe", "--help-all").out)
        page -= {"--help-all"}
        self.assertGreater(len(page), 40)
        for shell in SHELLS:
            with self.subTest(shell):
                text = self.script(shell).read_text("utf-8")
                known = options_of(text)
                if shell == "fish":
                    known = {"--" + name
                             for name in re.findall(r" -l ([\w-]+)", text)}
                self.assertLessEqual(page, known)
                for choice in ("translate", "srt", "lrc", "yue", "bf16"):
                    self.assertIn(choice, text)

    def test_scripts_are_well_formed(self):
        for shell in SHELLS:
            path = self.script(shell)
            if shutil.which(shell):
                with self.subTest(shell):
                    self.run_shell(shell, "-n", str(path))

    def in_zsh(self, line):
        """What zsh offers when Tab is pressed behind a line."""
        script = self.script("zsh")
        script.replace(self.folder / "_mlx-audio")
        (self.folder / "setup.zsh").write_text(ZSH, "utf-8")
        for name in ("begun", "offered", "complete"):
            (self.folder / name).unlink(missing_ok=True)
        ours, theirs = pty.openpty()
        shell = subprocess.Popen(
            ["zsh", "-f", "-i"], stdin=theirs, stdout=theirs, stderr=theirs,
            cwd=self.folder, env={**self.environment(), "TERM": "vt100"},
            start_new_session=True)
        os.close(theirs)

        def send(text, until):
            os.write(ours, text.encode())
            limit = time.monotonic() + 60
            while not (self.folder / until).exists():
                self.assertLess(time.monotonic(), limit, text)
                # A terminal that nobody reads would stop the shell.
                if select.select([ours], [], [], 0.05)[0]:
                    os.read(ours, 65536)

        try:
            send("source setup.zsh\n", "begun")
            send(line + "\t", "complete")
        finally:
            shell.kill()
            shell.wait()
            os.close(ours)
        offered = self.folder / "offered"
        if not offered.exists():
            return set()
        return set(offered.read_text("utf-8").split("\n")) - {""}

    @needs("zsh")
    def test_zsh(self):
        for line, offered in (
                ("mlx-audio models i", {"info", "import"}),
                ("mlx-audio transcribe --task transl", {"translate"}),
                ("mlx-audio evaluate-compare --fail-if ",
                 {"differs", "worse", "never"}),
                ("mlx-audio transcribe --max-line-",
                 {"--max-line-width", "--max-line-count"})):
            with self.subTest(line):
                self.assertLessEqual(offered, self.in_zsh(line))
        self.assertNotIn("transcribe", self.in_zsh("mlx-audio models i"))

    @needs("fish")
    def test_fish(self):
        self.script("fish")

        def offered(line):
            said = self.run_shell("fish", "-c", "source complete.fish; "
                                  f"complete -C '{line}'")
            return {row.split("\t")[0] for row in said.splitlines()}

        self.assertEqual(offered("mlx-audio models i"), {"info", "import"})
        self.assertEqual(offered("mlx-audio transcribe --task transl"),
                         {"translate"})
        self.assertEqual(offered("mlx-audio transcribe --max-line"),
                         {"--max-line-width", "--max-line-count"})

    def test_unknown_shell(self):
        self.assert_fails(self.run_program("completion", "tcsh"), USAGE,
                          "tcsh", "bash")
        self.assert_fails(self.run_program("completion"), USAGE, "SHELL")


class Manual(CliTest):
    def test_it_has_every_option_of_every_verb(self):
        text = self.run_program("man").out.replace("\\-", "-")
        for verb in ("transcribe", "models list", "models info",
                     "models import", "info", "completion"):
            self.assertIn(f"mlx-audio {verb}", text)
            page = self.run_program(*verb.split(), "--help-all").out
            for option in options_of(page) - {"--help-all"}:
                self.assertIn(f"\\fB{option}\\fR", text, verb)
        for part in ("MLXAUDIO_CONFIG", "MLXAUDIO_TRANSCRIBE_LANGUAGE", "130"):
            self.assertIn(part, text)
        self.assertTrue(text.isascii())

    def test_options_of_two_verbs_are_described_once(self):
        text = self.run_program("man").out.replace("\\-", "-")
        self.assertEqual(text.count("\\fB--beam-size\\fR"), 1)
        self.assertEqual(text.count("\\fB--normalizer\\fR"), 1)
        self.assertIn("Decoding: the options of transcribe.", text)

    def test_formatters_find_nothing_wrong(self):
        (self.folder / "m.1").write_text(self.run_program("man").out)
        checked = False
        for command in (["groff", "-man", "-Tutf8", "-ww", "m.1"],
                        ["mandoc", "-T", "lint", "-W", "error", "m.1"]):
            if shutil.which(command[0]):
                checked = True
                done = subprocess.run(
                    command, cwd=self.folder, stdout=subprocess.PIPE,
                    stderr=subprocess.PIPE, check=False)
                self.assertEqual(done.stderr.decode(), "")
                self.assertEqual(done.returncode, 0, done.stdout.decode())
        if not checked:
            self.skipTest("neither groff nor mandoc is installed")


if __name__ == "__main__":
    unittest.main()
