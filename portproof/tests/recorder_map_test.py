# SPDX-License-Identifier: MIT
"""Tests of the map's recorder that need no reference: arrays and modules are made here."""

import json
import pathlib
import subprocess
import sys
import tempfile
import unittest

RECORDER = pathlib.Path(__file__).parent.parent / "recorder"
sys.path.insert(0, str(RECORDER))
import map as mapper  # noqa: E402


class Array:
    """Looks like an array; adding one is an operation that the flow is followed through."""

    __module__ = "numpy"
    tracer = None

    def __init__(self, *shape, dtype="float32"):
        self.shape, self.dtype, self.ndim = shape, dtype, len(shape)

    def plus(self, other):
        result = Array(*self.shape)
        Array.tracer.passes_on([("", self), ("", other)], [("", result)])
        return result


SOURCE = '''
class Linear:
    def forward(self, x):
        return Array(*x.shape)


class Block:
    def __init__(self):
        self.one, self.two = Linear(), Linear()

    def forward(self, x, cache=None):
        y = self.one.forward(x)
        return x.plus(self.two.forward(y))


class Model:
    def __init__(self, n):
        self.blocks = [Block() for _ in range(n)]

    def forward(self, x):
        for block in self.blocks:
            x = block.forward(x)
        return x


def helper(n):
    return n


def run(model, steps):
    x = model.forward(Array(1, 8))
    for i in range(steps):
        helper(i)
        x = join(x, grow(x, i))
    return x


def grow(x, i):
    return Array(1, 8 + i)


def join(a, b):
    return Array(1, 8)
'''


def reference():
    space = {"Array": Array}
    exec(compile(SOURCE, "fake/math.py", "exec"), space)  # noqa: S102
    return space


def traced(blocks=3, steps=3):
    space = reference()
    model = space["Model"](blocks)
    tree = {"": (model, [], [])}
    for i, block in enumerate(model.blocks):
        tree[f"blocks.{i}"] = (block, [("scale", Array(8))], [])
        tree[f"blocks.{i}.one"] = (block.one, [("weight", Array(8, 8))], [])
        tree[f"blocks.{i}.two"] = (block.two, [("weight", Array(8, 8))], [])
    tracer = mapper.Tracer(tree, {"fake/math.py": "fake.math"})
    Array.tracer = tracer
    sys.setprofile(tracer)
    try:
        space["run"](model, steps)
    finally:
        sys.setprofile(None)
    return tree, mapper.plain(tracer.root)


class Calls(unittest.TestCase):
    def setUp(self):
        self.tree, self.root = traced()
        self.run_ = self.root["calls"][0]

    def test_calls_are_in_order_and_named(self):
        self.assertEqual(self.run_["name"], "fake.math.run")
        self.assertEqual(self.run_["calls"][0]["name"], "(model)")
        self.assertEqual(self.run_["outputs"], [["", [1, 8], "float32"]])

    def test_alike_modules_are_one(self):
        (blocks,) = self.run_["calls"][0]["calls"]
        self.assertEqual((blocks["name"], blocks["times"]), ("blocks.0-2", 3))
        self.assertEqual([c["name"] for c in blocks["calls"]], ["blocks.0-2.one", "blocks.0-2.two"])

    def test_a_loop_is_one_with_the_range_of_its_shapes(self):
        loop = self.run_["calls"][1]
        self.assertEqual(loop["times"], 3)
        self.assertEqual(
            [c["name"] for c in loop["loop"]],
            ["fake.math.helper", "fake.math.grow", "fake.math.join"],
        )
        self.assertEqual(loop["loop"][1]["outputs"], [["", [1, "8-10"], "float32"]])

    def test_flow_goes_from_maker_to_taker(self):
        one, two = self.run_["calls"][0]["calls"][0]["calls"]
        self.assertEqual(one["from"], ["in"])
        self.assertEqual(two["from"], [0])
        loop = self.run_["calls"][1]
        self.assertEqual(loop["from"], [0])  # the model's result
        self.assertEqual(loop["loop"][2]["from"], [1, "in"])

    def test_flow_goes_through_operations(self):
        # Block 1 takes the sum of block 0's input and its second layer.
        _, root = traced(blocks=1, steps=0)
        model = root["calls"][0]["calls"][0]
        self.assertEqual(model["calls"][0]["name"], "blocks.0")
        self.assertEqual(model["outputs"], [["", [1, 8], "float32"]])

    def test_what_differs_is_not_folded(self):
        calls = [{"name": n, "kind": "function", "from": []} for n in ("a", "b", "a", "c")]
        node = {"calls": [{**c, "calls": []} for c in calls]}
        mapper.fold(node)
        self.assertEqual([c["name"] for c in node["calls"]], ["a", "b", "a", "c"])

    def test_a_container_that_grows_still_folds(self):
        def call(i):
            cache = [["cache", [1, 4], "float32", i]] if i else []
            return {"name": f"b.{i}", "kind": "module", "from": [], "calls": [],
                    "inputs": [["x", [2], "float32"], *cache]}
        node = {"calls": [call(i) for i in range(4)]}
        mapper.fold(node)
        (one,) = node["calls"]
        self.assertEqual((one["name"], one["times"]), ("b.0-3", 4))
        self.assertEqual(one["inputs"][1], ["cache", [1, 4], "float32", "1-3"])


class Modules(unittest.TestCase):
    def test_counts_and_folds(self):
        tree, _ = traced()
        root = mapper.nested(tree)
        self.assertEqual(root["count"], 3 * (8 + 2 * 64))
        (blocks,) = root["children"]
        self.assertEqual((blocks["name"], blocks["times"], blocks["count"]), ("blocks.0-2", 3, 136))

    def test_members_that_differ_stay_apart(self):
        tree, _ = traced()
        module, _, buffers = tree["blocks.1"]
        tree["blocks.1"] = (module, [("scale", Array(9))], buffers)
        names = [c["name"] for c in mapper.nested(tree)["children"]]
        self.assertEqual(names, ["blocks.0", "blocks.1", "blocks.2"])

    def test_names_with_numbers_are_no_index(self):
        self.assertEqual(mapper.shape_of("encoder.conv1.0.w2"), "encoder.conv1.#.w2")
        self.assertEqual(mapper.merged_name("a.0.b.7", "a.1.b.7"), "a.0-1.b.7")


class Trouble(unittest.TestCase):
    def record(self, toml):
        with tempfile.TemporaryDirectory() as folder:
            root = pathlib.Path(folder)
            (root / "reference.toml").write_text(toml)
            (root / "fetch.json").write_text(json.dumps({"references": {}, "python": None}))
            done = subprocess.run(
                [sys.executable, "-B", str(RECORDER / "map.py"), "--reference",
                 str(root / "reference.toml"), "--work", str(root), "--out", str(root / "out")],
                capture_output=True, text=True, check=False,
            )
            self.assertFalse((root / "out").exists())
            return done

    def test_no_run_is_said_in_one_line(self):
        done = self.record('model = "x"\nreference = []\n[environment]\npython = "3"\n')
        self.assertEqual(done.returncode, 1)
        self.assertEqual(done.stderr.count("\n"), 1, done.stderr)
        self.assertIn("no [map] `run`", done.stderr)

    def test_an_absent_file_is_named(self):
        done = self.record(
            'model = "x"\nreference = []\n[environment]\npython = "3"\n[map]\nrun = "gone.py"\n'
        )
        self.assertEqual(done.returncode, 1)
        self.assertIn("gone.py is not there", done.stderr)


if __name__ == "__main__":
    unittest.main()
