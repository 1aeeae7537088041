# SPDX-License-Identifier: MIT
"""Tests of what `trace --costs` measures in references; they need only Python's own library."""

import dataclasses
import functools
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import types
import unittest
from unittest import mock

RECORDER = pathlib.Path(__file__).parent.parent / "recorder"
sys.path.insert(0, str(RECORDER))
import costs  # noqa: E402
import reference as ref  # noqa: E402


class Time:
    """Stands for the module: time passes when a test says so."""

    def __init__(self):
        self.now = 0.0

    def process_time(self):
        return self.now

    def monotonic(self):
        return self.now

    def passes(self, seconds):
        self.now += seconds


class Timed(unittest.TestCase):
    def setUp(self):
        self.time = Time()
        patch = mock.patch.object(costs, "time", self.time)
        patch.start()
        self.addCleanup(patch.stop)
        self.clock = costs.Clock()

    def module(self, name, **members):
        """A module of that name, for as long as the test runs."""
        made = types.ModuleType(name)
        vars(made).update(members)
        self.addCleanup(sys.modules.pop, name, None)
        sys.modules[name] = made
        return made


class Clock(Timed):
    def test_adds_up_until_it_is_asked_to_forget(self):
        work = self.clock.wrap(self.time.passes)
        work(2.0)
        self.time.passes(100.0)  # by somebody else
        work(0.5)
        self.assertEqual((self.clock.seconds, self.clock.calls), (2.5, 2))
        self.clock.forget()
        self.assertEqual((self.clock.seconds, self.clock.calls, self.clock.growth), (0.0, 0, None))

    def test_arguments_and_results_pass_through(self):
        def work(x, *, scale):
            """Text."""
            return x * scale

        watched = self.clock.wrap(work)
        self.assertEqual(watched(3, scale=4), 12)
        self.assertEqual((watched.__name__, watched.__doc__), ("work", "Text."))

    def test_what_is_called_on_the_way_counts_once(self):
        inner = self.clock.wrap(self.time.passes)

        def work():
            self.time.passes(1.0)
            inner(2.0)

        self.clock.wrap(work)()
        self.assertEqual((self.clock.seconds, self.clock.calls), (3.0, 1))

    def test_what_raises_counts_and_does_not_stop_the_clock(self):
        def work():
            self.time.passes(1.0)
            raise ValueError("no")

        for n in (1, 2):
            with self.assertRaisesRegex(ValueError, "no"):
                self.clock.wrap(work)()
            self.assertEqual((self.clock.seconds, self.clock.calls), (float(n), n))

    def test_of_a_generator_only_its_own_steps_count(self):
        def steps():
            for i in range(3):
                self.time.passes(1.0)
                yield i
            self.time.passes(0.5)

        seen = []
        for i in self.clock.wrap(steps)():
            self.time.passes(100.0)
            seen.append(i)
        self.assertEqual(seen, [0, 1, 2])
        self.assertEqual(self.clock.seconds, 3.5)


class Settling(Timed):
    """MLX notes down what is to be computed; `eval` computes it."""

    def setUp(self):
        super().setUp()
        test = self

        class array:  # noqa: N801: MLX calls it so
            def __init__(self, cost):
                self.cost = cost

        def evaluate(a):
            test.time.passes(a.cost)
            a.cost = 0.0

        self.array = array
        self.module("mlx.core", array=array, eval=evaluate)

    def test_arguments_before_and_results_within(self):
        work = self.clock.wrap(lambda x, y=None: [x, self.array(2.0)])
        work(self.array(100.0), y={"deep": (self.array(100.0),)})
        self.assertEqual(self.clock.seconds, 2.0)
        self.assertEqual(self.time.now, 202.0)

    def test_finds_arrays_wherever_they_are(self):
        @dataclasses.dataclass
        class Result:
            x: object
            n: int = 3

        value = {"a": [self.array(1.0), (self.array(2.0), "text")], "b": Result(self.array(4.0))}
        costs.settle(value)
        self.assertEqual(self.time.now, 7.0)
        costs.settle(Result)  # the class itself has nothing
        self.assertEqual(self.time.now, 7.0)

    def test_ends_in_what_holds_itself(self):
        value = [self.array(1.0)]
        value.append(value)
        costs.settle(value)
        self.assertEqual(self.time.now, 1.0)

    def test_without_mlx_there_is_nothing_to_do(self):
        del sys.modules["mlx.core"]
        costs.settle([self.array(1.0)])
        self.assertEqual(self.time.now, 0.0)


