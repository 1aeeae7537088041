# SPDX-License-Identifier: MIT
"""`mlx-audio transcribe --batch-size`: the same, together."""

import json
import os
import signal
import subprocess
import threading
import time
import unittest

import sounds
import toy_model
from program import (DONE, GREEDY, INTERRUPTED, OUTPUT, SOME_FAILED, USAGE,
                     CliTest, heed_signals)

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
        for size in ("0", "-1", "many", "1.5", "", "9", "1025"):
            with self.subTest(size):
                result = self.transcribe("--batch-size", size, *self.files)
                self.assert_fails(result, USAGE, "--batch-size")

    def test_what_gains_nothing_is_said(self):
        one, other = self.files[1], self.files[3]
        plain = ("--temperature-increment-on-fallback", "None",
                 "--sample-len", "3", one, other)
        for size, beams, said in (("2", "4", False), ("2", "5", True),
                                  ("2", "8", True), ("2", "9", False),
                                  ("1", "5", False)):
            with self.subTest(size=size, beams=beams):
                result = self.transcribe("--batch-size", size, "--beam-size",
                                         beams, *plain)
                self.assertEqual(result.code, DONE, result.err)
                self.assertEqual(
                    "--batch-size gains nothing with --beam-size" in
                    result.err, said, result.err)
        # Five beams are the default. A batch size that is one says nothing.
        ours = {name: value for name, value in self.environment().items()
                if name not in GREEDY}
        self.assertIn("gains nothing",
                      self.transcribe("--batch-size", "2", *plain,
                                      env=ours).err)
        environment = dict(self.environment(),
                           MLXAUDIO_TRANSCRIBE_BATCH_SIZE="2")
        self.assertEqual(self.transcribe(*plain, env=environment).err, "")

    def test_files_are_written_as_soon_as_each_is_done(self):
        sounds.write_tone(self.folder / "long.wav", seconds=1800)
        child = subprocess.Popen(
            self.command("transcribe", "--model", toy_model.english(), *FAST,
                         "--sample-len", "40", "--batch-size", "2",
                         "long.wav", *self.files[1:],
                         "-o", "out", "--json"),
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, cwd=self.folder, env=self.environment(),
            preexec_fn=heed_signals)
        try:
            # The last is written while the first is worked on.
            deadline = time.monotonic() + 60
            last = self.folder / "out/d.json"
            while not last.exists() and time.monotonic() < deadline:
                self.assertIsNone(child.poll())
                time.sleep(0.01)
            self.assertTrue(last.exists())
            self.assertFalse((self.folder / "out/long.json").exists())
            child.send_signal(signal.SIGINT)
            out, err = child.communicate(timeout=60)
        finally:
            if child.poll() is None:
                child.kill()
        self.assertEqual(child.returncode, INTERRUPTED, err)
        lines = [json.loads(line) for line in out.splitlines()]
        self.assertEqual([line["file"] for line in lines],
                         ["long.wav", *self.files[1:]])
        self.assertEqual([line["complete"] for line in lines],
                         [False, True, True, True])
        self.assertEqual(lines[1]["outputs"],
                         [f"out/b.{f}" for f in ("txt", "vtt", "srt", "tsv",
                                                 "json")])

    def test_files_that_cannot_be_written_are_told_in_turn(self):
        # A name too long for the file system fails at the end only.
        long = "x" * 250 + ".wav"
        os.link(self.folder / self.files[3], self.folder / long)
        inputs = [self.files[0], long, self.files[1]]
        results = [self.transcribe(*FAST, "--batch-size", size, *inputs,
                                   "-o", folder, "-f", "json")
                   for size, folder in (("1", "one"), ("3", "three"))]
        self.assertEqual(results[1].code, SOME_FAILED, results[1].err)
        self.assertEqual(results[1].err,
                         results[0].err.replace("one/", "three/"))
        self.assertEqual(self.files_below(self.folder / "three"),
                         ["a.json", "b.json"])

    def test_pipes_are_done_by_themselves(self):
        os.mkfifo(self.folder / "pipe")
        data = (self.folder / self.files[1]).read_bytes()
        inputs = [*self.files[2:], "pipe", "/dev/stdin", *self.files[:2]]
        results = []
        for size in ("1", "4"):
            writer = threading.Thread(
                target=(self.folder / "pipe").write_bytes, args=(data,))
            writer.start()
            results.append(self.transcribe(*FAST, "--batch-size", size,
                                           *inputs, input=data))
            writer.join()
        self.assertEqual(results[0].code, DONE, results[0].err)
        self.assertEqual((results[1].out, results[1].err),
                         (results[0].out, results[0].err))

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
