# SPDX-License-Identifier: MIT
"""The command line itself: help, wrong options, docs."""

import json
import unittest

import program
import sounds
from program import DONE, INPUT, MODEL, USAGE, CliTest

VERBS = ("transcribe", "models list", "models info", "models import", "info")


class Help(CliTest):
    def test_overview_names_every_verb_and_exit_code(self):
        result = self.run_program("--help")
        self.assertEqual(result.code, DONE)
        for part in (*VERBS, "Exit codes", "130"):
            self.assertIn(part, result.out)
        self.assertEqual(self.run_program("help").out, result.out)
        self.assertEqual(self.run_program("-h").out, result.out)

    def test_every_verb_has_a_page_that_fits_a_terminal(self):
        for verb in VERBS:
            with self.subTest(verb):
                result = self.run_program(*verb.split(), "--help")
                self.assertEqual(result.code, DONE)
                self.assertIn(f"Usage: mlx-audio {verb}", result.out)
                self.assertIn("Examples", result.out)
                for line in result.out.splitlines():
                    self.assertLessEqual(len(line), 80, line)
                self.assertEqual(
                    self.run_program("help", *verb.split()).out, result.out)

    def test_help_wins_over_wrong_options(self):
        result = self.run_program("transcribe", "--nonsense", "--help")
        self.assertEqual(result.code, DONE)

    def test_docs_are_the_help(self):
        page = (program.ROOT / "docs/cli.md").read_text("utf-8")
        made = self.run_program("help", "--markdown")
        self.assertEqual(made.code, DONE)
        self.assertTrue(page.startswith(made.out),
                        "run `mlx-audio help --markdown` anew")

    def test_version(self):
        version = (program.ROOT / "VERSION").read_text("utf-8").strip()
        self.assertEqual(
            self.run_program("--version").out, f"mlx-audio {version}\n")

    def test_nothing_is_not_enough(self):
        result = self.run_program()
        self.assertEqual(result.code, USAGE)
        self.assertEqual(result.out, "")
        self.assertIn("Usage:", result.err)


class WrongOptions(CliTest):
    def assert_usage(self, arguments, *parts):
        result = self.run_program(*arguments)
        self.assertEqual(result.out, "")
        self.assert_fails(result, USAGE, *parts)

    def test_unknown_verb(self):
        self.assert_usage(["transcibe"], "transcibe", "--help")
        self.assert_usage(["models"], "models list", "models import")

    def test_unknown_option_with_what_may_be_meant(self):
        self.assert_usage(["transcribe", "--langage", "en", "a.wav"],
                          "--langage", "--language")
        self.assert_usage(["transcribe", "--colour", "a.wav"], "--colour")

    def test_missing_file_and_missing_value(self):
        self.assert_usage(["transcribe"], "FILE")
        self.assert_usage(["transcribe", "a.wav", "--language"], "--language")
        self.assert_usage(["models", "info"], "NAME")
        self.assert_usage(["models", "import", "x"], "--name")
        self.assert_usage(["info", "extra"], "extra")

    def test_unknown_language_format_task_device(self):
        self.assert_usage(["transcribe", "--language", "klingon", "a.wav"],
                          "--language", "klingon")
        self.assert_usage(["transcribe", "--format", "docx", "a.wav"],
                          "--format", "docx", "srt")
        self.assert_usage(["transcribe", "--task", "sing", "a.wav"],
                          "--task", "sing")
        self.assert_usage(["transcribe", "--device", "abacus", "a.wav"],
                          "--device", "abacus")

    def test_values_are_checked(self):
        for option, value in [
                ("--condition-on-previous-text", "yes"),
                ("--suppress-blank", "1"),
                ("--without-timestamps", "true"),
                ("--verbose", "maybe"),
                ("--no-speech-threshold", "high"),
                ("--no-speech-threshold", "nan"),
                ("--logprob-threshold", ""),
                ("--suppress-tokens", "1,x"),
                ("--suppress-tokens", "1,"),
                ("--sample-len", "0"),
                ("--sample-len", "2.5"),
                ("--max-initial-timestamp", "-1"),
                ("--max-initial-timestamp", "31"),
                ("--threads", "-1"),
                ("--threads", "many"),
                ("--threads", "100000")]:
            with self.subTest(option=option, value=value):
                self.assert_usage(
                    ["transcribe", option, value, "a.wav"], option)

    def test_only_greedy_decoding(self):
        self.assert_usage(["transcribe", "--beam-size", "5", "a.wav"],
                          "--beam-size", "greedy")
        self.assert_usage(["transcribe", "--temperature", "0.2", "a.wav"],
                          "--temperature", "greedy")

    def test_options_of_the_reference_that_there_are_not(self):
        self.assert_usage(["transcribe", "--word_timestamps", "True", "a.wav"],
                          "--word_timestamps", "openai-whisper")

    def test_one_output_for_many(self):
        self.assert_usage(["transcribe", "-f", "all", "a.wav"], "--output-dir")
        self.assert_usage(["transcribe", "-f", "srt", "a.wav", "b.wav"],
                          "--output-dir")
        self.assert_usage(["transcribe", "-", "-"], "standard input")

    def test_two_inputs_for_one_output(self):
        self.assert_usage(
            ["transcribe", "-o", "out", "a/x.wav", "b/x.mp3"],
            "a/x.wav", "b/x.mp3", "out/x.txt")
        self.assertEqual(self.files_below(self.folder), [])

    def test_output_over_an_input(self):
        path = sounds.write_tone(self.folder / "speech.txt")
        before = path.read_bytes()
        self.assert_usage(["transcribe", "-o", ".", "speech.txt"],
                          "speech.txt", "--output-dir")
        self.assertEqual(path.read_bytes(), before)


