# SPDX-License-Identifier: MIT
"""SIGINT and SIGTERM at any moment."""

import json
import signal
import subprocess
import time
import unittest

import sounds
import toy_model
from program import INTERRUPTED, CliTest, heed_signals

MINUTES = 60
LONG = 30 * MINUTES  # of audio: far longer than any test waits


class Interrupt(CliTest):
    def start(self, *arguments):
        child = subprocess.Popen(
            self.command("transcribe", "--model", toy_model.english(),
                         *arguments),
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, cwd=self.folder, env=self.environment(),
            preexec_fn=heed_signals)
        self.addCleanup(self.end, child)
        return child

    @staticmethod
    def end(child):
        if child.poll() is None:
            child.kill()
        child.communicate()

    def long_audio(self):
        return sounds.write_tone(self.folder / "long.wav", seconds=LONG)

    def test_what_was_printed_is_kept(self):
        self.long_audio()
        for number in (signal.SIGINT, signal.SIGTERM):
            with self.subTest(number):
                child = self.start("long.wav")
                first = child.stdout.readline()
                self.assertTrue(first.endswith(b"\n"))
                child.send_signal(number)
                out, err = child.communicate(timeout=60)
                self.assertEqual(child.returncode, INTERRUPTED, err)
                self.assertTrue((first + out).endswith(b"\n"))
                self.assertIn(b"interrupted: long.wav is done up to", err)

    def test_files_hold_what_was_done(self):
        self.long_audio()
        child = self.start("long.wav", "other.wav", "-o", "out",
                           "--verbose", "True")
        self.assertTrue(child.stdout.readline())
        child.send_signal(signal.SIGINT)
        _, err = child.communicate(timeout=60)
        self.assertEqual(child.returncode, INTERRUPTED, err)
        self.assertNotIn(b"other.wav", err)
        self.assertEqual(
            self.files_below(self.folder / "out"),
            [f"long.{f}" for f in ("json", "srt", "tsv", "txt", "vtt")])
        result = json.loads((self.folder / "out/long.json").read_text("utf-8"))
        self.assertTrue(result["segments"])
        self.assertLess(result["segments"][-1]["end"], LONG - MINUTES)

    def test_at_any_moment(self):
        self.long_audio()
        for i, delay in enumerate(
                (0.0, 0.005, 0.01, 0.02, 0.04, 0.08, 0.15, 0.3, 0.6, 1.2)):
            number = (signal.SIGINT, signal.SIGTERM)[i % 2]
            with self.subTest(delay=delay, number=number):
                child = self.start("long.wav", "-o", "out")
                time.sleep(delay)
                child.send_signal(number)
                _, err = child.communicate(timeout=60)
                # In its first moments a process cannot heed a signal, and
                # ends by it.
                self.assertIn(child.returncode, (INTERRUPTED, -number), err)
                for name in self.files_below(self.folder / "out"):
                    self.assertRegex(name, r"\Along\.(json|srt|tsv|txt|vtt)\Z")
                made = self.folder / "out/long.json"
                if made.exists():
                    json.loads(made.read_text("utf-8"))

    def test_the_second_ends_at_once(self):
        self.long_audio()
        child = self.start("long.wav")
        self.assertTrue(child.stdout.readline())
        child.send_signal(signal.SIGINT)
        child.send_signal(signal.SIGTERM)
        child.communicate(timeout=60)
        self.assertEqual(child.returncode, INTERRUPTED)

    def test_a_background_job_ignores_ctrl_c(self):
        sounds.write_tone(self.folder / "short.wav", seconds=60)
        child = subprocess.Popen(
            self.command("transcribe", "--model", toy_model.english(),
                         "short.wav"),
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, cwd=self.folder, env=self.environment(),
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_IGN))
        self.addCleanup(self.end, child)
        time.sleep(0.3)
        child.send_signal(signal.SIGINT)
        _, err = child.communicate(timeout=120)
        self.assertEqual(child.returncode, 0, err)

    def test_waiting_for_the_standard_input(self):
        child = subprocess.Popen(
            self.command("transcribe", "--model", toy_model.english(), "-"),
            stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, cwd=self.folder, env=self.environment(),
            preexec_fn=heed_signals)
        self.addCleanup(self.end, child)
        time.sleep(1.0)
        child.send_signal(signal.SIGINT)
        self.assertIn(child.wait(timeout=60), (INTERRUPTED, -signal.SIGINT))


if __name__ == "__main__":
    unittest.main()
