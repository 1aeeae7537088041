# SPDX-License-Identifier: MIT
"""Serves a port that is written in Python: the program that `portproof verify` asks.

What it answers with is in the file that `[port] probes` of reference.toml names.
That file finds `probes` ready and fills it:

    @probes.add("package.module.Class")
    def _(call):
        module = Class(call["n"])
        return module(mx.array(call["x"]))

    probes.add("package.module.function", port_module.function)   # by keywords

docs/porting/protocol.md has the protocol itself.
"""

import argparse
import contextlib
import hashlib
import importlib.metadata
import importlib.util
import json
import pathlib
import statistics
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parent))
import costs  # noqa: E402
import reference as ref  # noqa: E402
import taps  # noqa: E402

import numpy as np  # noqa: E402

# Repeats of one call end after this many seconds.
MOST_SECONDS = 1
TYPES = {np.dtype(t) for t in (np.float32, np.float16, np.int32, np.int64)}


class Call:
    """The arguments of one recorded call; arrays are numpy's."""

    def __init__(self, args, forced, tapped):
        self.args = args
        self.forced = forced
        self.tapped = tapped
        self.tape = None

    def __getitem__(self, name):
        return self.args[name]

    def get(self, name, default=None):
        return self.args.get(name, default)

    def new_tape(self, layout=None, compared=None):
        """A tape to fill by hand, for what is no module; null where none is asked for."""
        self.tape = taps.Tape(layout, self.forced, compared) if self.tapped else None
        return self.tape

    @contextlib.contextmanager
    def watch(self, model, layout=None, compared=None, **options):
        """Taps the model's modules where the question asks for that (taps.watch)."""
        if self.new_tape(layout, compared) is None:
            yield
            return
        with taps.watch(model, self.tape, **options):
            yield


class Probes:
    """What a file of probes fills: component to function of a call."""

    def __init__(self):
        self.all = {}

    def add(self, component, function=None):
        """Registers a function of the port, called by keywords; or, as a decorator, a probe."""
        if function is not None:
            self.all[component] = lambda call: function(**call.args)
            return function

        def register(probe):
            self.all[component] = probe
            return probe

        return register


def code_lines(text, comment):
    lines = (line.rstrip(" \t\r") for line in text.split("\n"))
    return "".join(f"{l}\n" for l in lines if l and not l.lstrip(" \t").startswith(comment))


def hashed(paths, comment):
    text = "".join(code_lines(p.read_text(encoding="utf-8"), comment) for p in paths)
    return hashlib.sha256(text.encode()).hexdigest()


def files_of(root, sources, endings):
    found = []
    for source in sources:
        path = root / source
        found += [path] if path.is_file() else sorted(p for p in path.rglob("*") if p.is_file())
    return [p for p in found if p.name.endswith(tuple(endings))]


def numbers(array):
    """An array as numpy, in a type that the protocol has."""
    if hasattr(array, "detach"):
        array = array.detach().cpu().numpy()
    array = np.asarray(array)
    return np.ascontiguousarray(array if array.dtype == np.int64 else taps.plain(array))


class Answer:
    """Turns results into JSON and collects their arrays."""

    def __init__(self):
        self.arrays = {}

    def array(self, value):
        array = numbers(value)
        if array.dtype not in TYPES:
            raise TypeError(f"an array of type {array.dtype}")
        name = f"a{len(self.arrays)}"
        self.arrays[name] = array
        return {"$array": name}

    def value(self, value):
        if taps.is_array(value) and not isinstance(value, np.generic):
            return self.array(value)
        if isinstance(value, dict):
            return {str(k): self.value(v) for k, v in value.items()}
        if isinstance(value, (list, tuple)):
            return [self.value(v) for v in value]
        if isinstance(value, np.generic):
            value = value.item()
        if isinstance(value, float) and not np.isfinite(value):
            return None
        return value

    def tapped(self, arrays):
        found = [taps.plain(numbers(a)) for a in arrays]
        return [self.array(a) for a in found if a.dtype in TYPES]

    def taps(self, tape):
        return [
            {
                "path": t["path"],
                "call": t["call"],
                "in": self.tapped(t["in"]),
                "out": self.tapped(t["out"]),
            }
            for t in tape.list
        ]