class Spelling(CliTest):
    def test_the_references_spelling_is_understood(self):
        path = sounds.write_tone(self.folder / "a.wav")
        dashes = self.transcribe(
            path, "--output-dir", "one", "--format", "json",
            "--condition-on-previous-text", "False", "--logprob-threshold",
            "-1.0", "--no-speech-threshold", "None", "--suppress-tokens", "-1",
            "--initial-prompt", "-x")
        underscores = self.transcribe(
            path, "--output_dir=two", "--output_format=json",
            "--condition_on_previous_text=False", "--logprob_threshold=-1.0",
            "--no_speech_threshold=None", "--suppress_tokens=-1",
            "--initial_prompt=-x")
        self.assertEqual(dashes.code, DONE, dashes.err)
        self.assertEqual(underscores.code, DONE, underscores.err)
        self.assertEqual((self.folder / "one/a.json").read_bytes(),
                         (self.folder / "two/a.json").read_bytes())

    def test_zero_and_none_are_greedy(self):
        path = sounds.write_tone(self.folder / "a.wav")
        result = self.transcribe(
            path, "--beam-size", "0", "--temperature", "0")
        self.assertEqual(result.code, DONE, result.err)

    def test_files_after_two_dashes(self):
        path = sounds.write_tone(self.folder / "-odd.wav")
        result = self.transcribe("--", path.name)
        self.assertEqual(result.code, DONE, result.err)

    def test_special_tokens_in_a_prompt(self):
        path = sounds.write_tone(self.folder / "a.wav")
        result = self.transcribe(
            path, path, "--initial-prompt", "so <|endoftext|>")
        self.assert_fails(result, USAGE, "<|endoftext|>")


class Information(CliTest):
    def test_info(self):
        result = self.run_program("info")
        self.assertEqual(result.code, DONE, result.err)
        for part in ("MLX", "threads", "kernels"):
            self.assertIn(part, result.out)
        facts = json.loads(self.run_program("info", "--json").out)
        self.assertGreaterEqual(facts["threads"], 1)
        self.assertIn("cpu", facts["devices"])

    def test_models_list(self):
        result = self.run_program("models", "list")
        self.assertEqual(result.code, DONE, result.err)
        names = [m["name"] for m in json.loads(
            self.run_program("models", "list", "--json").out)]
        for name in ("tiny.en", "base", "large-v3", "turbo"):
            self.assertIn(name, names)
            self.assertIn(name, result.out)

    def test_models_info(self):
        result = self.run_program("models", "info", "base")
        self.assertEqual(result.code, DONE, result.err)
        for part in ("n_audio_state", "512", "MIT"):
            self.assertIn(part, result.out)
        facts = json.loads(
            self.run_program("models", "info", "base", "--json").out)
        self.assertEqual(facts["name"], "base")

    def test_unknown_model(self):
        self.assert_fails(
            self.run_program("models", "info", "gigantic"), MODEL, "gigantic")
        self.assert_fails(
            self.run_program("transcribe", "--model", "gigantic", "a.wav"),
            MODEL, "gigantic")


if __name__ == "__main__":
    unittest.main()
