# SPDX-License-Identifier: MIT
import unittest

import bench_path  # noqa: F401
from harness.words import difference, words


class Words(unittest.TestCase):
    def test_are_without_case_and_punctuation(self):
        self.assertEqual(words("And so, my fellow--Americans: don't!"),
                         ["and", "so", "my", "fellow", "americans", "don't"])  # fmt: skip
        self.assertEqual(words("'Tis Größe\n12"), ["tis", "größe", "12"])
        self.assertEqual(words(" ... "), [])

    def test_differ_by_the_least_number_of_changes(self):
        self.assertEqual(difference("ask not what", "Ask not, what."), 0)
        self.assertEqual(difference("ask not what", "ask what"), 1)
        self.assertEqual(difference("ask what", "ask not what"), 1)
        self.assertEqual(difference("a b c d", "b c x d e"), 3)
        self.assertEqual(difference("", "a b"), 2)
        self.assertEqual(difference("a b", ""), 2)


if __name__ == "__main__":
    unittest.main()
