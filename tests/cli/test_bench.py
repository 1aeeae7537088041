# SPDX-License-Identifier: MIT
"""`mlx-audio bench`, and profiles."""

import json
import re
import unittest

import sounds
import toy_model
from program import DONE, INPUT, MODEL, USAGE, CliTest

FAST = ("--beam-size", "0", "--temperature-increment-on-fallback", "None",
        "--sample-len", "4")
GPU = "--device", "gpu"


class Bench(CliTest):
    def setUp(self):
        super().setUp()
        self.clip = sounds.write_tone(self.folder / "clip.wav")

    def bench(self, *arguments):
        return self.run_program("bench", "--model", toy_model.english(), *FAST,
                                *arguments)

    def lines(self, *arguments):
        """The lines of --json by their type."""
        result = self.bench("--json", *arguments, self.clip)
        self.assertEqual(result.code, DONE, result.err)
        self.assertEqual(result.err, "")
        by_type = {}
        for line in result.out.splitlines():
            value = json.loads(line)
            by_type.setdefault(value["type"], []).append(value)
        return by_type

    def test_a_session_is_timed_run_by_run(self):
        lines = self.lines("--session-only", "--runs", "3", "--threads", "1")
        self.assertEqual(set(lines), {"ready", "run", "session"})
        ready = lines["ready"][0]
        self.assertEqual((ready["weights"], ready["threads"]), ("f16", 1))
        runs = lines["run"]
        self.assertEqual([r["number"] for r in runs], [0, 1, 2, 3])
        self.assertEqual([r["counted"] for r in runs], [False, True, True, True])
        seconds = sorted(r["seconds"] for r in runs[1:])
        session = lines["session"][0]
        self.assertEqual(session["seconds"],
                         dict(zip(("min", "median", "max"), seconds)))
        self.assertAlmostEqual(session["real_time_factor"] * runs[0]["duration"],
                               seconds[1])
        self.assertAlmostEqual(session["tokens_per_second"] * seconds[1],
                               runs[0]["tokens"])
        self.assertGreater(session["peak_memory"], 1e6)

    def test_a_session_says_what_transcribe_says(self):
        said = json.loads(self.transcribe("--json", *FAST, self.clip).out)
        runs = self.lines("--session-only", "--runs", "1")["run"]
        for run in runs:
            self.assertEqual(run["text"], said["text"])
            self.assertEqual(run["tokens"],
                             sum(len(s["tokens"]) for s in said["segments"]))
            self.assertEqual(run["duration"], said["duration"])

    def test_phases_are_set_against_the_machine(self):
        lines = self.lines("--runs", "2")
        roofline = lines["roofline"][0]
        self.assertEqual([p["type"] for p in roofline["products"]][:1], ["f32"])
        rate = roofline["products"][0]["flops"]
        phases = {p["name"]: p for p in lines["phase"]}
        self.assertEqual(list(phases), ["mel", "encoder", "prompt", "step"])
        self.assertEqual([len(p["samples"]) for p in phases.values()],
                         [2, 2, 2, 64])
        encoder, step = phases["encoder"], phases["step"]
        self.assertAlmostEqual(
            encoder["product_share"],
            encoder["flops"] / encoder["seconds"]["median"] / rate)
        self.assertAlmostEqual(
            step["bandwidth_share"],
            step["bytes"] / step["seconds"]["median"] / roofline["bandwidth"])
        self.assertEqual(phases["mel"]["product_share"], 0)

    def test_the_encoder_can_be_timed_alone(self):
        lines = self.lines("--encoder-only", "--runs", "3")
        self.assertEqual(set(lines), {"ready", "roofline", "phase"})
        self.assertEqual([(p["name"], len(p["samples"])) for p in lines["phase"]],
                         [("mel", 3), ("encoder", 3)])

    def test_a_profile_names_operations(self):
        lines = self.lines("--session-only", "--runs", "1", "--profile")
        profile = lines["profile"][0]
        seconds = [op["seconds"] for op in profile["ops"]]
        self.assertEqual(seconds, sorted(seconds, reverse=True))
        self.assertLess(sum(seconds), profile["seconds"])
        tasks = {op["op"]: op["tasks"] for op in profile["ops"]}
        self.assertGreater(tasks["mlxaudio::LogMel"], 0)
        self.assertGreater(tasks["mlxaudio::Linear"], 10)
        for name in tasks:
            self.assertRegex(name, r"^(mlx|mlxaudio)::[\w<>]+$")

    def test_memory_is_told_by_what_holds_it(self):
        memory = self.lines("--session-only", "--runs", "1", "--memory")["memory"][0]
        held = memory["weights_in_place"]["now"] + memory["weights_copied"]["now"]
        self.assertGreater(held, 10_000)
        self.assertGreater(memory["mlx"]["most"], 0)
        # A minute of samples is read at a time.
        self.assertEqual(memory["audio"]["most"], 60 * 16000 * 4)
        self.assertGreater(memory["peak"], memory["mlx"]["most"])

    def test_a_table_for_people(self):
        result = self.bench("--runs", "1", "--profile", self.clip)
        self.assertEqual(result.code, DONE, result.err)
        first = [line.split("  ")[0] for line in result.out.splitlines()]
        for row in ("load", "transcribe", "to segment", "operation", "memory",
                    "outside operations", "mel", "encoder", "prompt", "step"):
            self.assertIn(row, first)
        self.assertRegex(result.out, r"(?m)^encoder .* % of the product rate")

    def test_defaults_of_transcribe_are_not_taken(self):
        environment = dict(self.environment(), MLXAUDIO_TRANSCRIBE_THREADS="nonsense")
        result = self.run_program(
            "bench", "--json", "--session-only", "--runs", "1", "--model",
            toy_model.english(), *FAST, self.clip, env=environment)
        self.assertEqual(result.code, DONE, result.err)

    def test_what_is_wrong_is_said_before_anything_is_timed(self):
        for arguments, code, part in [
                (("--runs", "0", self.clip), USAGE, "--runs"),
                (("--runs", "x", self.clip), USAGE, "--runs"),
                (("missing.wav",), INPUT, "missing.wav"),
                (("-",), USAGE, "standard input"),
                ((), USAGE, "FILE"),
                (("--encoder-only", "--session-only", self.clip), USAGE, "--session-only"),
                (("--encoder-only", "--profile", self.clip), USAGE, "--profile"),
                (("--profile", *GPU, self.clip), USAGE, "--profile"),
                (("--suppress-tokens", "99999999", self.clip), USAGE, "99999999"),
                (("--model", "no such model", self.clip), MODEL, "no such model")]:
            with self.subTest(arguments):
                result = self.bench(*arguments)
                self.assert_fails(result, code, part)
                self.assertEqual(result.out, "")