class Memory(unittest.TestCase):
    def test_says_by_how_much_the_process_grew(self):
        clock, size = costs.Clock(), 48 << 20

        def work():
            kept = bytearray(size)
            for i in range(0, size, 4096):
                kept[i] = 1

        clock.wrap(work)()
        self.assertIsNone(clock.growth)  # not asked for
        clock.watch_memory = True
        clock.wrap(lambda: None)()
        clock.wrap(work)()
        clock.wrap(lambda: None)()
        if costs.forget_peak():
            self.assertGreater(clock.growth, size / 1024 / 2)
            self.assertLess(clock.growth, size / 1024 * 2)
        else:
            self.assertIsNone(clock.growth)

    def test_no_figure_where_the_system_gives_none(self):
        clock = costs.Clock()
        clock.watch_memory = True
        with mock.patch.object(costs, "forget_peak", lambda: False):
            clock.wrap(lambda: None)()
        self.assertIsNone(clock.growth)
        self.assertEqual(clock.calls, 1)

    def test_figures_are_those_of_the_process(self):
        self.assertGreater(costs.memory("VmRSS"), 1000)
        self.assertGreaterEqual(costs.memory("VmHWM"), costs.memory("VmRSS") // 2)
        self.assertEqual(costs.memory("VmNoSuchThing"), 0)


class Watching(Timed):
    def setUp(self):
        super().setUp()
        passes = self.time.passes

        class Model:
            SIZE = 3

            class Part:
                def run(self):
                    passes(1.0)

            def __init__(self):
                passes(100.0)

            def __call__(self, x):
                passes(1.0)
                return self._own(x)

            def _own(self, x):
                passes(0.25)
                return x

            def encode(self, x):
                passes(2.0)
                return x

            @property
            def size(self):
                passes(4.0)
                return self._size

            @size.setter
            def size(self, value):
                self._size = value

            @staticmethod
            def sum_of(a, b):
                passes(8.0)
                return a + b

            @classmethod
            def made(cls, n):
                passes(16.0)
                return cls.__name__ * n

        class Derived(Model):
            pass

        def double(x):
            passes(1.0)
            return 2 * x

        @functools.lru_cache
        def table(n):
            passes(5.0)
            return [n]

        self.package = self.module("costs_fake", double=double)
        self.one = self.module(
            "costs_fake.one", double=double, table=table, Model=Model, Derived=Derived, LIMIT=4
        )
        # Imported by itself before anybody watched.
        self.other = self.module("costs_other", double=double)

    def watch(self, *symbols):
        return costs.Watch(self.clock, list(symbols))

    def taken(self, work, result):
        self.clock.forget()
        self.assertEqual(work(), result)
        return self.clock.seconds

    def test_a_name_stands_for_what_its_owner_has_itself(self):
        one = self.one
        self.assertEqual(costs.found("costs_fake.one.double"), (one, "double"))
        self.assertEqual(costs.found("costs_fake.one.Model.encode"), (one.Model, "encode"))
        for absent in (
            "costs_fake.one.nothing", "costs_fake.one.Derived.encode", "costs_fake.one.no.such",
            "costs_nowhere.double", "double",
        ):
            self.assertIsNone(costs.found(absent), absent)

    def test_a_module_is_not_the_function_of_its_name(self):
        # As `whisper.transcribe`, which is both.
        self.package.one = lambda: None
        self.assertEqual(costs.found("costs_fake.one.double"), (self.one, "double"))

    def test_a_function_is_watched_wherever_it_was_imported(self):
        with self.watch("costs_fake.one.double", "costs_fake.one.nothing"):
            for module in (self.one, self.other, self.package):
                self.assertEqual(self.taken(lambda: module.double(4), 8), 1.0)
            # Others of that component's module are not.
            self.assertEqual(self.taken(lambda: self.one.table(1), [1]), 0.0)
        self.assertEqual(self.taken(lambda: self.one.double(4), 8), 0.0)

    def test_a_class_is_watched_by_its_methods_but_not_in_its_making(self):
        with self.watch("costs_fake.one.Model"):
            m = self.one.Model()
            self.assertEqual(self.clock.calls, 0)
            m.size = 7
            self.assertEqual(self.taken(lambda: m(5), 5), 1.25)  # with what it calls itself
            self.assertEqual(self.taken(lambda: m._own(5), 5), 0.0)
            self.assertEqual(self.taken(lambda: m.encode(5), 5), 2.0)
            self.assertEqual(self.taken(lambda: m.size, 7), 4.0)
            self.assertEqual(self.taken(lambda: m.sum_of(1, 2), 3), 8.0)
            self.assertEqual(self.taken(lambda: self.one.Model.made(2), "ModelModel"), 16.0)
            self.assertEqual(self.taken(lambda: self.one.Derived.made(1), "Derived"), 16.0)
            self.assertEqual(self.taken(lambda: m.Part().run(), None), 0.0)
            self.assertEqual(m.SIZE, 3)

    def test_one_method_alone(self):
        with self.watch("costs_fake.one.Model.encode"):
            m = self.one.Model()
            self.assertEqual(self.taken(lambda: m.encode(5), 5), 2.0)
            self.assertEqual(self.taken(lambda: m(5), 5), 0.0)

    def test_what_is_kept_after_a_first_call_stays_so(self):
        with self.watch("costs_fake.one.table"):
            self.assertEqual(self.taken(lambda: self.one.table(1), [1]), 5.0)
            self.assertEqual(self.taken(lambda: self.one.table(1), [1]), 0.0)
            self.assertEqual(self.clock.calls, 1)
            self.assertEqual(self.one.table.cache_info().hits, 1)
            self.one.table.cache_clear()
            self.assertEqual(self.taken(lambda: self.one.table(1), [1]), 5.0)

    def test_everything_is_put_back(self):
        before = {m: dict(vars(m)) for m in (self.one, self.other, self.package)}
        methods = dict(vars(self.one.Model))
        with self.assertRaisesRegex(RuntimeError, "stop"):
            with self.watch("costs_fake.one.Model", "costs_fake.one.double", "costs_fake.one.table"):
                self.assertIsNot(self.one.double, before[self.one]["double"])
                self.assertIsNot(vars(self.one.Model)["encode"], methods["encode"])
                raise RuntimeError("stop")
        for module, members in before.items():
            self.assertEqual(vars(module), members)
        self.assertEqual(dict(vars(self.one.Model)), methods)

    def test_what_is_no_function_is_left_alone(self):
        with self.watch("costs_fake.one.LIMIT", "costs_fake.one.Model.SIZE"):
            self.assertEqual((self.one.LIMIT, self.one.Model.SIZE), (4, 3))


class Repeats(Timed):
    """The calls of a component, run as often as they may."""

    def calls_of(self, *runs):
        """A maker whose runs note these: (id, oracle, seconds, growth) lists; the last again."""
        self.made = 0

        def maker(calls):
            at = min(self.made, len(runs) - 1)
            self.made += 1
            self.watched.append((self.clock.watch_memory, self.clock.calls))
            self.clock.calls = 9
            calls.costs = list(runs[at])
            self.time.passes(self.each)

        return maker

    def setUp(self):
        super().setUp()
        self.watched, self.each = [], 0.0

    def repeated(self, *runs):
        fresh = lambda clock: types.SimpleNamespace(costs=[])  # noqa: E731
        return costs.repeated(self.clock, self.calls_of(*runs), fresh)

    def test_memory_is_of_the_first_and_time_of_the_others(self):
        listed = self.repeated(
            [("a", "torch", 50.0, 700), ("b", "mlx", 9.0, None)],
            [("a", "torch", 3.0, None), ("b", "mlx", 1.0, None)],
            [("a", "torch", 1.0, None), ("b", "mlx", 1.0, None)],
            [("a", "torch", 2.0, None), ("b", "mlx", 8.0, None)],
        )
        # Five after the first, of which the last three are the same.
        self.assertEqual(self.made, 1 + costs.REPEATS)
        self.assertEqual(listed, [
            {"id": "a", "oracle": "torch", "seconds": 2.0, "growth_kib": 700},
            {"id": "b", "oracle": "mlx", "seconds": 8.0},
        ])
        self.assertEqual([m for m, _ in self.watched], [True] + [False] * costs.REPEATS)
        # Each run begins with nothing counted.
        self.assertEqual([n for _, n in self.watched], [0] * (1 + costs.REPEATS))

    def test_growth_of_nothing_is_a_figure(self):
        self.assertEqual(self.repeated([("a", "torch", 1.0, 0)])[0]["growth_kib"], 0)

    def test_slow_ones_are_repeated_less(self):
        self.each = costs.MOST_SECONDS / 2 + 1
        runs = [[("a", "torch", 5.0, 1)], [("a", "torch", 4.0, None)]]
        self.assertEqual(self.repeated(*runs)[0]["seconds"], 4.0)
        self.assertEqual(self.made, 2)
        # Where even one takes too long, it is what there is.
        self.each = costs.MOST_SECONDS + 1
        self.assertEqual(self.repeated(*runs)[0]["seconds"], 5.0)
        self.assertEqual(self.made, 1)

    def test_calls_without_a_figure_are_not_listed(self):
        self.assertEqual(self.repeated([]), [])
        listed = self.repeated([("a", "torch", 1.0, None)], [("late", "torch", 1.0, None)])
        self.assertEqual([c["id"] for c in listed], ["a"])


class Names(unittest.TestCase):
    def test_of_both_references(self):
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder) / "inventory.json"
            rows = [
                {"name": "a.f", "counterparts": [{"name": "b.f"}, {"name": "b.g"}]},
                {"name": "a.h"},
            ]
            path.write_text(json.dumps({"components": rows}))
            self.assertEqual(
                costs.symbols_of(path, ["a.f", "a.h", "unknown"]),
                {"a.f": ["a.f", "b.f", "b.g"], "a.h": ["a.h"], "unknown": ["unknown"]},
            )

    def test_the_machine_is_named(self):
        machine = costs.machine()
        self.assertEqual(sorted(machine), ["cores", "processor", "system"])
        self.assertGreaterEqual(machine["cores"], 1)
        self.assertTrue(machine["processor"])


