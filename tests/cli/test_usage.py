# SPDX-License-Identifier: MIT
"""The command line itself: help, wrong options, docs."""

import json
import unittest

import program
import sounds
from program import DONE, INPUT, MODEL, USAGE, CliTest

VERBS = ("transcribe", "evaluate", "evaluate-compare", "bench", "models list", "models info", "models import", "info",
         "completion", "man")


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
                every = self.run_program(*verb.split(), "--help-all")
                self.assertEqual(every.code, DONE)
                for line in (result.out + every.out).splitlines():
                    self.assertLessEqual(len(line), 80, line)
                self.assertEqual(
                    self.run_program("help", *verb.split()).out, result.out)

    def test_the_usual_page_names_the_options_that_it_leaves_out(self):
        usual = self.run_program("transcribe", "--help").out
        every = self.run_program("transcribe", "--help-all").out
        self.assertLess(len(usual.splitlines()), 120)
        for option in ("--patience", "--best-of", "--seed", "--config"):
            self.assertIn(option, usual)
            self.assertRegex(every, rf"(?m)^  {option}\b")
        self.assertNotIn("--help-all", every)

    def test_help_of_a_group_is_that_of_its_verbs(self):
        pages = [self.run_program("models", verb, "--help").out
                 for verb in ("list", "info", "import")]
        for line in (("models", "--help"), ("help", "models")):
            result = self.run_program(*line)
            self.assertEqual(result.code, DONE)
            self.assertEqual(result.out, "\n".join(pages))

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
                ("--threads", "100000"),
                ("--beam-size", "many"),
                ("--patience", "0"),
                ("--length-penalty", "2"),
                ("--temperature", "nan"),
                ("--best-of", "0"),
                ("--seed", "-1"),
                ("--fp16", "yes"),
                ("--compression-ratio-threshold", "nan"),
                ("--clip-timestamps", "1,two"),
                ("--hallucination-silence-threshold", "-1"),
                ("--word-timestamps", "on"),
                ("--max-line-width", "wide")]:
            with self.subTest(option=option, value=value):
                self.assert_usage(
                    ["transcribe", option, value, "a.wav"], option)

    def test_options_that_contradict_each_other(self):
        for words, part in [
                (("--patience", "2", "--beam_size", "0"), "--beam-size"),
                (("--best_of", "3", "--temperature_increment_on_fallback",
                  "None"), "--temperature"),
                (("--highlight_words", "True"), "--word-timestamps"),
                (("--max_line_width", "20"), "--word-timestamps"),
                (("--temperature", "2", "--temperature_increment_on_fallback",
                  "0.2"), "None"),
                (("--json", "--format", "srt"), "--json"),
                (("--config", "x", "--no-config"), "--no-config")]:
            with self.subTest(words):
                self.assert_usage(["transcribe", *words, "a.wav"], words[0].
                                  replace("_", "-"), part)

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
        (self.folder / "out").mkdir()
        (self.folder / "out/speech.json").symlink_to("../speech.txt")
        self.assert_usage(["transcribe", "-o", "out", "speech.txt"],
                          "would overwrite speech.txt")

    def test_many_inputs_are_checked_in_no_time(self):
        for i in range(8000):
            (self.folder / f"{i}.wav").touch()
            (self.folder / f"{i}.txt").touch()
        result = self.run_program("transcribe", "-m", "no such model", "-o",
                                  ".", "-f", "txt", "*.wav", timeout=30)
        self.assert_fails(result, MODEL, "no such model")


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
        zero = self.transcribe(path, "--beam-size", "0", "-f", "json")
        none = self.transcribe(path, "--beam-size", "None", "-f", "json")
        self.assertEqual(zero.code, DONE, zero.err)
        self.assertEqual(zero.out, none.out)

    def test_numbers_are_pythons(self):
        path = sounds.write_tone(self.folder / "a.wav")
        plain = self.transcribe(path, "--suppress_tokens", "1,20", "-f", "json",
                                "--no_speech_threshold", "0.5")
        other = self.transcribe(path, "--suppress_tokens", " 1, 2_0", "-f",
                                "json", "--no_speech_threshold", " +5e-1 ")
        self.assertEqual(plain.code, DONE, plain.err)
        self.assertEqual(plain.out, other.out)

    def test_files_after_two_dashes(self):
        path = sounds.write_tone(self.folder / "-odd.wav")
        result = self.transcribe("--", path.name)
        self.assertEqual(result.code, DONE, result.err)

    def test_special_tokens_in_a_prompt(self):
        path = sounds.write_tone(self.folder / "a.wav")
        for option in ("--initial-prompt", "--prefix"):
            with self.subTest(option):
                result = self.transcribe(
                    path, path, option, "so <|endoftext|>")
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
        self.assertEqual(facts["config"]["file"], "")
        self.assertFalse(facts["config"]["exists"])

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
