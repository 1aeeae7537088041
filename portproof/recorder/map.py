# SPDX-License-Identifier: MIT
"""Draws a map of the running references: module tree, call order, data flow.

`[map] run` of reference.toml names a Python file with a function for each
reference, called like its key, that gives the model and a function which makes
a real run of it. While that runs, every call of a module, and of a function in
the reference's own files, is noted with the shapes that go in and come out and
with the calls that made what goes in. What repeats is folded.
"""

import argparse
import importlib.util
import json
import os
import pathlib
import re
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parent))
import reference as ref  # noqa: E402

MOST_CALLS = 2_000_000
LONGEST_PERIOD = 12


# --- arrays ------------------------------------------------------------------------


def is_array(value):
    kind = type(value)
    return kind.__module__.startswith(("torch", "mlx.core", "numpy")) and hasattr(value, "shape") \
        and hasattr(value, "dtype") and hasattr(value, "ndim")


def grouped(arrays):
    """[name, shape, dtype] for each array; those of one container are one entry, with their number."""
    out = []
    for label, array in arrays:
        name = label.partition("[")[0]
        inside = name != label
        shape, dtype = described(array)
        same = out[-1] if out else None
        if inside and same and len(same) == 4 and same[0] == name and same[2] == dtype \
                and len(same[1]) == len(shape):
            same[1] = [spread(a, b) for a, b in zip(same[1], shape)]
            same[3] += 1
        else:
            out.append([name, shape, dtype] + ([1] if inside else []))
    return [entry[:3] if entry[3:] == [1] else entry for entry in out]


def described(value):
    """[shape, dtype] of an array."""
    dtype = str(value.dtype).removeprefix("torch.").removeprefix("mlx.core.")
    return [[int(n) for n in value.shape], dtype]


def arrays_in(name, value, depth=0):
    """(name, array) for each array in a value."""
    if is_array(value):
        yield name, value
    elif depth < 3 and isinstance(value, dict):
        for i, (key, inner) in enumerate(value.items()):
            yield from arrays_in(f"{name}[{key if isinstance(key, str) else i}]", inner, depth + 1)
    elif depth < 3 and isinstance(value, (list, tuple)) and len(value) <= 64:
        for i, inner in enumerate(value):
            yield from arrays_in(f"{name}[{i}]", inner, depth + 1)


# --- module tree -------------------------------------------------------------------


def torch_tree(model):
    """path -> (class, own parameters, own buffers) in the order of the modules."""
    out = {}
    for path, module in model.named_modules():
        out[path] = (
            module,
            [(n, p) for n, p in module.named_parameters(recurse=False)],
            [(n, b) for n, b in module.named_buffers(recurse=False)],
        )
    return out


def mlx_tree(model):
    out = {}

    def walk(path, module):
        own = [(n, v) for n, v in module.items() if is_array(v)]
        kept = [(n, v) for n, v in own if not n.startswith("_")]
        rest = [(n, v) for n, v in own if n.startswith("_")]
        out[path] = (module, kept, rest)
        for name, child in module.items():
            inside(f"{path}.{name}".strip("."), child)

    def inside(path, value):
        if hasattr(value, "named_modules"):
            walk(path, value)
        elif isinstance(value, (list, tuple)):
            for i, one in enumerate(value):
                inside(f"{path}.{i}", one)
        elif isinstance(value, dict):
            for key, one in value.items():
                inside(f"{path}.{key}", one)

    walk("", model)
    return out


def class_name(module):
    return f"{type(module).__module__}.{type(module).__qualname__}"


def size(shape):
    n = 1
    for d in shape:
        n *= int(d)
    return n


def nested(flat):
    """The flat tree as nodes; a list's alike members are one node with `times`."""
    nodes = {}
    for path, (module, parameters, buffers) in flat.items():
        node = {"name": path.rpartition(".")[2], "class": class_name(module)}
        if parameters:
            node["parameters"] = [[n, *described(p)] for n, p in parameters]
        if buffers:
            node["buffers"] = [[n, *described(b)] for n, b in buffers]
        node["count"] = sum(size(p.shape) for _, p in parameters)
        node["children"] = []
        nodes[path] = node
    for path in list(flat)[1:]:
        parent, _, name = path.rpartition(".")
        while parent not in nodes:  # a plain list or dict between them
            parent, _, outer = parent.rpartition(".")
            name = f"{outer}.{name}"
        nodes[path]["name"] = name
        nodes[parent]["children"].append(nodes[path])
    root = nodes[""]
    finish(root)
    return root


def signature(node):
    return json.dumps([shape_of(node["name"]), alike(node)])


def alike(node):
    return [
        node["class"],
        node.get("parameters"),
        node.get("buffers"),
        [[c["name"], c.get("times"), alike(c)] for c in node.get("children", [])],
    ]