TORCH = '''
import time


def burn(seconds):
    end = time.process_time() + seconds
    while time.process_time() < end:
        pass


class Model:
    def __init__(self):
        burn(0.06)

    def __call__(self, n):
        burn(0.02)
        return n

TABLE = {"a": 1}
'''

MLX = '''
from torch_fake.math import burn


def other_model(n):
    burn(0.01)
    if n < 0:
        raise ValueError(n)
    return n
'''

CALLS = '''
from portproof_trace import attempt
from mlx_fake.math import other_model
from torch_fake import math


@recorder.component("torch_fake.math.Model")
def _(calls, name):
    m = math.Model()
    math.burn(0.06)  # making an input
    calls.add("torch", "torch", {"n": 1}, m(1))
    calls.add("torch-twice", "torch", {"n": 1}, m(1) + m(1))
    calls.add("mlx", "mlx", {"n": 1}, other_model(1))
    calls.add("raises", "mlx", {"n": -1}, attempt(lambda: other_model(-1)))
    calls.add("none", "torch", {}, {"n": 5})
    assert calls.list[0][0] == "torch" and calls.list[0][3] is None  # results are let go


@recorder.component("torch_fake.math.TABLE")
def _(calls, name):
    calls.add("table", "torch", {}, math.TABLE)
'''

