# SPDX-License-Identifier: MIT
"""`transcribe --json`: lines for programs."""

import json
import resource
import subprocess
import unittest

import program
import sounds
import toy_model
from program import DONE, INPUT, MODEL, SOME_FAILED, USAGE, CliTest


class JsonLines(CliTest):
    def setUp(self):
        super().setUp()
        sounds.write_tone(self.folder / "a.wav")

    def lines(self, result):
        return [json.loads(line) for line in result.out.splitlines()]

    def test_a_line_for_each_input_done_or_failed(self):
        (self.folder / "b.wav").write_bytes(b"no audio")
        result = self.transcribe("--json", "a.wav", "b.wav", "none.wav")
        self.assertEqual(result.code, SOME_FAILED, result.err)
        done, broken, missing = self.lines(result)
        self.assertEqual(
            list(done),
            ["type", "file", "model", "task", "language", "duration",
             "seconds", "complete", "text", "segments", "outputs"])
        self.assertEqual(done["type"], "transcription")
        self.assertEqual(done["file"], "a.wav")
        self.assertEqual(done["language"], "en")
        self.assertEqual(done["duration"], 2.0)
        self.assertGreater(done["seconds"], 0)
        self.assertTrue(done["complete"])
        self.assertEqual(done["outputs"], [])
        whole = json.loads(self.transcribe("a.wav", "-f", "json").out)
        self.assertEqual(done["text"], whole["text"])
        self.assertEqual(
            [{k: v for k, v in s.items() if k != "seek"}
             for s in whole["segments"]], done["segments"])
        for line, name in ((broken, "b.wav"), (missing, "none.wav")):
            self.assertEqual(
                {k: line[k] for k in ("type", "file", "kind")},
                {"type": "error", "file": name, "kind": "input"})
            self.assertIn(name, line["message"])
        self.assertEqual(len(result.err.splitlines()), 2)

    def test_files_are_named(self):
        result = self.transcribe("--json", "a.wav", "-o", "out", "-f", "srt")
        self.assertEqual(result.code, DONE, result.err)
        (line,) = self.lines(result)
        self.assertEqual(line["outputs"], ["out/a.srt"])
        self.assertTrue((self.folder / "out/a.srt").is_file())

    def test_what_stops_everything_has_no_file(self):
        result = self.run_program(
            "transcribe", "--json", "--model", "gigantic", "a.wav")
        self.assertEqual(result.code, MODEL)
        (line,) = self.lines(result)
        self.assertEqual((line["file"], line["kind"]), (None, "model"))
        result = self.transcribe("--json", "a.wav", "--initial-prompt",
                                 "<|endoftext|>")
        self.assertEqual(result.code, USAGE)
        (line,) = self.lines(result)
        self.assertEqual((line["file"], line["kind"]), (None, "usage"))
        result = self.transcribe("--json", "x.wav")
        self.assertEqual(result.code, INPUT)

    def test_what_stops_one_input_has_its_file(self):
        sounds.write_tone(self.folder / "b.wav", seconds=3)
        result = self.transcribe("--json", "a.wav", "b.wav",
                                 "--clip-timestamps", "2.5")
        self.assert_fails(result, SOME_FAILED, "a.wav: ", "past the end")
        failed, done = self.lines(result)
        self.assertEqual((failed["type"], failed["file"], failed["kind"]),
                         ("error", "a.wav", "usage"))
        self.assertEqual((done["type"], done["file"]),
                         ("transcription", "b.wav"))
        words = ("--word-timestamps", "True", "--without-timestamps", "True",
                 "--sample-len", "448")
        result = self.transcribe("--json", "a.wav", "none.wav", *words)
        failed, missing = self.lines(result)
        self.assertEqual((failed["file"], missing["file"]),
                         ("a.wav", "none.wav"))
        self.assertIn("sample_len", failed["message"])

    def test_no_memory_for_the_model(self):
        loading = 0
        for megabytes in range(80, 300, 20):
            def limited(most=megabytes << 20):
                program.heed_signals()
                resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
                resource.setrlimit(resource.RLIMIT_AS, (most, most))

            done = subprocess.run(
                self.command("transcribe", "--model", toy_model.english(),
                             "--json", "a.wav"),
                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                stderr=subprocess.PIPE, cwd=self.folder,
                env=self.environment(), preexec_fn=limited, timeout=120,
                check=False)
            if done.returncode == MODEL:
                loading += 1
                (line,) = self.lines(program.Result(done))
                self.assertEqual(
                    (line["type"], line["file"], line["kind"]),
                    ("error", None, "model"))
        if not loading:
            self.skipTest("no limit stops this build while it loads")

    def test_verbose_is_out_of_the_way(self):
        result = self.transcribe("--json", "a.wav", "--verbose", "True")
        self.assertEqual(len(self.lines(result)), 1)
        self.assertIn(" --> ", result.err)

    def test_the_language_is_a_code(self):
        for given in ("English", "en"):
            result = self.run_program(
                "transcribe", "--model", toy_model.multilingual(), "--json",
                "--language", given, "a.wav")
            self.assertEqual(result.code, DONE, result.err)
            self.assertEqual(self.lines(result)[0]["language"], "en")
            # As the reference: its JSON repeats what it was given.
            whole = self.run_program(
                "transcribe", "--model", toy_model.multilingual(), "-f",
                "json", "--language", given, "a.wav")
            self.assertEqual(json.loads(whole.out)["language"], given)


class Warnings(CliTest):
    def test_an_english_only_model_uses_english(self):
        sounds.write_tone(self.folder / "a.wav")
        plain = self.transcribe("a.wav")
        warned = self.transcribe("a.wav", "--language", "German")
        self.assertEqual(warned.code, DONE, warned.err)
        self.assertEqual(warned.out, plain.out)
        self.assertRegex(warned.err,
                         r"\Amlx-audio: warning: .*English-only.*German.*\n\Z")
        for language in ("en", "English", "english"):
            self.assertEqual(
                self.transcribe("a.wav", "--language", language).err, "")


class ModelDir(CliTest):
    def test_named_models_in_a_folder(self):
        sounds.write_tone(self.folder / "a.wav")
        (self.folder / "models").mkdir()
        (self.folder / "models/distil-small.en").symlink_to(toy_model.english())
        here = self.run_program("transcribe", "a.wav", "--model", "distil-small.en",
                                "--model_dir", "models")
        self.assertEqual(here.code, DONE, here.err)
        self.assertEqual(here.out, self.transcribe("a.wav").out)
        (self.folder / "models/tiny.en").symlink_to(toy_model.english())
        self.assert_fails(
            self.run_program("transcribe", "a.wav", "--model", "tiny.en",
                             "--model_dir", "models"),
            MODEL, "models/tiny.en", "is not a tiny.en", "by its path")
        self.assert_fails(
            self.run_program("transcribe", "a.wav", "--model", "base",
                             "--model_dir", "models"),
            MODEL, "base", "models", "--model-dir")


if __name__ == "__main__":
    unittest.main()
