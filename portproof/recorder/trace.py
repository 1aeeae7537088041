# SPDX-License-Identifier: MIT
"""Records what the references compute, for `portproof verify` to compare with.

The calls to record are written in Python, in the file that `[trace] calls` of
reference.toml names. Each component gets a manifest (JSON) and, where its
results have arrays, a safetensors file. Random inputs are not stored: they are
described, and made anew from their description (docs/porting/protocol.md).
"""

import argparse
import fnmatch
import hashlib
import importlib.util
import json
import os
import pathlib
import sys

# Before anything that computes is imported: one thread, so that sums are
# made in one order.
for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[name] = "1"
os.environ.pop("LD_PRELOAD", None)  # the wheel's own BLAS

sys.path.insert(0, str(pathlib.Path(__file__).parent))
import costs  # noqa: E402
import reference as ref  # noqa: E402
import taps  # noqa: E402

import numpy as np  # noqa: E402

# A result larger than this is kept as its hash, moments and samples.
MOST_BYTES = 48 * 1024
SAMPLES = 64
NAMES = {
    np.dtype(np.float32): "F32",
    np.dtype(np.float16): "F16",
    np.dtype(np.int32): "I32",
    np.dtype(np.int64): "I64",
}


# --- random inputs ---------------------------------------------------------------


def splitmix64(x):
    with np.errstate(over="ignore"):
        x = x + np.uint64(0x9E3779B97F4A7C15)
        x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        return x ^ (x >> np.uint64(31))


class Random:
    """An array that is described rather than stored; `.value` is its content."""

    # What a round adds to every seed: its inputs are others than round 1's.
    round_seed = 0

    def __init__(self, seed, shape, scale=1.0, offset=0.0, dtype="F32"):
        seed = int(seed) + Random.round_seed
        self.description = {
            "seed": int(seed),
            "shape": [int(s) for s in shape],
            "dtype": dtype,
            "scale": float(scale),
            "offset": float(offset),
        }
        n = int(np.prod(shape)) if len(shape) else 1
        top = splitmix64(np.uint64(seed) + np.arange(n, dtype=np.uint64)) >> np.uint64(53)
        value = ((top.astype(np.float64) - 1024) / 1024 * scale + offset).astype(np.float32)
        if dtype == "F16":
            value = value.astype(np.float16)
        self.value = value.reshape(shape)


class Near:
    """A number that came out of a network: compared within the tolerance."""

    def __init__(self, value):
        self.value = float(value)


class Shared:
    """An array that several calls are given; kept once."""

    def __init__(self, value):
        self.value = value


class Raises:
    """What a call gives that the reference refuses."""

    def __init__(self, error):
        self.name = type(error).__name__


def attempt(function):
    try:
        return function()
    except Exception as error:  # noqa: BLE001: whatever the reference raises
        if isinstance(error, ref.Trouble):
            raise
        return Raises(error)


def seed_of(text):
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:6], "little")


# --- writing -----------------------------------------------------------------------


def snapshot(value):
    """A copy as numpy: what the reference changes in place later does not show."""
    if isinstance(value, np.ndarray):
        return np.ascontiguousarray(value).copy()
    if hasattr(value, "detach"):
        return np.ascontiguousarray(value.detach().cpu().numpy()).copy()
    module = type(value).__module__
    if module.startswith("mlx.core"):
        return np.ascontiguousarray(np.array(value)).copy()
    return None


