# SPDX-License-Identifier: MIT
"""Memory does not grow with the length of the audio."""

import os
import subprocess
import unittest
import wave

import toy_model
from program import CliTest, DONE

RATE = 16000


class Memory(CliTest):
    def sound(self, minutes):
        """A file of a tone that a toy model says something to."""
        path = self.folder / f"{minutes}.wav"
        second = b"".join(((i * i * 7919) % 20000 - 10000).to_bytes(2, "little", signed=True)
                          for i in range(RATE))
        with wave.open(str(path), "wb") as file:
            file.setnchannels(1)
            file.setsampwidth(2)
            file.setframerate(RATE)
            for _ in range(minutes):
                file.writeframes(second * 60)
        return path

    def peak(self, *arguments, stdin=subprocess.DEVNULL):
        """Most memory of a run. \\unit MB"""
        with subprocess.Popen(
                self.command("transcribe", "--model", toy_model.english(),
                             "--sample-len", "1", *arguments),
                stdin=stdin, stdout=subprocess.DEVNULL, env=self.environment()) as process:
            _, status, usage = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
        self.assertEqual(process.returncode, DONE)
        return usage.ru_maxrss / 1024

    def test_of_an_hour_is_that_of_three_minutes(self):
        short, long = self.sound(3), self.sound(60)
        # An hour's samples are 115 MB as they are in the file.
        self.assertLess(self.peak(long) - self.peak(short), 12)
        with open(long, "rb") as file:
            self.assertLess(self.peak("-", stdin=file) - self.peak(short), 12)


if __name__ == "__main__":
    unittest.main()