def finish(node):
    for child in node["children"]:
        finish(child)
    node["count"] += sum(c["count"] * c.get("times", 1) for c in node["children"])
    folded = []
    for child in node["children"]:
        before = folded[-1] if folded else None
        is_next = re.search(INDEX, child["name"]) is not None
        if before and is_next and signature({**before, "name": before["first"]}) == signature(child):
            before["times"] = before.get("times", 1) + 1
            before["last"] = child["name"]
        else:
            folded.append({**child, "first": child["name"]})
    for child in folded:
        first, last = child.pop("first"), child.pop("last", None)
        if last:
            child["name"] = merged_name(first, last)
    node["children"] = folded
    if not folded:
        del node["children"]


# --- calls -------------------------------------------------------------------------


class Call:
    __slots__ = ("name", "kind", "inputs", "outputs", "calls", "parent", "sources")

    def __init__(self, name, kind, parent):
        self.name, self.kind, self.parent = name, kind, parent
        self.inputs, self.outputs, self.calls = [], [], []
        self.sources = []  # calls that made an input


class Tracer:
    """Notes calls while `sys.setprofile` is on."""

    def __init__(self, tree, sources):
        self.paths = {id(m): path for path, (m, _, _) in tree.items()}
        self.modules = [m for m, _, _ in tree.values()]  # ids stay theirs
        self.sources = sources  # file -> module name
        self.root = Call("", "run", None)
        self.stack = [(None, self.root)]
        self.made = {}  # id of an array -> calls that made it
        self.alive = []  # so that ids are not used again
        self.weights = {
            id(a) for _, parameters, buffers in tree.values() for _, a in parameters + buffers
        }
        self.count = 0

    def name_of(self, frame):
        code = frame.f_code
        own = frame.f_locals.get("self") if "self" in code.co_varnames[:1] else None
        if own is not None and id(own) in self.paths and code.co_name in ("forward", "__call__"):
            library = code.co_filename.endswith(("torch/nn/modules/module.py",))
            if library:
                return None
            return "module", self.paths[id(own)] or "(model)"
        module = self.sources.get(code.co_filename)
        if module is None or "<" in code.co_name or code.co_name.startswith("__"):
            return None
        return "function", f"{module}.{code.co_qualname.replace('.<locals>', '')}"

    def __call__(self, frame, event, arg):
        if event == "call":
            named = self.name_of(frame)
            if named is None:
                return
            parent = self.stack[-1][1]
            if named == (parent.kind, parent.name) and named[0] == "module":
                return  # a subclass's forward that calls its base's
            self.count += 1
            if self.count > MOST_CALLS:
                raise ref.Trouble("[portproof] [map] the run makes too many calls: make it shorter")
            call = Call(named[1], named[0], parent)
            code = frame.f_code
            names = code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]
            values = [(n, frame.f_locals.get(n)) for n in names if n != "self"]
            if code.co_flags & 0x04:  # *args
                extra = code.co_varnames[len(names)]
                values.append((extra, frame.f_locals.get(extra)))
            for name, value in values:
                found = [
                    (label, a) for label, a in arrays_in(name, value) if id(a) not in self.weights
                ]
                call.inputs += grouped(found)
                for _, array in found:
                    call.sources += [s for s in self.made.get(id(array), ()) if s not in call.sources]
                    self.alive.append(array)
            parent.calls.append(call)
            self.stack.append((frame, call))
        elif event == "return" and self.stack[-1][0] is frame:
            call = self.stack.pop()[1]
            found = list(arrays_in("", arg))
            call.outputs = grouped(found)
            for _, array in found:
                if id(array) not in self.weights:
                    self.made[id(array)] = [call]
                    self.alive.append(array)

    def passes_on(self, inputs, outputs):
        """An operation's results come from where its inputs came from."""
        found = []  # a result may be an input that was changed in place
        for _, array in inputs:
            found += [s for s in self.made.get(id(array), ()) if s not in found]
        if found:
            for _, array in outputs:
                self.made[id(array)] = found
                self.alive.append(array)


def torch_flow(tracer):
    """Follows arrays through PyTorch's own functions."""
    from torch.overrides import TorchFunctionMode

    class Flow(TorchFunctionMode):
        def __torch_function__(self, function, types, args=(), kwargs=None):
            result = function(*args, **(kwargs or {}))
            inputs = list(arrays_in("", [list(args), kwargs or {}]))
            tracer.passes_on(inputs, list(arrays_in("", result)))
            return result

    return Flow()