class Writer:
    """most: bytes of the largest result that is kept whole; None keeps all."""

    def __init__(self, component, most):
        self.component = component
        self.most = most
        self.arrays = {}
        self.shared = {}

    def store(self, name, array, result):
        if array.dtype not in NAMES:
            raise ref.Trouble(f"[portproof] {self.component}: an array of type {array.dtype}")
        if result and np.isnan(array.astype(np.float64)).any():
            raise ref.Trouble(
                f"[portproof] {self.component}, {name}: the reference gave NaN; "
                f"choose another input, which proves something"
            )
        self.arrays[name] = array
        return {"$array": name}

    def digest(self, array):
        flat = array.reshape(-1).astype(np.float64)
        if np.isnan(flat).any():
            raise ref.Trouble(f"[portproof] {self.component}: the reference gave NaN")
        places = np.unique(np.linspace(0, flat.size - 1, SAMPLES).astype(int))
        finite = flat[np.isfinite(flat)]
        return {
            "$digest": {
                "shape": list(array.shape),
                "dtype": NAMES[array.dtype],
                "sha256": hashlib.sha256(array.tobytes()).hexdigest(),
                "infinite": int(np.isinf(flat).sum()),
                "norm": float(np.sqrt((finite**2).sum())),
                # null stands for -inf, the only infinity that masks make
                "samples": [
                    [int(i), float(flat[i]) if np.isfinite(flat[i]) else None] for i in places
                ],
            }
        }

    def value(self, value, name, result):
        if isinstance(value, Random):
            return {"$random": value.description}
        if isinstance(value, Near):
            return {"$near": value.value if np.isfinite(value.value) else None}
        if isinstance(value, Raises):
            return {"$raises": value.name}
        if isinstance(value, Shared):
            if value not in self.shared:
                self.shared[value] = self.store(name, snapshot(value.value), False)
            return self.shared[value]
        array = snapshot(value)
        if array is not None:
            if result and self.most and array.nbytes > self.most:
                return self.digest(array)
            return self.store(name, array, result)
        if isinstance(value, dict):
            return {str(k): self.value(v, f"{name}.{k}", result) for k, v in value.items()}
        if isinstance(value, (list, tuple)):
            return [self.value(v, f"{name}.{i}", result) for i, v in enumerate(value)]
        if isinstance(value, (np.integer, np.floating, np.bool_)):
            value = value.item()
        if isinstance(value, float) and not np.isfinite(value):
            return None
        if value is None or isinstance(value, (bool, int, float, str)):
            return value
        raise ref.Trouble(f"[portproof] {self.component}, {name}: cannot record {type(value)}")


# --- calls -------------------------------------------------------------------------


class Recorder:
    """What a file of calls gets: it registers components and their calls."""

    def __init__(self, reference, work):
        self.reference = reference
        self.work = pathlib.Path(work)
        self.makers = {}

    def component(self, *names):
        def register(function):
            for name in names:
                if name in self.makers:
                    raise ref.Trouble(f"[portproof] the calls of {name} are there twice")
                self.makers[name] = function
            return function

        return register


class Calls:
    """Collects the calls of one component."""

    def __init__(self, source=None):
        """source: the file, where it is one that a round has for itself."""
        self.source = source
        self.list = []

    def add(self, id, oracle, args, result, taps=None):
        """taps: what was computed on the way (a Tape), for `portproof bisect`."""
        if any(c[0] == id for c in self.list):
            raise ref.Trouble(f"[portproof] two calls are named {id}")
        self.list.append((id, oracle, args, result, taps, self.source))


class CostedCalls(Calls):
    """Notes what each call took, and lets go of the rest."""

    def __init__(self, clock):
        super().__init__()
        self.clock = clock
        self.costs = []

    def add(self, id, oracle, args, result, taps=None):
        super().add(id, oracle, args, None)  # a file of calls may look at its last
        if self.clock.calls > 0:
            self.costs.append((id, oracle, self.clock.seconds, self.clock.growth))
        self.clock.forget()


def write_costs(makers, names, reference, path):
    """Measures the calls of these components instead of recording them."""
    clock, found = costs.Clock(), {}
    symbols = costs.symbols_of(reference["folder"] / "inventory.json", names)
    for name in names:
        with costs.Watch(clock, symbols[name]):
            found[name] = costs.repeated(
                clock, lambda calls: makers[name](calls, name), CostedCalls
            )
        print(f"{name}: {len(found[name])} calls measured", flush=True)
    made = {"machine": costs.machine(), "versions": versions(reference), "components": found}
    pathlib.Path(path).write_text(json.dumps(made) + "\n", encoding="utf-8")


def versions(reference):
    from importlib.metadata import PackageNotFoundError, version

    # A reference that does not rest on MLX is not tied to the one that is installed.
    mlx = ("mlx",) if "mlx" in reference["environment"] else ()
    found = {}
    for package in (*mlx, "torch", "numpy", "tiktoken"):
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            pass
    return found


def has_random(value):
    if isinstance(value, dict):
        return any(has_random(v) for v in value.values())
    if isinstance(value, (list, tuple)):
        return any(has_random(v) for v in value)
    return isinstance(value, Random)


def write_taps(writer, tape, id):
    """Taps in the order in which the calls ended. Arrays of other types are left out."""
    listed = []
    for i, t in enumerate(tape.list):
        entry = {k: t[k] for k in ("path", "call", "component")}
        for which in ("in", "out", *(("go_on",) if "go_on" in t else ())):
            arrays = [taps.plain(snapshot(a)) for a in t[which]]
            entry[which] = [
                writer.store(f"{id}.tap{i}.{which}{k}", a, which != "in")
                for k, a in enumerate(arrays)
                if a.dtype in NAMES
            ]
        listed.append(entry)
    return listed


