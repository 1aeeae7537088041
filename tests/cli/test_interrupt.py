# SPDX-License-Identifier: MIT
"""SIGINT and SIGTERM at any moment."""

import fcntl
import json
import pathlib
import shutil
import signal
import struct
import subprocess
import termios
import time
import unittest

import program
import sounds
import toy_model
from program import DONE, INTERRUPTED, CliTest, heed_signals

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
                if child.returncode == INTERRUPTED:
                    self.assertRegex(
                        err, rb"\Amlx-audio: interrupted(: [^\n]*)?\n\Z")
                for name in self.files_below(self.folder / "out"):
                    self.assertRegex(name, r"\Along\.(json|srt|tsv|txt|vtt)\Z")
                made = self.folder / "out/long.json"
                if made.exists():
                    json.loads(made.read_text("utf-8"))

    @unittest.skipUnless(hasattr(fcntl, "F_SETPIPE_SZ"),
                         "pipes have the size that they have here")
    def test_between_two_files(self):
        # The text of the first does not fit into the pipe: while nobody reads
        # it, the program is done with the first and not at the second.
        room = 4096
        for name in ("a.wav", "b.wav"):
            sounds.write_tone(self.folder / name, seconds=120)
        for number in (signal.SIGINT, signal.SIGTERM):
            with self.subTest(number):
                child = self.start("a.wav", "b.wav", "-f", "json")
                out = child.stdout.fileno()
                fcntl.fcntl(out, fcntl.F_SETPIPE_SZ, room)
                self.wait_until(lambda: self.waiting_bytes(out) == room)
                child.send_signal(number)
                self.wait_until(lambda: not self.is_pending(child, number))
                time.sleep(0.1)
                self.assertIsNone(child.poll())
                text, err = child.communicate(timeout=60)
                self.assertEqual(child.returncode, INTERRUPTED, err)
                self.assertEqual(
                    err, b"mlx-audio: interrupted: b.wav has no text yet\n")
                self.assertGreater(len(text), room)
                self.assertTrue(json.loads(text)["segments"])

    @staticmethod
    def wait_until(holds):
        end = time.monotonic() + 60
        while not holds():
            if time.monotonic() > end:
                raise AssertionError("it does not come to that")
            time.sleep(0.01)

    @staticmethod
    def waiting_bytes(pipe):
        return struct.unpack(
            "i", fcntl.ioctl(pipe, termios.FIONREAD, bytes(4)))[0]

    @staticmethod
    def is_pending(child, number):
        """Whether a signal to the process is not yet taken."""
        status = pathlib.Path(f"/proc/{child.pid}/status").read_text("ascii")
        (mask,) = [line.split()[1] for line in status.splitlines()
                   if line.startswith("ShdPnd:")]
        return bool(int(mask, 16) >> (number - 1) & 1)

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
        # The pipe stays open: its end would be an end of the audio.
        self.assertIn(child.wait(timeout=60), (INTERRUPTED, -signal.SIGINT))
        if child.returncode == INTERRUPTED:
            err = child.stderr.read()
            self.assertEqual(err, b"mlx-audio: interrupted\n")


class Import(CliTest):
    """`models import` cannot be stopped half-way, but be ended."""

    def setUp(self):
        super().setUp()
        self.weights = program.CACHE / "weights" / "tiny.en"
        if not (self.weights / ".setup.json").is_file():
            program.lacks(f"no {self.weights}: run `make setup`")
        self.cache = self.empty_cache()
        self.models = self.cache / "models"
        self.models.mkdir()

    def start(self):
        """An import that is writing now."""
        child = subprocess.Popen(
            self.command("models", "import", self.weights, "--name", "mine"),
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, preexec_fn=heed_signals,
            env=dict(self.environment(), MLXAUDIO_CACHE=str(self.cache)))
        self.addCleanup(Interrupt.end, child)
        while child.poll() is None and not self.files_below(self.models):
            time.sleep(0.002)
        return child

    def test_the_first_signal_lets_it_finish(self):
        for number in (signal.SIGINT, signal.SIGTERM):
            with self.subTest(number):
                child = self.start()
                child.send_signal(number)
                out, err = child.communicate(timeout=120)
                self.assertEqual(child.returncode, DONE, err)
                self.assertIn(b"models/mine: ", out)
                self.assertEqual(
                    err, b"mlx-audio: finishing the import first; interrupt "
                    b"again to end at once\n")
                self.assertIn("mine/model.safetensors",
                              self.files_below(self.models))
                shutil.rmtree(self.models / "mine")

    def test_the_second_ends_it_and_the_next_import_clears_up(self):
        child = self.start()
        child.send_signal(signal.SIGINT)
        self.assertIn(b"finishing", child.stderr.readline())
        child.send_signal(signal.SIGINT)
        child.communicate(timeout=120)
        self.assertEqual(child.returncode, INTERRUPTED)
        self.assertFalse((self.models / "mine").exists())
        child = self.start()
        _, err = child.communicate(timeout=120)
        self.assertEqual((child.returncode, err), (DONE, b""))
        self.assertEqual(sorted(p.name for p in self.models.iterdir()), ["mine"])


if __name__ == "__main__":
    unittest.main()