class mlx_flow:  # noqa: N801: used like the function above
    """Follows arrays through MLX's functions, methods and operators, and its compiled activations."""

    def __init__(self, tracer):
        self.tracer, self.before = tracer, []

    def wrapped(self, function):
        def follow(*args, **kwargs):
            result = function(*args, **kwargs)
            self.tracer.passes_on(
                list(arrays_in("", [list(args), kwargs])), list(arrays_in("", result))
            )
            return result

        return follow

    def __enter__(self):
        import mlx.core as mx
        import mlx.nn as nn

        skip = ("eval", "async_eval", "compile", "array", "save", "load", "savez", "vmap", "grad")
        for owner in (mx, mx.fast, mx.fft):
            for name in dir(owner):
                function = getattr(owner, name)
                plain = type(function).__name__ in ("nb_func", "builtin_function_or_method")
                if plain and not name.startswith("_") and name not in skip:
                    self.replace(owner, name, function)
        for name in dir(nn):
            function = getattr(nn, name)
            if callable(function) and not isinstance(function, type) and name.islower():
                self.replace(nn, name, function)
        for name in dir(mx.array):
            operator = name.startswith("__") and name.strip("_") in OPERATORS
            if operator or not name.startswith("_"):
                function = getattr(mx.array, name)
                if type(function).__name__ in ("nb_method", "method_descriptor", "wrapper_descriptor"):
                    self.replace(mx.array, name, function)
        return self

    def replace(self, owner, name, function):
        try:
            setattr(owner, name, self.wrapped(function))
        except (AttributeError, TypeError):
            return
        self.before.append((owner, name, function))

    def __exit__(self, *_):
        for owner, name, function in self.before:
            setattr(owner, name, function)


OPERATORS = {
    *("add", "sub", "mul", "truediv", "floordiv", "mod", "matmul", "pow", "neg", "getitem"),
    *("radd", "rsub", "rmul", "rtruediv", "rpow", "iadd", "isub", "imul", "itruediv"),
}


# --- folding -----------------------------------------------------------------------


def chain(call):
    while call is not None:
        yield call
        call = call.parent


def flows(call):
    """Indices of the siblings before it whose results it takes; "in" for what its caller was given."""
    out = set()
    for source in call.sources:
        siblings = call.parent.calls
        found = next((s for s in chain(source) if s.parent is call.parent), None)
        if found is None or found is call:
            out.add("in")
        else:
            out.add(siblings.index(found))
    return out


def plain(call):
    """A call as JSON, what is inside it folded."""
    node = {"name": call.name, "kind": call.kind}
    for key in ("inputs", "outputs"):
        if getattr(call, key):
            node[key] = getattr(call, key)
    node["from"] = sorted(flows(call), key=str) if call.parent else []
    node["calls"] = [plain(c) for c in call.calls]
    fold(node)
    return node


INDEX = r"(?:(?<=\.)|^)(\d+(?:-\d+)?)(?=\.|$)"  # an index is a whole part of a path


def shape_of(name):
    return re.sub(INDEX, "#", name)


def likeness(node):
    """What two calls have in common that are passes of one loop."""
    if "loop" in node:
        return ["loop", [likeness(c) for c in node["loop"]]]
    return [
        shape_of(node["name"]),
        # What a container holds may grow from pass to pass.
        [[e[0], len(e[1]), e[2]] for e in node.get("inputs", []) if len(e) == 3],
        [[e[0], len(e[1]), e[2]] for e in node.get("outputs", []) if len(e) == 3],
        [likeness(c) for c in node.get("calls", [])],
    ]


def spread(a, b):
    """A dimension that differs between passes, as a text "low-high"."""
    if a == b:
        return a
    numbers = [int(n) for x in (a, b) for n in str(x).split("-")]
    return f"{min(numbers)}-{max(numbers)}"


def merged_name(a, b):
    """`blocks.0.attn` and `blocks.1.attn` as `blocks.0-1.attn`."""
    if a == b:
        return a
    left, right = re.split(INDEX, a), re.split(INDEX, b)
    return "".join(x if x == y else spread(x, y) for x, y in zip(left, right))


def merge(into, other):
    if "loop" in into:
        into["times"] = spread(into["times"], other["times"])
        for a, b in zip(into["loop"], other["loop"]):
            merge(a, b)
        into["from"] += [f for f in other["from"] if f not in into["from"]]
        return
    into["name"] = merged_name(into["name"], other["name"])
    into["from"] += [f for f in other["from"] if f not in into["from"]]
    into["from"].sort(key=str)
    if into.get("times", 1) != other.get("times", 1):
        into["times"] = spread(into.get("times", 1), other.get("times", 1))
    for key in ("inputs", "outputs"):
        for b in other.get(key, []):
            a = next((e for e in into.get(key, []) if e[0] == b[0] and len(e[1]) == len(b[1])), None)
            if a is None:
                into.setdefault(key, []).append(b)
                continue
            a[1] = [spread(x, y) for x, y in zip(a[1], b[1])]
            if len(a) == 4 or len(b) == 4:
                a[3:] = [spread((a[3:] or [1])[0], (b[3:] or [1])[0])]
    for a, b in zip(into.get("calls", []), other.get("calls", [])):
        merge(a, b)


