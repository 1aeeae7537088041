# SPDX-License-Identifier: MIT
"""Defaults from a file and from the environment."""

import json
import unittest

import program
import sounds
import toy_model
from program import DONE, USAGE, CliTest


class Config(CliTest):
    def setUp(self):
        super().setUp()
        sounds.write_tone(self.folder / "a.wav")
        self.extra = {"MLXAUDIO_CONFIG": ""}

    def environment(self):
        return {**super().environment(), "HOME": str(self.folder),
                "MLXAUDIO_CACHE": str(program.CACHE), "XDG_CONFIG_HOME": "",
                **self.extra}

    def write(self, text, name=".config/mlx-audio/config.toml"):
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
        return path

    def format_of(self, *arguments):
        """Which format the program writes."""
        result = self.run_program("transcribe", "a.wav", *arguments)
        self.assertEqual(result.code, DONE, result.err)
        return ("vtt" if result.out.startswith("WEBVTT") else
                "json" if result.out.startswith("{") else
                "srt" if result.out.startswith("1\n") else "txt")

    def model(self):
        return f'model = "{toy_model.english()}"\n'

    def test_the_line_then_the_environment_then_the_file(self):
        self.write(f"[transcribe]\n{self.model()}format = \"vtt\"\n")
        self.assertEqual(self.format_of(), "vtt")
        self.extra["MLXAUDIO_TRANSCRIBE_FORMAT"] = "srt"
        self.assertEqual(self.format_of(), "srt")
        self.assertEqual(self.format_of("-f", "json"), "json")
        self.assertEqual(
            self.format_of("--no-config", "-m", toy_model.english()), "srt")

    def test_the_file_may_lie_elsewhere(self):
        self.write("[transcribe]\nnonsense = 1\n")
        mine = self.write(
            f"[transcribe]\n{self.model()}output_format = \"json\"\n", "mine")
        self.assertEqual(self.format_of("--config", "mine"), "json")
        self.extra["MLXAUDIO_CONFIG"] = str(mine)
        self.assertEqual(self.format_of(), "json")
        self.extra = {"XDG_CONFIG_HOME": str(self.folder / "xdg")}
        self.extra["MLXAUDIO_CONFIG"] = ""
        self.write(f"[transcribe]\n{self.model()}format = \"srt\"\n",
                   "xdg/mlx-audio/config.toml")
        self.assertEqual(self.format_of(), "srt")

    def test_switches(self):
        self.write(f"[transcribe]\n{self.model()}stats = true\n")
        self.assertIn(
            "real-time", self.run_program("transcribe", "a.wav").err)
        self.assertEqual(
            self.run_program("transcribe", "a.wav", "--no-stats").err, "")

    def assert_refused(self, *parts, arguments=()):
        result = self.run_program("transcribe", *arguments, "a.wav")
        self.assertEqual(result.out, "")
        self.assert_fails(result, USAGE, *parts)

    def test_errors_name_file_line_key_and_mend(self):
        path = self.write("# mine\n[transcribe]\nbeem_size = 3\n")
        self.assert_refused(path, "line 3", "beem_size", "beam_size")
        self.write("[transcribe]\n\n\nbest_of = \"many\"\n")
        self.assert_refused(path, "line 4", "best_of", "many")
        self.write("[transcrib]\nbeam_size = 3\n")
        self.assert_refused(path, "transcrib", "perhaps transcribe?")
        self.write("[transcribe]\nbeam_size 3\n")
        self.assert_refused(path, "line 2")
        self.write("[transcribe]\njson = true\n")
        self.assert_refused(path, "line 2", "json")
        path.unlink()
        self.assert_refused("gone.toml", arguments=("--config", "gone.toml"))

    def test_variables_that_stand_for_nothing(self):
        self.extra["MLXAUDIO_TRANSCRIBE_BEEM_SIZE"] = "3"
        self.assert_refused("MLXAUDIO_TRANSCRIBE_BEEM_SIZE",
                            "MLXAUDIO_TRANSCRIBE_BEAM_SIZE")
        del self.extra["MLXAUDIO_TRANSCRIBE_BEEM_SIZE"]
        self.extra["MLXAUDIO_TRANSCRIBE_BEAM_SIZE"] = "many"
        self.assert_refused("MLXAUDIO_TRANSCRIBE_BEAM_SIZE", "many")

    def test_best_of_as_a_default_is_passed_over(self):
        self.write(f"[transcribe]\n{self.model()}best_of = 3\n"
                   "temperature_increment_on_fallback = \"None\"\n")
        self.assertEqual(self.format_of(), "txt")

    def test_formats_that_a_run_cannot_use(self):
        sounds.write_tone(self.folder / "b.wav")
        self.write(f"[transcribe]\n{self.model()}format = \"all\"\n")
        self.assertEqual(self.format_of(), "txt")
        self.write(f"[transcribe]\n{self.model()}format = \"srt\"\n")
        self.assert_refused("srt", "a default", "mlx-audio info",
                            "--output-dir", arguments=("b.wav",))
        self.assertEqual(self.format_of("b.wav", "-f", "txt"), "txt")

    def test_truth_values_and_lists(self):
        for text in ("true", "1", "True"):
            self.extra["MLXAUDIO_TRANSCRIBE_WORD_TIMESTAMPS"] = text
            said = self.run_program(
                "transcribe", "-m", toy_model.english(), "a.wav", "-f", "json")
            self.assertEqual(said.code, DONE, said.err)
            self.assertIn('"words"', said.out)
        self.extra["MLXAUDIO_TRANSCRIBE_WORD_TIMESTAMPS"] = "yes"
        self.assert_refused("MLXAUDIO_TRANSCRIBE_WORD_TIMESTAMPS", "yes")
        del self.extra["MLXAUDIO_TRANSCRIBE_WORD_TIMESTAMPS"]
        self.write(f"[transcribe]\n{self.model()}suppress_tokens = [-1, 11]\n"
                   "clip_timestamps = [0, 1]\n")
        self.assertEqual(self.format_of(), "txt")
        self.write("[transcribe]\ninitial_prompt = [\"a\", \"b\"]\n")
        self.assert_refused("line 2", "initial_prompt", "list")

    def test_info_shows_them(self):
        path = self.write("[transcribe]\ntemperature = 0.5\n")
        self.extra.update(dict.fromkeys(program.GREEDY, ""))
        self.extra["MLXAUDIO_TRANSCRIBE_MODEL"] = "tiny.en"
        said = self.run_program("info").out
        for part in (path, "--temperature 0.5", "line 2",
                     "--model tiny.en", "MLXAUDIO_TRANSCRIBE_MODEL"):
            self.assertIn(str(part), said)
        facts = json.loads(self.run_program("info", "--json").out)["config"]
        self.assertEqual(facts["file"], str(path))
        self.assertTrue(facts["exists"])
        self.assertEqual(
            facts["defaults"],
            [{"verb": "transcribe", "option": "--model", "value": "tiny.en",
              "from": "MLXAUDIO_TRANSCRIBE_MODEL"},
             {"verb": "transcribe", "option": "--temperature", "value": "0.5",
              "from": f"{path}, line 2, temperature"}])

    def test_info_works_with_a_broken_file(self):
        self.write("[transcribe\n")
        result = self.run_program("info")
        self.assertEqual(result.code, DONE, result.err)
        self.assertIn("line 1", result.out)
        facts = json.loads(self.run_program("info", "--json").out)["config"]
        self.assertIn("line 1", facts["error"])


if __name__ == "__main__":
    unittest.main()
