# SPDX-License-Identifier: MIT
"""Audio that is odd, damaged or none at all."""

import json
import struct
import unittest

import sounds
from program import DONE, INPUT, SOME_FAILED, CliTest


class BadAudio(CliTest):
    def assert_refused(self, name, data, *parts):
        path = self.folder / name
        path.write_bytes(data)
        result = self.transcribe(path)
        self.assertEqual(result.out, "")
        self.assert_fails(result, INPUT, name, *parts)

    def test_missing(self):
        self.assert_fails(self.transcribe("none.wav"), INPUT, "none.wav")

    def test_folder(self):
        (self.folder / "clips").mkdir()
        self.assert_fails(self.transcribe("clips"), INPUT, "clips")

    def test_empty(self):
        self.assert_refused("empty.wav", b"")

    def test_not_audio(self):
        self.assert_refused("notes.wav", b"These are notes, not sounds.\n" * 99)

    def test_impossible_headers(self):
        whole = sounds.wav(sounds.pcm16(sounds.tone(1)))
        for at, size, what in ((22, 2, "0 channels"), (24, 4, "rate is 0 Hz")):
            with self.subTest(what):
                self.assert_refused(
                    "odd.wav", whole[:at] + bytes(size) + whole[at + size:],
                    what, "its header is damaged, get a whole copy")

    def test_truncated_header(self):
        whole = sounds.wav(sounds.pcm16(sounds.tone(1)))
        self.assert_refused("cut.wav", whole[:20])

    def test_truncated_data(self):
        whole = sounds.wav(sounds.pcm16(sounds.tone(1)))
        self.assert_refused("cut.wav", whole[:len(whole) // 2])

    def test_no_samples(self):
        self.assert_refused("silent.wav", sounds.wav(b""))

    def test_nan_samples(self):
        samples = sounds.tone(1)
        samples[5000] = float("nan")
        data = struct.pack(f"<{len(samples)}f", *samples)
        self.assert_refused("nan.wav", sounds.wav(data, bits=32, kind=3))


class OddAudio(CliTest):
    def assert_done(self, name, data):
        path = self.folder / name
        path.write_bytes(data)
        result = self.transcribe(path)
        self.assertEqual(result.code, DONE, result.err)
        self.assertEqual(result.err, "")
        return result.out

    def test_one_sample(self):
        self.assertEqual(
            self.assert_done("one.wav", sounds.wav(sounds.pcm16([0.5]))), "")

    def test_three_channels(self):
        frames = [x for x in sounds.tone(1) for _ in range(3)]
        self.assertTrue(
            self.assert_done("three.wav",
                             sounds.wav(sounds.pcm16(frames), channels=3)))

    def test_eight_bit(self):
        data = bytes(int(128 + 100 * x) for x in sounds.tone(1))
        self.assertTrue(self.assert_done("eight.wav", sounds.wav(data, bits=8)))

    def test_192_khz(self):
        data = sounds.pcm16(sounds.tone(1, rate=192000))
        self.assertTrue(
            self.assert_done("fast.wav", sounds.wav(data, rate=192000)))


class Batches(CliTest):
    def test_the_others_are_done(self):
        sounds.write_tone(self.folder / "a.wav")
        (self.folder / "b.wav").write_bytes(b"nothing")
        sounds.write_tone(self.folder / "c.wav")
        result = self.transcribe("a.wav", "b.wav", "none.wav", "c.wav",
                                 "-o", "out", "-f", "txt")
        self.assertEqual(result.code, SOME_FAILED, result.err)
        lines = result.err.splitlines()
        self.assertEqual(len(lines), 2, result.err)
        self.assertIn("b.wav", lines[0])
        self.assertIn("none.wav", lines[1])
        self.assertEqual(self.files_below(self.folder / "out"),
                         ["a.txt", "c.txt"])

    def test_each_bad_kind_between_two_good_ones(self):
        tone = sounds.tone(1)
        whole = sounds.wav(sounds.pcm16(tone))
        tone[5000] = float("nan")
        nan = sounds.wav(struct.pack(f"<{len(tone)}f", *tone), bits=32, kind=3)
        for name in ("a.wav", "c.wav"):
            sounds.write_tone(self.folder / name)
        good = self.transcribe("a.wav").out
        (self.folder / "folder.wav").mkdir()
        for name, data, part in (
                ("missing.wav", None, "does not exist"),
                ("folder.wav", None, "is a folder"),
                ("x" * 300 + ".wav", None, "File name too long"),
                ("empty.wav", b"", "is empty"),
                ("cut.wav", whole[:len(whole) // 2], "was cut short"),
                ("text.wav", b"These are notes.\n" * 99, "no format"),
                ("nan.wav", nan, "NaN")):
            if data is not None:
                (self.folder / name).write_bytes(data)
            for size in ("1", "2"):
                with self.subTest(name=name[:20], batch_size=size):
                    result = self.transcribe("a.wav", name, "c.wav",
                                             "--batch-size", size)
                    self.assert_fails(result, SOME_FAILED, name)
                    if name != "text.wav": # ffmpeg may have its own words
                        self.assertIn(part, result.err)
                    self.assertEqual(
                        result.out,
                        f"==> a.wav <==\n{good}==> c.wav <==\n{good}")

    def test_all_failed(self):
        result = self.transcribe("x.wav", "y.wav", "-o", "out")
        self.assertEqual(result.code, INPUT, result.err)
        self.assertEqual(len(result.err.splitlines()), 2)

    def test_patterns(self):
        for name in ("a.wav", "b.wav", "c[1].wav"):
            sounds.write_tone(self.folder / name)
        result = self.transcribe("[ab].wav", "c[1].wav", "-o", "out", "-f", "txt")
        self.assertEqual(result.code, DONE, result.err)
        self.assertEqual(self.files_below(self.folder / "out"),
                         ["a.txt", "b.txt", "c[1].txt"])
        self.assert_fails(self.transcribe("*.flac"), INPUT, "*.flac")

    def test_headings_tell_inputs_apart(self):
        for name in ("a.wav", "b.wav"):
            sounds.write_tone(self.folder / name)
        one = self.transcribe("a.wav").out
        both = self.transcribe("a.wav", "b.wav").out
        self.assertEqual(
            both, f"==> a.wav <==\n{one}==> b.wav <==\n{one}")

    def test_standard_input(self):
        path = sounds.write_tone(self.folder / "a.wav")
        named = self.transcribe(path)
        piped = self.transcribe("-", input=path.read_bytes())
        self.assertEqual(piped.code, DONE, piped.err)
        self.assertTrue(named.out)
        self.assertEqual(piped.out, named.out)
        filed = self.transcribe("-", "-o", "out", "-f", "txt",
                                input=path.read_bytes())
        self.assertEqual(filed.code, DONE, filed.err)
        self.assertEqual((self.folder / "out/stdin.txt").read_text("utf-8"),
                         named.out)

    def test_a_stream_that_was_cut_short(self):
        whole = sounds.wav(sounds.pcm16(sounds.tone(1)))
        for cut in (len(whole) // 2, len(whole) // 2 + 1, len(whole) - 1, 30):
            with self.subTest(cut):
                result = self.transcribe("-", input=whole[:cut])
                self.assertEqual(result.out, "")
                self.assert_fails(result, INPUT, "standard input")

    def test_a_stream_that_ends_in_the_middle_of_a_frame(self):
        # Programs that write to a pipe do not know the length; what is whole
        # counts, as for ffmpeg.
        frames = [x for x in sounds.tone(1) for _ in range(2)]
        data = sounds.wav(sounds.pcm16(frames), channels=2)
        at = data.index(b"data") + 4
        stream = (data[:4] + b"\xff" * 4 + data[8:at] + b"\xff" * 4
                  + data[at + 4:])
        whole = self.transcribe("-", "-f", "json", input=stream[:-4])
        self.assertEqual(whole.code, DONE, whole.err)
        self.assertTrue(json.loads(whole.out)["segments"])
        for missing in (1, 2, 3):
            with self.subTest(missing):
                cut = self.transcribe("-", "-f", "json",
                                      input=stream[:-missing])
                self.assertEqual(cut.code, DONE, cut.err)
                self.assertEqual(cut.out, whole.out)

    def test_nothing_on_the_standard_input(self):
        self.assert_fails(self.transcribe("-", input=b""), INPUT,
                          "check the program that writes to it")


if __name__ == "__main__":
    unittest.main()