class Memory(CliTest):
    def test_of_transcribe_stands_on_the_standard_error(self):
        clip = sounds.write_tone(self.folder / "clip.wav")
        plain = self.transcribe(*FAST, clip)
        told = self.transcribe(*FAST, "--memory", clip)
        self.assertEqual(told.code, DONE, told.err)
        self.assertEqual(told.out, plain.out)
        rows = [re.split(r"  +", row) for row in told.err.splitlines()]
        self.assertEqual(rows[0], ["memory", "MB now MB at most"])
        names = [row[0] for row in rows]
        for name in ("weights, read in place", "MLX's arrays", "samples",
                     "kernels' scratch", "process"):
            self.assertIn(name, names)

    def test_has_a_line_of_json(self):
        clip = sounds.write_tone(self.folder / "clip.wav")
        told = self.transcribe(*FAST, "--memory", "--json", clip)
        self.assertEqual(told.code, DONE, told.err)
        types = [json.loads(line)["type"] for line in told.out.splitlines()]
        self.assertEqual(types, ["transcription", "memory"])


class Profile(CliTest):
    def test_of_transcribe_stands_on_the_standard_error(self):
        clip = sounds.write_tone(self.folder / "clip.wav")
        plain = self.transcribe(*FAST, clip)
        profiled = self.transcribe(*FAST, "--profile", clip)
        self.assertEqual(profiled.code, DONE, profiled.err)
        self.assertEqual(profiled.out, plain.out)
        self.assertEqual(plain.err, "")
        rows = profiled.err.splitlines()
        self.assertTrue(rows[0].startswith("operation"), profiled.err)
        self.assertTrue(any(re.match(r"mlxaudio::Linear +\d+ +\d", row)
                            for row in rows), profiled.err)
        self.assertTrue(rows[-1].startswith("all"), profiled.err)

    def test_needs_a_processor(self):
        result = self.transcribe("--profile", *GPU, "clip.wav")
        self.assert_fails(result, USAGE, "--profile", "--device cpu")


if __name__ == "__main__":
    unittest.main()
