# SPDX-License-Identifier: MIT
import copy
import unittest

import bench_path  # noqa: F401
import made
import run
from harness import targets


def rows(document, name):
    return [r for r in targets.judge(document, targets.read()) if r["name"] == name]


class Targets(unittest.TestCase):
    def test_a_ratio_is_over_the_best_peer(self):
        row, = rows(made.document(), "whole process, greedy, f32")
        self.assertAlmostEqual(row["value"], 1.1 / 2.2)
        self.assertEqual(row["about"], "base, greedy, short clip, against peer <a>")
        self.assertEqual(row["verdict"], targets.MET)

    def test_each_figure_has_a_best_peer_of_its_own(self):
        row, = rows(made.document(), "peak memory, f32, against the smallest")
        self.assertAlmostEqual(row["value"], 100 / 80)
        self.assertEqual(row["verdict"], targets.MISSED)

    def test_a_peer_may_be_named(self):
        row, = rows(made.document(), "peak memory, f32, against faster-whisper f32")
        self.assertEqual(row["verdict"], targets.OPEN)

    def test_length_is_set_against_length(self):
        document = made.document()
        name = "time of half an hour, over that of as many minutes"
        self.assertEqual(rows(document, name)[0]["verdict"], targets.OPEN)
        first = document["cases"][0]
        minute, hour = copy.deepcopy(first), copy.deepcopy(first)
        minute.update(clip="long", seconds=60.0)
        hour.update(clip="half-hour", seconds=1800.0)
        hour["results"]["mlx-audio"]["whole"].update(peak=150e6, wall={"min": 1, "median": 1.1 * 33, "max": 99})
        document["cases"] = [minute, hour]
        row, = rows(document, name)
        self.assertAlmostEqual(row["value"], 1.1)
        row, = rows(document, "memory of half an hour, over that of a minute")
        self.assertEqual((row["value"], row["verdict"]), (1.5, targets.MISSED))

    def test_clips_together_are_set_against_one_by_one(self):
        name = "4 dense clips, one warm session, batch 4 over one by one"
        self.assertEqual(rows(made.document(), name)[0]["verdict"], targets.OPEN)
        row, = rows(made.together(), name)
        self.assertEqual((row["about"], row["value"]), ("base, greedy, dense clips", 0.75))
        self.assertEqual(row["verdict"], targets.MET)
        self.assertFalse(any("together" in b for b in run.complaints(made.together())))
        bad = run.complaints(made.together("ask not that"))
        self.assertTrue(any("mlx-audio has other words together" in b for b in bad), bad)

    def test_encoders_are_compared_by_themselves(self):
        row, = rows(made.document(), "encoder of base, f32, against PyTorch's")
        self.assertAlmostEqual(row["value"], 0.6)
        self.assertEqual(row["about"], "encoder of base, against pytorch f32")

    def test_parts_are_over_the_machines_best(self):
        row, = rows(made.document(), "encoder of base over its products' time")
        self.assertAlmostEqual(row["value"], 1 / 0.8)
        self.assertEqual(row["verdict"], targets.MET)
        row, = rows(made.document(), "decoder step of base over its bytes' time")
        self.assertEqual((row["value"], row["verdict"]), (2.0, targets.MISSED))

    def test_words_are_counted_over_all_clips(self):
        row, = rows(made.document(), "words of int8 that differ from f32's, in 1000")
        self.assertAlmostEqual(row["value"], 1000 / 3)
        self.assertEqual(row["verdict"], targets.MISSED)

    def test_what_did_not_run_is_not_met(self):
        row, = rows(made.document(), "whole process, greedy, bf16")
        self.assertEqual((row["value"], row["verdict"]), (None, targets.OPEN))
        row, = rows(made.document(), "whole process, beam 5, f32")
        self.assertEqual(row["verdict"], targets.OPEN)

    def test_check_fails_for_what_is_missed_or_skipped(self):
        bad = run.complaints(made.document())
        self.assertTrue(any("peak memory, f32, against the smallest" in b for b in bad), bad)
        self.assertTrue(any("mlx-audio bf16: no such products" in b for b in bad), bad)
        self.assertFalse(any("same words" in b for b in bad), bad)

    def test_check_fails_where_no_peer_has_our_words(self):
        raw = copy.deepcopy(made.RAW)
        for sample in raw["peer <a>"]["whole"]:
            sample["text"] = "something else"
        self.assertTrue(any("same words" in b for b in run.complaints(made.document(raw))))

    def test_every_target_speaks_of_a_figure_that_there_is(self):
        names = [t["name"] for t in targets.read()]
        self.assertEqual(len(names), len(set(names)))
        first, second = (c["results"]["mlx-audio"] for c in made.document()["cases"])
        result = {**first, **second}
        for target in targets.read():
            self.assertGreater(target["at_most"], 0)
            if target.get("against"):
                self.assertIsNotNone(targets.figure(result, target["figure"]), target["name"])


if __name__ == "__main__":
    unittest.main()
