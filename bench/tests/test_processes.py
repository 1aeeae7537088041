# SPDX-License-Identifier: MIT
"""Processes, their samples and their turns, with small programs of the tests' own."""

import os
import sys
import tempfile
import unittest
from pathlib import Path

import bench_path
from harness import cases, contestants, phases, processes, rounds, samples
from harness.paths import Refused

ENVIRONMENT = {**os.environ, "PYTHONPATH": str(bench_path.BENCH / "peers")}
SLOW = """
import sys, time
print("  ", flush=True)
time.sleep(0.1)
print("first", flush=True)
time.sleep(0.2)
print("second", end="")
"""
# Answers as a peer does, without a model.
PEER = """
import protocol
given = protocol.options()
def transcribe(take):
    take("ask")
    take("not")
    return 7
print("chatter of a library")
protocol.answer(given, transcribe, {"beam": given.beam})
"""


def python(code, *arguments):
    return processes.run([sys.executable, "-c", code, *arguments], ENVIRONMENT)


def peer(*more):
    return python(PEER, "--model", "m", "--clip", "c", "--threads", "1", "--beam", "0", *more)


def someone(name, code, ours=False, compute=""):
    def command(case, mode, clip):
        warm = ["--warm", "1"] if mode == cases.WARM else []
        return [sys.executable, "-c", code, "--model", case.model, "--clip", clip, "--threads", "1", "--beam",
                str(case.beam), *warm]  # fmt: skip

    return contestants.Contestant(name, command, ENVIRONMENT, ours=ours, compute=compute, beams="beamless" not in name)


class Processes(unittest.TestCase):
    def test_lines_have_the_time_that_they_came(self):
        run = python(SLOW)
        self.assertEqual([text for _, text in run.lines], ["  ", "first", "second"])
        self.assertEqual(run.first, run.lines[1][0])
        self.assertGreaterEqual(run.first - run.lines[0][0], 0.09)
        self.assertGreaterEqual(run.wall - run.first, 0.19)
        self.assertGreater(run.peak, 1e6)
        self.assertGreater(run.cpu, 0)

    def test_a_failure_is_told_by_its_last_line(self):
        with self.assertRaisesRegex(Refused, r"failed \(2\): no such thing"):
            python("import sys; print('a', file=sys.stderr); print('no such thing', file=sys.stderr); sys.exit(2)")

    def test_nothing_said_is_no_first_line(self):
        self.assertIsNone(python("pass").first)


class Samples(unittest.TestCase):
    def test_of_a_whole_process(self):
        sample = samples.whole_sample(peer())
        self.assertIn("ask\nnot", sample["text"])

    def test_of_a_session(self):
        sample = samples.warm_sample(peer("--warm", "2"))
        self.assertEqual(len(sample["seconds"]), 2)
        self.assertEqual((sample["tokens"], sample["text"], sample["settings"]), (7, "ask not", {"beam": 0}))
        self.assertGreater(sample["ready"], 0)

    def test_of_a_session_that_says_nothing(self):
        for code in ("pass", "print('3')", "print('{\"type\": \"ready\"}')"):
            with self.assertRaises(Refused):
                samples.warm_sample(python(code))


class Rounds(unittest.TestCase):
    case = cases.Case("base", "short", 0)

    class Clip:
        path, name, seconds = "clip.wav", "clip", 1.0

    def test_the_first_round_does_not_count(self):
        said = []
        everybody = [someone("a", PEER), someone("b", PEER)]
        raw = rounds.measure(everybody, self.case, self.Clip, 2, said.append)
        for name in ("a", "b"):
            self.assertEqual(len(raw[name]["whole"]), 2)
            self.assertEqual(len(raw[name]["warm"]), 2)
        self.assertEqual(sum("round 0" in line for line in said), 2)

    def test_who_goes_first_changes(self):
        self.assertEqual([rounds.order([1, 2, 3], n)[0] for n in range(4)], [1, 2, 3, 1])

    def test_neither_of_two_ways_is_always_first(self):
        batch = cases.SUITES["batch"][0]
        self.assertEqual([rounds.modes_of(batch, n)[0] for n in range(4)],
                         [cases.APART, cases.TOGETHER, cases.APART, cases.TOGETHER])  # fmt: skip
        self.assertEqual(rounds.modes_of(self.case, 1), self.case.modes)

    def test_who_has_no_beams_does_not_enter(self):
        beams = cases.Case("base", "short", 5, ("whole",))
        raw = rounds.measure([someone("a", PEER), someone("beamless", PEER)], beams, self.Clip, 1, lambda _: None)
        self.assertEqual(list(raw), ["a"])
        self.assertEqual(rounds.without_beams([someone("a", PEER), someone("beamless", PEER)], beams), ["beamless"])

    def test_peers_stay_out_of_what_is_ours_alone(self):
        alone = cases.Case("base", "long", 0, ("whole",), alone=True)
        self.assertTrue(rounds.enters(someone("mlx-audio", PEER, True), alone))
        self.assertFalse(rounds.enters(someone("a", PEER), alone))

    def test_a_variant_that_is_refused_is_skipped_loudly(self):
        said = []
        refuses = "import sys; sys.exit('unknown option --compute')"
        able, refused = rounds.tried(
            [someone("mlx-audio f32", PEER, True), someone("mlx-audio int8", refuses, True), someone("b", refuses)],
            self.case, self.Clip, said.append,
        )  # fmt: skip
        self.assertEqual([c.name for c in able], ["mlx-audio f32", "b"])
        self.assertIn("unknown option --compute", refused["mlx-audio int8"])
        self.assertEqual(len(said), 1)
        self.assertIn("SKIPPED: mlx-audio int8", said[0])


