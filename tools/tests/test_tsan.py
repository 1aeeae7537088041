# SPDX-License-Identifier: MIT
"""Which reports of ThreadSanitizer count as our own."""

import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
import tsan


def stack(*modules):
    return "".join(f"    #{i} f(int) src/a.cpp:3 ({m}+0x1a2b)\n" for i, m in enumerate(modules))


def report(first, second):
    return (
        "==================\n"
        "WARNING: ThreadSanitizer: data race (pid=7)\n"
        f"  Write of size 8 at 0x7b04 by thread T1:\n{stack(*first)}\n"
        f"  Previous atomic read of size 8 at 0x7b04 by main thread:\n{stack(*second)}\n"
        f"  Thread T1 (tid=8, running) created by main thread at:\n{stack('libtsan.so.2', 'engine_test')}\n"
        "SUMMARY: ThreadSanitizer: data race\n"
        "==================\n"
    )


MLX = ("libtsan.so.2", "libmlx.so", "engine_test")


class Reports(unittest.TestCase):
    def ours(self, text):
        return [tsan.is_ours(r) for r in tsan.reports(text)]

    def test_are_not_ours_between_libraries(self):
        self.assertEqual(self.ours(report(MLX, ("libmlx.so",))), [False])

    def test_are_ours_where_our_code_touched_the_memory(self):
        ours = ("libtsan.so.2", "engine_test", "libmlx.so")
        self.assertEqual(self.ours(report(ours, MLX) + report(MLX, ours) + report(MLX, MLX)), [True, True, False])

    def test_are_judged_by_what_is_known(self):
        lost = ("libtsan.so.2",)
        self.assertEqual(self.ours(report(MLX, lost) + report(("engine_test",), lost)), [False, True])
        self.assertEqual(self.ours(report(lost, lost)), [True])

    def test_are_ours_if_they_are_no_race(self):
        text = "WARNING: ThreadSanitizer: lock-order-inversion (potential deadlock) (pid=7)\n" + stack("libmlx.so")
        self.assertEqual(self.ours(text), [True])

    def test_are_counted(self):
        self.assertEqual(self.ours("[ RUN ] nothing here\n"), [])


if __name__ == "__main__":
    unittest.main()
