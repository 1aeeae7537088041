# SPDX-License-Identifier: MIT
import unittest

import made
from harness import summary


class Summary(unittest.TestCase):
    def test_a_spread_leaves_out_what_is_not_known(self):
        self.assertEqual(summary.spread([3, None, 1, 2]), {"min": 1, "median": 2, "max": 3})
        self.assertIsNone(summary.spread([None]))

    def test_of_whole_processes(self):
        result = made.document()["cases"][0]["results"]["mlx-audio"]["whole"]
        self.assertEqual(result["wall"], {"min": 1.0, "median": 1.1, "max": 1.2})
        self.assertEqual(result["cpu"]["median"], 2.2)
        self.assertEqual(result["first"]["median"], 0.55)
        self.assertAlmostEqual(result["real_time_factor"], 0.1)
        self.assertEqual(result["peak"], 100e6)

    def test_of_warm_sessions(self):
        results = made.document()["cases"][0]["results"]
        ours = results["mlx-audio"]["warm"]
        self.assertEqual(ours["seconds"], {"min": 0.5, "median": 0.6, "max": 0.7})
        self.assertAlmostEqual(ours["tokens_per_second"], 10 / 0.6)
        self.assertEqual(ours["ready"]["median"], 0.25)
        self.assertIsNone(results["peer b"]["warm"]["tokens_per_second"])

    def test_words_are_compared_with_ours(self):
        results = made.document()["cases"][0]["results"]
        self.assertEqual({n: r["words_differ"] for n, r in results.items()},
                         {"mlx-audio": 0, "mlx-audio int8": 1, "peer <a>": 0, "peer b": 2})  # fmt: skip

    def test_raw_samples_are_kept(self):
        self.assertEqual(made.document()["cases"][0]["samples"], made.RAW)


if __name__ == "__main__":
    unittest.main()