class Commands(unittest.TestCase):
    greedy = cases.Case("base", "short", 0)

    def test_ours_with_and_without_variants(self):
        plain, = contestants.ours("p", 2, [], {}, {})
        self.assertEqual((plain.name, plain.compute), ("mlx-audio", "f32"))
        self.assertNotIn("--compute", plain.command(self.greedy, cases.WHOLE, "c"))
        f32, int8 = contestants.ours("p", 2, ["f32", "int8"], {"MLXAUDIO_ISA": "avx2"}, {})
        self.assertEqual((f32.name, int8.name), ("mlx-audio f32", "mlx-audio int8"))
        command = int8.command(self.greedy, cases.WARM, "c")
        self.assertEqual(command[:6], ["p", "bench", "--json", "--session-only", "--runs", "1"])
        self.assertEqual(command[-3:], ["--compute", "int8", "c"])
        self.assertEqual(int8.environment["MLXAUDIO_ISA"], "avx2")

    def test_several_clips_are_given_one_by_one_and_together(self):
        plain, = contestants.ours("p", 2, [], {}, {})
        case = cases.Case("base", "dense", 0, (cases.APART, cases.TOGETHER), alone=True)
        apart, together = (plain.command(case, mode, ("a", "b")) for mode in case.modes)
        self.assertEqual(apart[-2:], ["a", "b"])
        self.assertNotIn("--batch-size", apart)
        self.assertEqual(together, [*apart[:6], "--batch-size", "4", *apart[6:]])
        self.assertTrue(rounds.enters(plain, case))

    def test_words_are_compared_with_those_of_f32(self):
        both = contestants.ours("p", 2, ["int8", "f32"], {}, {})
        self.assertEqual(contestants.exact(both).name, "mlx-audio f32")
        self.assertEqual(contestants.exact(both[:1]).name, "mlx-audio int8")

    def test_ours_takes_no_defaults_of_a_users(self):
        self.assertEqual(contestants.without_defaults({"MLXAUDIO_TRANSCRIBE_THREADS": "1", "HOME": "h"}), {"HOME": "h"})
        plain, = contestants.ours("p", 2, [], {}, {})
        self.assertIn("--no-config", plain.command(self.greedy, cases.WHOLE, "c"))

    def test_peers_are_chosen_by_parts_of_their_names(self):
        everybody = contestants.ours("p", 2, [], {}, {}) + contestants.peers(2, {}, {})
        names = [c.name for c in contestants.chosen(everybody, "int8,q8")]
        self.assertEqual(names, ["mlx-audio", "faster-whisper int8", "pywhispercpp q8_0", "ctranslate2 int8"])
        self.assertEqual(contestants.chosen(everybody, None), everybody)

    def test_openai_whisper_enters_where_asked_for(self):
        names = {c.name for c in contestants.peers(2, {}, {}, "/usr/bin/python3")}
        self.assertLessEqual({"openai-whisper f32", "pytorch f32"}, names)
        self.assertNotIn("openai-whisper f32", {c.name for c in contestants.peers(2, {}, {})})


class Encoders(unittest.TestCase):
    base = cases.Case("base", "short", 0, (cases.ENCODER,))
    large = cases.Case(cases.LARGE, "short", 0, (cases.ENCODER,))

    def test_are_timed_beside_encoders_alone(self):
        everybody = contestants.ours("p", 2, [], {}, {}) + contestants.peers(2, {}, {}, "python-of-mine")

        def who(case):
            return [c.name for c in everybody if rounds.enters(c, case)]

        self.assertEqual(who(self.base), ["mlx-audio", "ctranslate2 f32", "ctranslate2 int8", "pytorch f32"])
        self.assertEqual(who(self.large), who(self.base)[:-1])
        self.assertNotIn("ctranslate2 f32", who(cases.Case("base", "short", 0)))
        command = everybody[0].command(self.base, cases.ENCODER, "c")
        self.assertEqual(command[1:4], ["bench", "--json", "--encoder-only"])

    def test_sample(self):
        sample = samples.encoder_sample(python('print(\'{"type": "phase", "name": "encoder", "samples": [2]}\')'))
        self.assertEqual(sample["seconds"], [2])
        with self.assertRaises(Refused):
            samples.encoder_sample(python("print(1)"))


class Phases(unittest.TestCase):
    def test_are_read_of_lines(self):
        found = phases.read(['{"type": "ready"}', '{"type": "roofline", "bandwidth": 2}', "",
                             '{"type": "phase", "name": "step", "flops": 1}'])  # fmt: skip
        self.assertEqual(found["roofline"]["bandwidth"], 2)
        self.assertEqual(found["phases"]["step"]["flops"], 1)


class Program(unittest.TestCase):
    def run_bench(self, *arguments):
        return processes.run([sys.executable, bench_path.BENCH / "run.py", *arguments], dict(os.environ))

    def test_says_in_one_line_what_is_missing(self):
        with self.assertRaisesRegex(Refused, "nowhere is missing: run `make` first"):
            self.run_bench("--program", "nowhere")

    def test_counts_are_checked(self):
        for option in ("--rounds", "--threads"):
            with self.assertRaisesRegex(Refused, f"{option}: expected 1 or more, got 0"):
                self.run_bench(option, "0")


if __name__ == "__main__":
    unittest.main()
