# SPDX-License-Identifier: MIT
"""Completion of command lines, and the manual page."""

import os
import pathlib
import re
import shutil
import subprocess
import unittest

import program
from program import DONE, USAGE, CliTest

SHELLS = ("bash", "zsh", "fish")


def options_of(text):
    """The long options that a page or script names, without underscores."""
    return set(re.findall(r"(?<![\w-])--[a-z][a-z0-9-]+", text))


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

    @unittest.skipUnless(shutil.which("fish"), "fish is not installed")
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