# The recorder knows arrays by NumPy's types. These calls have none.
NUMPY = '''
def dtype(kind):
    return kind


float32, float16, int32, int64 = "float32", "float16", "int32", "int64"
'''


class Program(unittest.TestCase):
    """`trace.py --costs`, as `portproof trace --costs` runs it."""

    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        self.root = pathlib.Path(self.folder.name)
        self.port = self.root / "port"
        self.port.mkdir()
        references = ""
        for key, text in (("torch", TORCH), ("mlx", MLX)):
            source = self.root / key / f"{key}_fake"
            source.mkdir(parents=True)
            (source / "math.py").write_text(text)
            sum_, _ = ref.content(self.root / key)
            references += (
                f'[[reference]]\nkey = "{key}"\ndecides = {str(key == "torch").lower()}\n'
                f'folder = "../{key}"\nsha256 = "{sum_}"\nsources = ["{key}_fake/math.py"]\n'
            )
        (self.port / "reference.toml").write_text(
            f'model = "fake"\n{references}[environment]\npython = "3.11"\n'
            f'[trace]\ncalls = "calls.py"\n'
        )
        (self.port / "calls.py").write_text(CALLS)
        rows = [
            {"name": "torch_fake.math.Model", "counterparts": [{"name": "mlx_fake.math.other_model"}]},
            {"name": "torch_fake.math.TABLE"},
        ]
        (self.port / "inventory.json").write_text(json.dumps({"components": rows}))
        stub = self.root / "stub"
        stub.mkdir()
        (stub / "numpy.py").write_text(NUMPY)
        self.run_file("fetch.py", "--no-env")

    def run_file(self, file, *args):
        return subprocess.run(
            [sys.executable, "-B", str(RECORDER / file),
             "--reference", str(self.port / "reference.toml"),
             "--work", str(self.root / "work"), *args],
            capture_output=True, text=True, check=False,
            env={**os.environ, "PYTHONPATH": str(self.root / "stub")},
        )

    def costs(self, *args):
        return self.run_file(
            "trace.py", "--out", str(self.root / "out"), "--costs", str(self.root / "costs.json"), *args
        )

    def test_measures_and_records_nothing(self):
        done = self.costs()
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("torch_fake.math.Model: 4 calls measured\n", done.stdout)
        self.assertIn("torch_fake.math.TABLE: 0 calls measured\n", done.stdout)
        made = json.loads((self.root / "costs.json").read_text())
        self.assertEqual(sorted(made), ["components", "machine", "versions"])
        self.assertEqual(made["components"]["torch_fake.math.TABLE"], [])
        found = {c["id"]: c for c in made["components"]["torch_fake.math.Model"]}
        self.assertEqual(list(found), ["torch", "torch-twice", "mlx", "raises"])
        self.assertEqual([c["oracle"] for c in found.values()], ["torch", "torch", "mlx", "mlx"])
        # Without the model and the input that are made on the way, 0.12 s.
        for id, seconds in (("torch", 0.02), ("torch-twice", 0.04), ("mlx", 0.01), ("raises", 0.01)):
            self.assertGreaterEqual(found[id]["seconds"], seconds, id)
            self.assertLess(found[id]["seconds"], seconds + 0.05, id)
        self.assertEqual(list((self.root / "out").iterdir()), [])

    def test_one_component_alone(self):
        done = self.costs("--component", "*.TABLE")
        self.assertEqual(done.returncode, 0, done.stderr)
        made = json.loads((self.root / "costs.json").read_text())
        self.assertEqual(made["components"], {"torch_fake.math.TABLE": []})

    def test_no_such_component_is_said_and_nothing_written(self):
        done = self.costs("--component", "nothing")
        self.assertEqual(done.returncode, 1)
        self.assertEqual(done.stderr, "[portproof] calls.py has no calls of nothing\n")
        self.assertFalse((self.root / "costs.json").exists())


if __name__ == "__main__":
    unittest.main()