def write_component(name, calls, reference, out, sources):
    here = not reference["trace"].get("in_workplace")
    writer = Writer(name, MOST_BYTES if here else None)
    recorded = []
    for id, oracle, args, result, tape, source in calls:
        recorded.append(
            {
                "id": id,
                "oracle": oracle,
                "args": writer.value(args, f"{id}.args", False),
                "result": writer.value(result, f"{id}.result", True),
            }
        )
        if source is not None:
            recorded[-1]["from"] = source
        if tape is not None:
            recorded[-1]["taps"] = write_taps(writer, tape, id)
    manifest = {
        "format": 1,
        "component": name,
        "made_by": "portproof trace",
        "made_with": {**versions(reference), "python": "%d.%d" % sys.version_info[:2], **sources},
    }
    target = out / f"{name}.safetensors"
    if writer.arrays:
        from safetensors.numpy import save

        data = save(dict(sorted(writer.arrays.items())))
        target.write_bytes(data)
        manifest["arrays"] = {
            "file": target.name,
            "sha256": hashlib.sha256(data).hexdigest(),
        }
        if here and len(data) > 1_000_000:
            raise ref.Trouble(f"[portproof] {target} has {len(data)} bytes: record less")
    manifest["calls"] = recorded
    (out / f"{name}.json").write_text(
        json.dumps(manifest, ensure_ascii=False) + "\n", encoding="utf-8"
    )
    return len(recorded), len(writer.arrays)


def load_calls(reference, work, file):
    """The calls that a file registers, by component."""
    path = reference["folder"] / file
    if not path.is_file():
        raise ref.Trouble(f"[portproof] {path} is not there: correct the name in reference.toml")
    name = "portproof_calls_" + file.removesuffix(".py").replace("/", "_").replace(".", "_")
    spec = importlib.util.spec_from_file_location(name, path)
    module = importlib.util.module_from_spec(spec)
    module.recorder = Recorder(reference, work)
    # Among the modules, so that functions that it imports itself can be watched.
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except ImportError as e:
        raise ref.Trouble(
            f"[portproof] {path} cannot import a reference: {e}: add what is missing to "
            f"the lock, or to `stubs` in reference.toml"
        )
    return module.recorder.makers


def recorded_calls(name, sources, number):
    """The calls of one component. sources: file (None: the usual one) to its makers."""
    all_calls = Calls()
    for file, makers in sources.items():
        if name not in makers:
            continue
        calls = Calls(file)
        makers[name](calls, name)
        for call in calls.list:
            # In a later round the usual ones without random input would be the same again.
            if number > 1 and file is None and not has_random(call[2]):
                continue
            all_calls.source = file
            all_calls.add(*call[:5])
    return all_calls.list


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--reference", required=True)
    parser.add_argument("--work", required=True)
    parser.add_argument("--out", required=True)
    parser.add_argument("--component", default="*")
    parser.add_argument("--round", type=int, default=1)
    parser.add_argument("--costs", help="measure into this file; record nothing")
    args = parser.parse_args()

    Random.round_seed = (args.round - 1) << 44  # seeds of calls have 48 bits or less
    reference = ref.load(args.reference)
    for r in reference["reference"]:
        ref.check_sources(args.work, r)
    ref.import_paths(args.work, reference)
    sys.modules["portproof_trace"] = sys.modules["__main__"]
    usual = reference["trace"]["calls"]
    makers = {None: load_calls(reference, args.work, usual)}
    for file, patterns in ref.round_files(reference, args.round).items():
        makers[file] = load_calls(reference, args.work, file)
        ref.check_makers(file, makers[file], patterns)

    out = pathlib.Path(args.out)
    out.mkdir(parents=True, exist_ok=True)
    sources = {
        "references": {
            r["package"]: r["version"] for r in reference["reference"] if not r.get("compare_only")
        },
    }
    wanted = args.component
    known = dict.fromkeys(name for of_file in makers.values() for name in of_file)
    names = [n for n in known if fnmatch.fnmatchcase(n, wanted)]
    if not names:
        raise ref.Trouble(f"[portproof] {usual} has no calls of {wanted}")
    if args.costs:
        write_costs(makers[None], [n for n in names if n in makers[None]], reference, args.costs)
        return
    for name in names:
        calls = recorded_calls(name, makers, args.round)
        if args.round > 1 and not calls:
            continue
        n_calls, n_arrays = write_component(name, calls, reference, out, sources)
        print(f"{name}: {n_calls} calls, {n_arrays} arrays", flush=True)


if __name__ == "__main__":
    ref.run(main)
