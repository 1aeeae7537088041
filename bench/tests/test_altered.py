# SPDX-License-Identifier: MIT
import math
import tempfile
import unittest
from fractions import Fraction
from pathlib import Path

import bench_path  # noqa: F401
from harness import altered, clips, texts
from harness.paths import Refused


def tone(hertz, rate, seconds=0.5):
    return [0.5 * math.sin(2 * math.pi * hertz * i / rate) for i in range(int(rate * seconds))]


def power(samples):
    return sum(x * x for x in samples) / len(samples)


class Resampling(unittest.TestCase):
    def test_a_tone_stays_what_it_is(self):
        made, wanted = altered.at_speed(tone(1000, 24000), 24000, 1.0), tone(1000, 16000)
        self.assertEqual(len(made), len(wanted))
        for a, b in list(zip(made, wanted))[100:-100]:
            self.assertAlmostEqual(a, b, places=4)

    def test_a_speed_moves_a_tone(self):
        made, wanted = altered.at_speed(tone(1000, 16000), 16000, 1.1), tone(1100, 16000)
        for a, b in list(zip(made, wanted))[100:-100]:
            self.assertAlmostEqual(a, b, places=4)

    def test_what_the_new_rate_cannot_have_is_taken_out(self):
        made = altered.at_speed(tone(10000, 24000), 24000, 1.0)
        self.assertLess(max(map(abs, made[100:-100])), 0.001)

    def test_the_same_rate_changes_nothing(self):
        self.assertEqual(altered.resampled([0.1, 0.2], Fraction(1)), [0.1, 0.2])


class Noise(unittest.TestCase):
    def test_is_so_far_below_the_speech(self):
        clean = tone(300, 16000, 2)
        for decibels in (20, 10):
            noise = [a - b for a, b in zip(altered.with_noise(clean, decibels, 1), clean)]
            self.assertAlmostEqual(10 * math.log10(power(clean) / power(noise)), decibels, delta=0.2)

    def test_is_the_same_each_time(self):
        clean = tone(300, 16000)
        self.assertEqual(altered.with_noise(clean, 10, 3), altered.with_noise(clean, 10, 3))
        self.assertNotEqual(altered.with_noise(clean, 10, 3), altered.with_noise(clean, 10, 4))

    def test_a_file_holds_it(self):
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "a.wav"
            altered.write(path, [0.5, -2.0, 2.0])
            samples, rate = altered.read_mono(path)
        self.assertEqual(rate, clips.RATE)
        self.assertAlmostEqual(samples[0], 0.5, places=4)
        self.assertEqual(samples[1], -1.0)

    def test_what_is_no_sound_is_refused(self):
        with self.assertRaises(Refused):
            altered.read_mono(Path(__file__))


class Texts(unittest.TestCase):
    def test_words_are_counted_over_all_and_errors_where_the_text_is_known(self):
        exact, own = ["ask not what", "ten of clubs"], ["ask now what", "ten of clubs"]
        found = texts.compare(own, exact, ["Ask not what.", None])
        self.assertEqual((found["words"], found["words_differ"], found["clips_differ"]), (6, 1, 1))
        self.assertEqual(found["known_words"], 3)
        self.assertAlmostEqual(found["error_rate"], 100 / 3)
        self.assertEqual(found["error_rate_f32"], 0)

    def test_nothing_known_has_no_rate(self):
        self.assertIsNone(texts.compare(["a"], ["a"], [None])["error_rate"])

    def test_transcriptions_are_found_by_file(self):
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "t"
            path.write_text("<s> ten of  clubs  </s> (001)\n<s> five five </s> (a_b-2)\n")
            self.assertEqual(texts.transcriptions(path), {"001": "ten of clubs", "a_b-2": "five five"})
            self.assertEqual(texts.transcriptions(Path(folder) / "none"), {})


if __name__ == "__main__":
    unittest.main()
