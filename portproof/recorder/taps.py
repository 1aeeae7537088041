# SPDX-License-Identifier: MIT
"""What modules compute during a run, for `portproof bisect`: recorded, and forced.

The same code watches a reference (PyTorch or MLX) and a port in Python. A path
names a place in the model (`decoder.block.1`); taps are listed in the order in
which the modules end, so that a part comes before the whole.
"""

import contextlib


def flat(value):
    """The arrays of a value, in order."""
    if isinstance(value, dict):
        return [a for v in value.values() for a in flat(v)]
    if isinstance(value, (list, tuple)):
        return [a for v in value for a in flat(v)]
    return [value] if is_array(value) else []


def is_array(value):
    return type(value).__module__.split(".")[0] in ("torch", "mlx", "numpy") and hasattr(
        value, "shape"
    )


def kept(array):
    """What a later `x += y` does not change."""
    if hasattr(array, "detach"):
        return array.detach().clone()
    if type(array).__module__.startswith("mlx"):
        import mlx.core as mx

        return mx.array(array)
    return array.copy()


def plain(array):
    """Of a numpy array: how wide whole numbers are is no matter between frameworks."""
    import numpy as np

    small = array.dtype.kind in "iub" and array.dtype != np.int32
    if small and (array.size == 0 or np.abs(array.astype(np.float64)).max() < 2**31):
        return array.astype(np.int32)
    return array.astype(np.float32) if array.dtype == np.float64 else array


def like(own, numbers):
    """Numbers as an array of the same kind as `own`."""
    if hasattr(own, "detach"):
        import torch

        return torch.from_numpy(numbers.copy()).to(own.dtype)
    if type(own).__module__.startswith("mlx"):
        import mlx.core as mx

        return mx.array(numbers).astype(own.dtype)
    return numbers.astype(own.dtype)


def replaced(value, arrays):
    """A value with its arrays replaced, in order; None leaves one as it is."""
    if isinstance(value, dict):
        return {k: replaced(v, arrays) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        items = [replaced(v, arrays) for v in value]
        return type(value)(*items) if hasattr(value, "_fields") else type(value)(items)
    if not is_array(value):
        return value
    other = arrays.pop(0)
    return value if other is None else other


def name_of(module):
    """`package.module.Class`; a class that PyTorch made on the way counts as its base."""
    cls = type(module)
    if cls.__qualname__.startswith("Parametrized"):
        cls = cls.__mro__[1]
    return f"{cls.__module__}.{cls.__qualname__}"


class Tape:
    """One run's taps.

    layout(path, which, array, index) turns an array between the port's order of axes
    and the reference's, or gives None for one that the other side does not have;
    `which` is "in" or "out". It must be its own inverse.
    compared(path, arrays) gives other arrays to compare instead of a result's own, or
    None: for angles, say, that may differ by a turn.
    forced: path to a list, for each call, of the arrays to go on with.
    """

    def __init__(self, layout=None, forced=None, compared=None):
        self.compared = compared or (lambda path, arrays: None)
        self.list = []
        self.layout = layout or (lambda path, which, array, index: array)
        self.forced = forced or {}
        self.calls = {}

    def turned(self, path, which, arrays):
        return [self.layout(path, which, a, i) for i, a in enumerate(arrays)]

    def record(self, path, component, given, result):
        """Notes one call. Returns what the computation is to go on with."""
        call = self.calls.get(path, 0)
        self.calls[path] = call + 1
        own = flat(result)
        outs = self.turned(path, "out", own)
        told = [kept(a) for a in outs if a is not None]
        if not told:
            return result
        entry = {
            "path": path,
            "call": call,
            "component": component,
            "in": [kept(a) for a in self.turned(path, "in", given) if a is not None],
            "out": told,
        }
        if (others := self.compared(path, told)) is not None:
            entry |= {"out": [kept(a) for a in others], "go_on": told}
        self.list.append(entry)
        forced = self.forced.get(path, [])
        if call >= len(forced) or len(forced[call]) != len(told):
            return result
        values = iter(forced[call])
        return replaced(
            result,
            [
                None if a is None else self.layout(path, "out", like(a, next(values)), i)
                for i, a in enumerate(outs)
            ],
        )


def paths_of(model, rename):
    """Path and module of everything in the tree; a module that is there twice has one."""
    named, seen = [], set()
    for path, module in model.named_modules():
        # What PyTorch's weight norm computes is no module of the model.
        if id(module) not in seen and "parametrizations" not in path:
            seen.add(id(module))
            named.append((rename(path), module))
    return named


@contextlib.contextmanager
def watch(model, tape, rename=None, prefix="", extra=None, methods=None, names=None):
    """Records every call of the modules of `model` while it is entered.

    rename turns the model's own paths into the reference's. extra: path to an
    object with `__call__` that the tree does not show. methods: path to (object,
    name of a method). names: class to the component that it is.
    """
    names = names or {}
    whole = lambda path: ".".join(p for p in (prefix, path) if p) or "model"  # noqa: E731
    named = paths_of(model, rename or (lambda path: path)) if model is not None else []
    modules = {id(m): (whole(path), m) for path, m in named}
    for path, thing in (extra or {}).items():
        modules[id(thing)] = (path, thing)

    def component(thing):
        name = name_of(thing)
        return names.get(name, names.get(name.rpartition(".")[2], name))

    undo = []
    patched = set()
    for path, thing in modules.values():
        if hasattr(thing, "register_forward_hook"):
            given = []

            def before(module, args, kwargs, given=given):
                given.append([kept(a) for a in flat([args, kwargs])])

            def after(module, args, kwargs, result, path=path, given=given):
                return tape.record(path, component(module), given.pop(), result)

            undo.append(thing.register_forward_pre_hook(before, with_kwargs=True).remove)
            undo.append(thing.register_forward_hook(after, with_kwargs=True).remove)
            continue
        # Python looks `__call__` up in the class, so that is where it is caught.
        cls = next(c for c in type(thing).__mro__ if "__call__" in vars(c)) if any(
            "__call__" in vars(c) for c in type(thing).__mro__
        ) else None
        if cls is None or cls in patched:
            continue
        patched.add(cls)
        own = cls.__call__

        def call(self, *args, _own=own, _cls=cls, **kwargs):
            here = modules.get(id(self))
            first = next(c for c in type(self).__mro__ if "__call__" in vars(c))
            if here is None or first is not _cls:  # a call by way of `super()`
                return _own(self, *args, **kwargs)
            given = [kept(a) for a in flat([args, kwargs])]
            result = _own(self, *args, **kwargs)
            return tape.record(here[0], component(self), given, result)

        cls.__call__ = call
        undo.append(lambda cls=cls, own=own: setattr(cls, "__call__", own))
    for path, (thing, name) in (methods or {}).items():
        own = getattr(thing, name)

        def method(*args, _own=own, _path=path, _name=name, _thing=thing, **kwargs):
            given = [kept(a) for a in flat([args, kwargs])]
            result = _own(*args, **kwargs)
            cls = component(_thing)
            return tape.record(_path, names.get(f"{cls}.{_name}", f"{cls}.{_name}"), given, result)

        setattr(thing, name, method)
        undo.append(lambda thing=thing, name=name, own=own: setattr(thing, name, own))
    try:
        yield tape
    finally:
        for u in undo:
            u()
