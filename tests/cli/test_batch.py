# SPDX-License-Identifier: MIT
"""`mlx-audio transcribe --batch-size`: the same, together."""

import json
import signal
import subprocess
import unittest

import sounds
import toy_model
from program import (DONE, INTERRUPTED, OUTPUT, SOME_FAILED, USAGE, CliTest,
                     heed_signals)

FAST = ("--beam-size", "2", "--temperature-increment-on-fallback", "None",
        "--sample-len", "6")
FORMATS = ("json", "srt", "tsv", "txt", "vtt")


class Batch(CliTest):
    def setUp(self):
        super().setUp()
        # The first is the longest, so that others are done before it.
        self.files = [
            sounds.write_tone(self.folder / f"{name}.wav", seconds).name
            for name, seconds in (("a", 90), ("b", 2), ("c", 40), ("d", 3))]

    def both(self, *arguments):
        """One by one, and together."""
        alone = self.transcribe(*FAST, *arguments)
        together = self.transcribe(*FAST, "--batch-size", "3", *arguments)
        self.assertEqual(together.code, alone.code, together.err)
        return alone, together

    def test_standard_output_and_errors_are_the_same(self):
        for more in ([], ["-f", "json"], ["--verbose", "True"],
                     ["--verbose", "True", "-f", "txt"],
                     ["--word-timestamps", "True", "-f", "json"]):
            with self.subTest(more):
                alone, together = self.both(*self.files, *more)
                self.assertEqual(alone.code, DONE, alone.err)
                self.assertEqual(together.out, alone.out)
                self.assertEqual(together.err, alone.err)

    def test_files_are_the_same(self):
        for size, folder in (("1", "one"), ("4", "four")):
            result = self.transcribe(*FAST, *self.files, "-o", folder,
                                     "--batch-size", size)
            self.assertEqual((result.code, result.out, result.err),
                             (DONE, "", ""))
        names = self.files_below(self.folder / "four")
        self.assertEqual(names, [f"{x}.{f}" for x in "abcd" for f in FORMATS])
        for name in names:
            self.assertEqual((self.folder / "four" / name).read_bytes(),
                             (self.folder / "one" / name).read_bytes(), name)

    def test_lines_of_json_are_the_same_but_for_times(self):
        alone, together = self.both(*self.files, "--json")
        lines = [[json.loads(line) for line in result.out.splitlines()]
                 for result in (alone, together)]
        self.assertEqual([x["file"] for x in lines[1]], self.files)
        for line in lines[0] + lines[1]:
            self.assertGreater(line.pop("seconds"), 0)
        self.assertEqual(lines[1], lines[0])

    def test_one_that_fails_does_not_end_the_others(self):
        (self.folder / "bad.wav").write_text("no sound")
        inputs = ["bad.wav", *self.files[:2], "missing.wav", self.files[2]]
        alone, together = self.both(*inputs)
        self.assertEqual(together.code, SOME_FAILED)
        self.assertEqual((together.out, together.err), (alone.out, alone.err))
        alone, together = self.both("missing.wav", "gone.wav")
        self.assertEqual((together.out, together.err), (alone.out, alone.err))
        self.assertEqual(together.err.count("\n"), 2)

    def test_the_standard_input_is_done_by_itself(self):
        data = (self.folder / self.files[1]).read_bytes()
        inputs = [*self.files[2:], "-", *self.files[:2]]
        results = [self.transcribe(*FAST, "--batch-size", size, *inputs,
                                   input=data) for size in ("1", "4")]
        self.assertEqual(results[0].code, DONE, results[0].err)
        self.assertEqual(results[1].out, results[0].out)

    def test_a_full_standard_output_ends_the_run(self):
        with open("/dev/full", "wb") as full:
            result = self.transcribe(*FAST, "--batch-size", "4", *self.files,
                                     stdout=full)
        self.assert_fails(result, OUTPUT, "No space left")

    def test_statistics_count_all(self):
        result = self.transcribe(*FAST, "--batch-size", "4", "--stats",
                                 *self.files)
        self.assertRegex(result.err, r"\A135\.0 s of audio in [\d.]+ s ")

    def test_wrong_sizes_are_refused(self):
        for size in ("0", "-1", "many", "1.5", "", "1025"):
            with self.subTest(size):
                result = self.transcribe("--batch-size", size, *self.files)
                self.assert_fails(result, USAGE, "--batch-size")

    def test_a_default_may_be_set(self):
        environment = dict(self.environment(),
                           MLXAUDIO_TRANSCRIBE_BATCH_SIZE="4")
        plain = self.transcribe(*FAST, *self.files)
        result = self.transcribe(*FAST, *self.files, env=environment)
        self.assertEqual((result.out, result.err), (plain.out, plain.err))
        environment["MLXAUDIO_TRANSCRIBE_BATCH_SIZE"] = "0"
        self.assert_fails(self.transcribe("a.wav", env=environment), USAGE,
                          "MLXAUDIO_TRANSCRIBE_BATCH_SIZE")

    def test_an_interrupt_keeps_what_was_done(self):
        for name in ("long", "longer"):
            sounds.write_tone(self.folder / f"{name}.wav", seconds=1800)
        child = subprocess.Popen(
            self.command("transcribe", "--model", toy_model.english(), *FAST,
                         "--batch-size", "2", "long.wav", "longer.wav",
                         "other.wav", "-o", "out", "--verbose", "True"),
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, cwd=self.folder, env=self.environment(),
            preexec_fn=heed_signals)
        try:
            self.assertTrue(child.stdout.readline())
            child.send_signal(signal.SIGINT)
            _, err = child.communicate(timeout=60)
        finally:
            if child.poll() is None:
                child.kill()
        self.assertEqual(child.returncode, INTERRUPTED, err)
        self.assertIn(b"interrupted: long.wav is done up to", err)
        self.assertNotIn(b"other.wav", err)
        result = json.loads((self.folder / "out/long.json").read_text("utf-8"))
        self.assertTrue(result["segments"])
        self.assertLess(result["segments"][-1]["end"], 1700)


class BenchOfSeveral(CliTest):
    def test_times_are_of_all_files(self):
        files = [sounds.write_tone(self.folder / f"{s}.wav", s)
                 for s in (2, 3)]
        said = []
        for size in ("1", "2"):
            result = self.run_program(
                "bench", "--json", "--session-only", "--runs", "1", "--model",
                toy_model.english(), *FAST, "--batch-size", size, *files)
            self.assertEqual(result.code, DONE, result.err)
            lines = [json.loads(line) for line in result.out.splitlines()]
            self.assertEqual((lines[0]["files"], lines[0]["batch_size"]),
                             (2, int(size)))
            run = next(x for x in lines if x["type"] == "run")
            self.assertEqual(run["duration"], 5)
            said.append((run["text"], run["tokens"]))
        self.assertEqual(said[0], said[1])
        self.assertEqual(said[0][0].count("\n"), 1)


if __name__ == "__main__":
    unittest.main()
