# SPDX-License-Identifier: MIT
"""What a person at a terminal sees, and a pipe does not."""

import os
import pty
import subprocess
import unittest

import sounds
import toy_model
from program import DONE, SOME_FAILED, CliTest, heed_signals


class Terminal(CliTest):
    def on_terminal(self, *arguments, verb="transcribe", **environment):
        """Exit code, standard output (a pipe) and standard error (a terminal)."""
        ours, theirs = pty.openpty()
        child = subprocess.Popen(
            self.command(verb, "--model", toy_model.english(), *arguments),
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=theirs,
            cwd=self.folder, preexec_fn=heed_signals,
            env={**self.environment(), "TERM": "xterm", **environment})
        os.close(theirs)
        seen = b""
        while True:
            try:
                piece = os.read(ours, 4096)
            except OSError:  # how a terminal says that all is read
                break
            if not piece:
                break
            seen += piece
        os.close(ours)
        out = child.communicate()[0]
        return child.returncode, out.decode(), seen.decode()

    def test_progress_is_shown_and_taken_away(self):
        sounds.write_tone(self.folder / "a.wav", seconds=70)
        code, out, seen = self.on_terminal("a.wav")
        self.assertEqual(code, DONE, seen)
        self.assertIn("loading", seen)
        self.assertRegex(seen, r"a\.wav \[=* *\] +\d+% \d:\d\d / 1:10")
        self.assertRegex(seen, r"\d+\.\dx, \d+:\d\d left")
        self.assertTrue(seen.endswith("\r\x1b[K"), repr(seen[-40:]))
        self.assertEqual(out, self.transcribe("a.wav").out)

    def test_an_evaluation_says_which_file_it_is_at(self):
        sounds.write_tone(self.folder / "a.wav", seconds=70)
        (self.folder / "m.jsonl").write_text(
            '{"audio": "a.wav", "text": "x"}\n'
            '{"audio": "missing.wav", "text": "x"}\n', "utf-8")
        code, out, seen = self.on_terminal("m.jsonl", verb="evaluate")
        self.assertEqual(code, SOME_FAILED, seen)
        self.assertRegex(seen, r"\[1/2\] a\.wav \[=* *\] +\d+% ")
        self.assertIn("\r\x1b[Kmlx-audio: m.jsonl, line 2: ", seen)
        self.assertNotIn("\x1b", out)

    def test_a_dumb_terminal_gets_no_escapes(self):
        sounds.write_tone(self.folder / "a.wav")
        code, _, seen = self.on_terminal("a.wav", TERM="dumb")
        self.assertEqual((code, seen), (DONE, ""))

    def test_a_pipe_gets_no_progress(self):
        sounds.write_tone(self.folder / "a.wav", seconds=40)
        self.assertEqual(self.transcribe("a.wav").err, "")


if __name__ == "__main__":
    unittest.main()
