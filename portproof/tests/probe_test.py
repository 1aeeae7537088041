# SPDX-License-Identifier: MIT
"""Tests of taps and of the program that serves ports in Python; they need NumPy and safetensors."""

import importlib.util
import json
import pathlib
import subprocess
import sys
import tempfile
import unittest

RECORDER = pathlib.Path(__file__).parent.parent / "recorder"
sys.path.insert(0, str(RECORDER))

try:
    import numpy as np
    from safetensors.numpy import load_file, save_file
except ImportError as error:
    print(f"skipped: {error}")
    sys.exit(0)
import reference  # noqa: E402
import taps  # noqa: E402

# Not by its name, which is that of a module of Python's own.
spec = importlib.util.spec_from_file_location("trace_recorder", RECORDER / "trace.py")
trace_recorder = importlib.util.module_from_spec(spec)
spec.loader.exec_module(trace_recorder)


class Leaf:
    """Adds a number; looks like a module of MLX's."""

    def __init__(self, n):
        self.n = n

    def __call__(self, x):
        return x + self.n


class Tree:
    def __init__(self):
        self.one, self.two = Leaf(1), Leaf(10)

    def named_modules(self):
        return [("", self), ("layers.one", self.one), ("two", self.two)]

    def __call__(self, x):
        return {"y": self.two(self.one(x)), "n": 3}

    def method(self, x):
        return x * 2


class Taps(unittest.TestCase):
    def run_tree(self, forced=None, layout=None, compared=None):
        tree, tape = Tree(), taps.Tape(layout, forced, compared)
        with taps.watch(tree, tape, rename=lambda p: p.replace("layers.", ""),
                        names={"Leaf": "a.Leaf"}, methods={"half": (tree, "method")}):
            result = tree(np.array([1.0]))
            tree.method(np.array([4.0]))
        self.assertEqual(tree(np.array([1.0]))["y"][0], 12, "afterwards nothing is watched")
        return result, tape.list

    def test_parts_come_before_the_whole(self):
        result, told = self.run_tree()
        self.assertEqual([t["path"] for t in told], ["one", "two", "model", "half"])
        self.assertEqual([float(t["out"][0][0]) for t in told], [2, 12, 12, 8])
        self.assertEqual(told[0]["component"], "a.Leaf")
        self.assertEqual(float(told[1]["in"][0][0]), 2)
        self.assertEqual(result["n"], 3)

    def test_the_run_goes_on_with_what_is_forced(self):
        result, told = self.run_tree(forced={"one": [[np.array([100.0])]]})
        self.assertEqual(float(told[0]["out"][0][0]), 2, "its own result is told")
        self.assertEqual(float(result["y"][0]), 110)

    def test_what_is_told_is_a_copy(self):
        tape = taps.Tape()
        x = np.array([1.0])
        tape.record("p", "c", [], x)
        x += 1
        self.assertEqual(float(tape.list[0]["out"][0][0]), 1)

    def test_axes_are_turned_both_ways_and_others_left_out(self):
        tape = taps.Tape(lambda path, which, a, i: a.T if i == 0 else None,
                         {"p": [[np.zeros((3, 2))]]})
        a, b = tape.record("p", "c", [], (np.ones((2, 3)), np.ones(1)))
        self.assertEqual(tape.list[0]["out"][0].shape, (3, 2))
        self.assertEqual((a.shape, float(a.sum()), float(b.sum())), ((2, 3), 0, 1))

    def test_other_arrays_may_be_compared(self):
        tape = taps.Tape(compared=lambda path, arrays: [np.cos(arrays[0])])
        tape.record("p", "c", [], np.array([np.pi]))
        self.assertAlmostEqual(float(tape.list[0]["out"][0][0]), -1)
        self.assertAlmostEqual(float(tape.list[0]["go_on"][0][0]), np.pi)


REFERENCE = """
model = "fake"
[[reference]]
key = "k"
decides = true
folder = "reference"
sha256 = ""
sources = []
[port]
language = "command"
sources = ["port"]
endings = [".py"]
comment = "#"
probes = "probes.py"
"""

PROBES = """
from port.thing import twice

probes.add("fake.twice", twice)


@probes.add("fake.run")
def _(call):
    tape = call.new_tape()
    y = call["x"] + 1
    if tape:
        y = tape.record("step", "", [call["x"]], y)
    if call.get("refuse"):
        raise ValueError("too long")
    return [y * 2, float("inf"), {"n": 1}]
"""


