# SPDX-License-Identifier: MIT
import tempfile
import unittest
import unittest.mock
import wave
from pathlib import Path

import bench_path  # noqa: F401
from harness import cases, clips, machine, texts
from harness.paths import Refused


class Clips(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)

    def sound(self, name, samples, rate=16000):
        path = self.folder / name
        with wave.open(str(path), "wb") as f:
            f.setnchannels(1)
            f.setsampwidth(2)
            f.setframerate(rate)
            f.writeframes(samples)
        return path

    def test_are_joined_in_order(self):
        a, b = self.sound("a.wav", b"\1\0" * 8000), self.sound("b.wav", b"\2\0" * 16000)
        clip = clips.joined([a, b, a], self.folder / "all.wav")
        self.assertEqual((clip.name, clip.seconds), ("a + b + a", 2.0))
        self.assertEqual(clips.read_wav(clip.path), b"\1\0" * 8000 + b"\2\0" * 16000 + b"\1\0" * 8000)

    def test_a_file_may_be_given(self):
        given = self.sound("talk.wav", b"\0\0" * 1600)
        clip = clips.clip_of("short", self.folder, {}, given)
        self.assertEqual((clip.name, clip.seconds), ("talk", 0.1))

    def test_half_an_hour_is_the_long_one_repeated(self):
        given = self.sound("talk.wav", b"\1\0" * 16000 * 900)
        clip = clips.clip_of("half-hour", self.folder, {}, given)
        self.assertEqual((clip.name, clip.seconds), ("2 times talk", 1800.0))

    def test_every_case_of_a_suite_has_its_clip(self):
        short, long = self.sound("a.wav", b"\0\0" * 1600), self.sound("b.wav", b"\0\0" * 3200)
        # In the book's place: the dense clips are never given by a user.
        dense = clips.Clip((short,) * 4, "four", 0.4)
        with unittest.mock.patch.object(clips, "dense", lambda folder, environment: dense):
            for name, suite in cases.SUITES.items():
                if name != texts.SUITE:
                    found = clips.of_suite(suite, self.folder, {}, short, long)
                    self.assertLessEqual({"short", *(case.clip for case in suite)}, set(found))
                    self.assertEqual(found["short"].seconds, 0.1)
        self.assertEqual(found.keys(), {"short"})

    def test_dense_ones_are_four_of_25_seconds_and_more(self):
        for seconds in ({"jfk": 11.0, "en_man": 13.32, "en_woman": 17.76},
                        {"0870": 7.1, "0880": 2.99, "0890": 5.3, "0920": 6.05, "0930": 3.29}):  # fmt: skip
            names = clips.SHARED_DENSE if "jfk" in seconds else clips.BOOK_DENSE
            self.assertEqual(len(set(names)), 4)
            for clip in names:
                self.assertGreaterEqual(sum(seconds[name] for name in clip), 25)

    def test_files_that_are_no_such_sound_are_named(self):
        text = self.folder / "text.wav"
        text.write_text("no sound")
        for path in (text, self.folder / "missing.wav", self.sound("slow.wav", b"\0\0", 8000)):
            with self.assertRaisesRegex(Refused, f"{path.name}.*16 kHz, 16 bit, mono"):
                clips.read_wav(path)


class Machine(unittest.TestCase):
    def test_cores_are_counted_once_for_all_their_threads(self):
        def processor(number, package, core):
            return f"processor\t: {number}\nphysical id\t: {package}\ncore id\t: {core}\n"

        text = "\n".join([processor(0, 0, 0), processor(1, 0, 0), processor(2, 0, 1), processor(3, 1, 0)])
        self.assertEqual(machine.physical_cores(text), 3)

    def test_a_machine_is_described(self):
        found = machine.machine()
        self.assertTrue(found["cpu"])
        self.assertGreaterEqual(found["physical_cores"], 1)


if __name__ == "__main__":
    unittest.main()