def given(value, arrays):
    """Arguments with their arrays in place."""
    if isinstance(value, dict):
        if len(value) == 1 and "$array" in value:
            return arrays[value["$array"]]
        return {k: given(v, arrays) for k, v in value.items()}
    if isinstance(value, list):
        return [given(v, arrays) for v in value]
    return value


def cost_of(probe, args, arrays, repeats):
    """Median processor time of a few more answers, and by how much memory grew."""
    clock, taken = costs.Clock(), []
    for i in range(repeats):
        clock.forget()
        clock.watch_memory = i == 0
        call = Call(given(args, arrays), {}, False)
        try:
            clock.measured(lambda: probe(call), call.args)
        except Exception:  # noqa: BLE001, S110: what it refuses takes its time, too
            pass
        if i == 0:
            growth = clock.growth
        taken.append(clock.seconds)
        if sum(taken) > MOST_SECONDS:
            break
    said = {"seconds": statistics.median(taken)}
    if growth is not None:
        said["growth_kib"] = growth
    return said


def run(probes, component, folder):
    from safetensors.numpy import load_file, save_file

    if component not in probes.all:
        raise ref.Trouble(f"[probe] there is no probe of {component}")
    request = json.loads((folder / "request.json").read_text(encoding="utf-8"))
    arrays = load_file(folder / "request.safetensors")
    answer, answers = Answer(), []
    repeats = request.get("repeats", 0)
    for asked in request["calls"]:
        forced = given(asked.get("forced", {}), arrays)
        call = Call(given(asked["args"], arrays), forced, asked.get("taps", False))
        said = {"id": asked["id"]}
        try:
            said["result"] = answer.value(probes.all[component](call))
        except ref.Trouble:
            raise
        except Exception as e:  # noqa: BLE001: the port refused, in whatever way
            said["result"] = {"$raises": f"{type(e).__name__}: {e}"}
        if call.tape is not None:
            said["taps"] = answer.taps(call.tape)
        if repeats:
            said.update(cost_of(probes.all[component], asked["args"], arrays, repeats))
        answers.append(said)
    save_file(answer.arrays, folder / "response.safetensors")
    (folder / "response.json").write_text(json.dumps({"calls": answers}), encoding="utf-8")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--reference", required=True)
    parser.add_argument("--work", required=True)
    parser.add_argument("--root", default=".", help="the project")
    parser.add_argument("--describe", action="store_true")
    parser.add_argument("--run", nargs=2, metavar=("COMPONENT", "FOLDER"))
    args = parser.parse_args()

    reference = ref.load(args.reference)
    port = reference["port"]
    root = pathlib.Path(args.root)
    if "from" in port:
        root = ref.source_root(args.work, ref.by_key(reference, port["from"]))
    sys.path.insert(0, str(root))
    ref.replace_modules(reference)
    path = reference["folder"] / port.get("probes", "probes")
    probes = Probes()
    for file in [path] if path.is_file() else files_of(path, ["."], [".py"]):
        spec = importlib.util.spec_from_file_location(f"portproof_{file.stem}", file)
        module = importlib.util.module_from_spec(spec)
        module.probes = probes
        spec.loader.exec_module(module)

    if args.run:
        run(probes, args.run[0], pathlib.Path(args.run[1]))
        return
    endings, comment = port["endings"], port["comment"]
    hash_ = hashed(files_of(path.parent, [path.name], endings), comment)
    about = {"python": "%d.%d" % sys.version_info[:2]}
    if "mlx" in reference.get("environment", {}):
        about["mlx"] = importlib.metadata.version("mlx")
    described = {
        "protocol": 1,
        "components": sorted(probes.all),
        "stamp": {
            "files": {
                p.relative_to(root).as_posix(): hashed([p], comment)
                for p in files_of(root, port["sources"], endings)
            },
            "probes": {component: hash_ for component in probes.all},
        },
        "about": about,
    }
    print(json.dumps(described))


if __name__ == "__main__":
    ref.run(main)