class Program(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.root = pathlib.Path(self.folder.name)
        (self.root / "port").mkdir()
        (self.root / "port" / "thing.py").write_text("# a comment\ndef twice(x):\n    return 2 * x\n")
        (self.root / "reference.toml").write_text(REFERENCE)
        (self.root / "probes.py").write_text(PROBES)

    def tearDown(self):
        self.folder.cleanup()

    def program(self, *args):
        done = subprocess.run(
            [sys.executable, "-B", str(RECORDER / "probe.py"), "--reference",
             str(self.root / "reference.toml"), "--work", str(self.root / "work"),
             "--root", str(self.root), *args],
            capture_output=True, text=True, check=False,
        )
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout

    def ask(self, component, calls, arrays):
        save_file(arrays, self.root / "request.safetensors")
        (self.root / "request.json").write_text(json.dumps({"calls": calls}))
        self.program("--run", component, str(self.root))
        answers = json.loads((self.root / "response.json").read_text())["calls"]
        return answers, load_file(self.root / "response.safetensors")

    def test_describes_itself(self):
        said = json.loads(self.program("--describe"))
        self.assertEqual(said["components"], ["fake.run", "fake.twice"])
        before = said["stamp"]["files"]["port/thing.py"]
        path = self.root / "port" / "thing.py"
        path.write_text(path.read_text().replace("a comment", "another"))
        self.assertEqual(json.loads(self.program("--describe"))["stamp"]["files"]["port/thing.py"], before)
        path.write_text(path.read_text().replace("2 * x", "x + x"))
        self.assertNotEqual(
            json.loads(self.program("--describe"))["stamp"]["files"]["port/thing.py"], before)

    def test_answers(self):
        x = np.array([1, 2], np.float32)
        answers, arrays = self.ask("fake.twice", [{"id": "a", "args": {"x": {"$array": "x"}}}], {"x": x})
        self.assertEqual(arrays[answers[0]["result"]["$array"]].tolist(), [2, 4])

    def test_taps_are_told_and_forced_only_where_asked(self):
        x = np.array([1], np.float32)
        args = {"x": {"$array": "x"}}
        answers, arrays = self.ask(
            "fake.run",
            [{"id": "plain", "args": args},
             {"id": "told", "args": args, "taps": True},
             {"id": "forced", "args": args, "taps": True, "forced": {"step": [[{"$array": "f"}]]}},
             {"id": "refused", "args": {**args, "refuse": True}, "taps": True}],
            {"x": x, "f": np.array([7], np.float32)},
        )
        value = lambda v: arrays[v["$array"]].tolist()  # noqa: E731
        plain, told, forced, refused = answers
        self.assertNotIn("taps", plain)
        self.assertEqual(value(plain["result"][0]), [4])
        self.assertEqual(plain["result"][1:], [None, {"n": 1}])
        self.assertEqual(value(told["taps"][0]["out"][0]), [2])
        self.assertEqual(value(told["taps"][0]["in"][0]), [1])
        self.assertEqual(value(forced["result"][0]), [14])
        self.assertEqual(refused["result"], {"$raises": "ValueError: too long"})
        self.assertEqual(refused["taps"][0]["path"], "step")


class Recorded(unittest.TestCase):
    def run_with_taps(self, result):
        tape = taps.Tape()
        given = np.float32([1, np.nan])
        tape.record("one", "x.Leaf", [given], np.float32(result))
        writer = trace_recorder.Writer("x.Tree", None)
        return trace_recorder.write_taps(writer, tape, "a"), writer.arrays

    def test_taps_are_written_with_their_arrays(self):
        listed, arrays = self.run_with_taps([2, 3])
        self.assertEqual(listed, [{
            "path": "one", "call": 0, "component": "x.Leaf",
            "in": [{"$array": "a.tap0.in0"}], "out": [{"$array": "a.tap0.out0"}]}])
        np.testing.assert_array_equal(arrays["a.tap0.out0"], np.float32([2, 3]))

    def test_nan_of_the_reference_is_refused_in_taps_too(self):
        with self.assertRaisesRegex(reference.Trouble, "the reference gave NaN"):
            self.run_with_taps([2, np.nan])


if __name__ == "__main__":
    unittest.main()