def fold(node):
    """Folds what repeats among the calls inside a node. `from` becomes indices of what is left."""
    calls = node["calls"]
    keys = [json.dumps(likeness(c)) for c in calls]
    out, place = [], {}
    i = 0
    while i < len(calls):
        best, period = 1, 1
        for p in range(1, LONGEST_PERIOD + 1):
            n = 1
            while keys[i + n * p : i + (n + 1) * p] == keys[i : i + p] and i + (n + 1) * p <= len(keys):
                n += 1
            if n > 1 and n * p > best * period:
                best, period = n, p
        if best == 1:
            place[i] = len(out)
            out.append(calls[i])
            i += 1
            continue
        first = calls[i : i + period]
        inner = set(range(i, i + best * period))
        outside = set()
        for k in inner:
            outside |= {f for f in calls[k]["from"] if f not in inner}
        for k in inner:  # from the same pass, or from without it
            one, at = (k - i) // period, calls[k]
            at["from"] = [
                (f - i) % period if f in inner and (f - i) // period == one else "in"
                for f in at["from"]
            ]
        for n in range(1, best):
            for a, b in zip(first, calls[i + n * period : i + (n + 1) * period]):
                merge(a, b)
        for k in inner:
            place[k] = len(out)
        if period == 1:
            first[0]["times"] = best
            first[0]["from"] = list(outside)
            out.append(first[0])
        else:
            for one in first:
                one["from"] = sorted(one["from"], key=str)
            out.append({"loop": first, "times": best, "from": list(outside)})
        i += best * period
    for k, one in enumerate(out):
        known = {f if f == "in" else place[f] for f in one["from"]} - {k}
        one["from"] = sorted((f for f in known if f == "in" or f < k), key=str)
    node["calls"] = out
    if not out:
        del node["calls"]


# --- main --------------------------------------------------------------------------


def runs_of(reference):
    name = reference.get("map", {}).get("run")
    if not name:
        raise ref.Trouble(
            "[portproof] reference.toml has no [map] `run`: name a Python file that gives the "
            "model and a run of it (docs/porting/map.md)"
        )
    path = reference["folder"] / name
    if not path.exists():
        raise ref.Trouble(f"[portproof] [map] `run`: {path} is not there")
    spec = importlib.util.spec_from_file_location("portproof_map_run", path)
    module = importlib.util.module_from_spec(spec)
    sys.path.insert(0, str(path.parent))
    spec.loader.exec_module(module)
    return module, path


def map_of(work, r, make, path):
    sources = {
        str(ref.source_root(work, r) / s): ref.module_name(s) for s in r["sources"]
    }
    made = make()
    if not (isinstance(made, tuple) and len(made) == 2 and callable(made[1])):
        raise ref.Trouble(f"[portproof] {path}: {r['key']}() must give the model and a function")
    model, run = made
    tree = torch_tree(model) if r["runtime"] == "torch" else mlx_tree(model)
    tracer = Tracer(tree, sources)
    flow = torch_flow(tracer) if r["runtime"] == "torch" else mlx_flow(tracer)
    with flow:
        sys.setprofile(tracer)
        try:
            run()
        finally:
            sys.setprofile(None)
    if not tracer.root.calls:
        raise ref.Trouble(f"[portproof] {path}: the run of {r['key']} calls nothing of the reference")
    top = plain(tracer.root)
    return {
        "package": r["package"],
        "version": r["version"],
        "sha256": r["sha256"],
        "runtime": r["runtime"],
        "modules": nested(tree),
        "recorded": tracer.count,
        "calls": top["calls"],
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--reference", required=True)
    parser.add_argument("--work", required=True)
    parser.add_argument("--out", required=True)
    args = parser.parse_args()
    os.environ.setdefault("OMP_WAIT_POLICY", "passive")
    reference = ref.load(args.reference)
    ref.import_paths(args.work, reference)
    for r in reference["reference"]:
        ref.check_sources(args.work, r)
    module, path = runs_of(reference)
    result = {
        "format": 1,
        "model": reference["model"],
        "about": (module.__doc__ or "").strip().splitlines()[0] if module.__doc__ else "",
        "references": {},
    }
    for r in reference["reference"]:
        make = getattr(module, r["key"].replace("-", "_"), None)
        if make is not None:
            result["references"][r["key"]] = map_of(args.work, r, make, path)
            print(f"{r['key']}: {result['references'][r['key']]['recorded']} calls", flush=True)
    if not result["references"]:
        raise ref.Trouble(f"[portproof] {path} has no function called like a reference's key")
    text = json.dumps(result, indent=1, ensure_ascii=False) + "\n"
    pathlib.Path(args.out).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    ref.run(main)
