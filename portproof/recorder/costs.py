# SPDX-License-Identifier: MIT
"""What the references' recorded calls cost: processor time and memory.

A file of calls computes its results as it likes, so each reference's own
functions are watched: those that the inventory pairs with the component. Only
the outermost call counts, with its arguments ready before and its result
computed, not merely described, after it. What is not watched has no figure.
"""

import dataclasses
import functools
import importlib
import inspect
import json
import os
import platform
import statistics
import sys
import time

REPEATS = 5
# Repeats of one component end after this many seconds.
MOST_SECONDS = 20


def settle(value, depth=0):
    """Has MLX compute what it has only noted down."""
    mx = sys.modules.get("mlx.core")
    if mx is None or depth > 9:
        return
    if isinstance(value, mx.array):
        mx.eval(value)
    elif isinstance(value, dict):
        for v in value.values():
            settle(v, depth + 1)
    elif isinstance(value, (list, tuple)):
        for v in value:
            settle(v, depth + 1)
    elif dataclasses.is_dataclass(value) and not isinstance(value, type):
        for field in dataclasses.fields(value):
            settle(getattr(value, field.name, None), depth + 1)


def memory(name):
    """VmRSS or VmHWM of this process in KiB."""
    with open("/proc/self/status") as f:
        for line in f:
            if line.startswith(name + ":"):
                return int(line.split()[1])
    return 0


def forget_peak():
    """Lets the peak begin anew; False where the system cannot."""
    try:
        with open("/proc/self/clear_refs", "w") as f:
            f.write("5")
        return True
    except OSError:
        return False


class Clock:
    """Adds up what watched functions take until somebody asks."""

    def __init__(self):
        self.running = False
        self.watch_memory = False
        self.forget()

    def forget(self):
        self.seconds, self.calls, self.growth = 0.0, 0, None

    def measured(self, work, *before):
        """work(), timed, unless it is part of something that is timed already."""
        if self.running:
            return work()
        for value in before:
            settle(value)
        had = memory("VmRSS") if self.watch_memory and forget_peak() else None
        self.running = True
        start = time.process_time()
        try:
            result = work()
            settle(result)
            return result
        finally:
            self.seconds += time.process_time() - start
            self.running = False
            self.calls += 1
            if had is not None:
                self.growth = max(self.growth or 0, memory("VmHWM") - had)

    def wrap(self, own):
        @functools.wraps(own)
        def function(*args, **kwargs):
            result = self.measured(lambda: own(*args, **kwargs), args, kwargs)
            return self.each(result) if inspect.isgenerator(result) else result

        return function

    def each(self, generator):
        end = object()
        while (item := self.measured(lambda: next(generator, end))) is not end:
            yield item


def found(symbol):
    """The object that a dotted name stands for, and where it is kept; or None."""
    parts = symbol.split(".")
    for n in range(len(parts) - 1, 0, -1):
        try:
            # Not getattr: a package may have a function of its module's name.
            owner = importlib.import_module(".".join(parts[:n]))
        except ImportError:
            continue
        for part in parts[n:-1]:
            owner = getattr(owner, part, None)
        return (owner, parts[-1]) if parts[-1] in getattr(owner, "__dict__", {}) else None
    return None


class Watch:
    """Watches the functions of one component, and the methods of its classes, for a while."""

    def __init__(self, clock, symbols):
        self.clock, self.symbols, self.undo = clock, symbols, []

    def __enter__(self):
        for symbol in self.symbols:
            where = found(symbol)
            if where is None:
                continue
            owner, name = where
            thing = vars(owner)[name]
            if not isinstance(thing, type):
                self.replace(owner, name, thing)
                continue
            for method, own in list(vars(thing).items()):
                shown = not method.startswith("_") or method == "__call__"
                if shown and not isinstance(own, type):
                    self.replace(thing, method, own)
        return self

    def __exit__(self, *_):
        for owner, name, own in reversed(self.undo):
            setattr(owner, name, own)

    def replace(self, owner, name, own):
        wrap = self.clock.wrap
        if isinstance(own, (staticmethod, classmethod)):
            watched = type(own)(wrap(own.__func__))
        elif isinstance(own, property) and own.fget is not None:
            watched = property(wrap(own.fget), own.fset, own.fdel, own.__doc__)
        elif inspect.isfunction(own) or hasattr(own, "cache_clear"):
            watched = wrap(own)
            for kept in ("cache_clear", "cache_info"):
                if hasattr(own, kept):
                    setattr(watched, kept, getattr(own, kept))
        else:
            return
        # Whoever imported a function itself is to call the watched one, too.
        holders = [owner] if isinstance(owner, type) else list(sys.modules.values())
        for holder in holders:
            if getattr(holder, "__dict__", {}).get(name) is own:
                self.undo.append((holder, name, own))
                setattr(holder, name, watched)


def repeated(clock, maker, fresh):
    """Runs a component's calls once, for memory, and some times more, for time.

    maker: runs them, each `add` of `fresh()`'s result ends one call.
    """
    growth, seconds, began = {}, {}, time.monotonic()
    for run in range(1 + REPEATS):
        clock.watch_memory = run == 0
        clock.forget()
        calls = fresh(clock)
        maker(calls)
        for id, oracle, taken, grown in calls.costs:
            if run == 0:
                growth[id] = grown
                seconds[id] = (oracle, [taken])
            elif id in seconds:
                seconds[id][1].append(taken)
        if time.monotonic() - began > MOST_SECONDS:
            break
    listed = []
    for id, (oracle, taken) in seconds.items():
        entry = {"id": id, "oracle": oracle, "seconds": statistics.median(taken[1:] or taken)}
        if growth[id] is not None:
            entry["growth_kib"] = growth[id]
        listed.append(entry)
    return listed


def symbols_of(inventory, names):
    """Component -> what the references call it."""
    rows = json.loads(inventory.read_text(encoding="utf-8"))["components"]
    paired = {r["name"]: [c["name"] for c in r.get("counterparts", [])] for r in rows}
    return {name: [name, *paired.get(name, [])] for name in names}


def machine():
    model = platform.machine()
    try:
        with open("/proc/cpuinfo") as f:
            lines = [line.split(":", 1)[1].strip() for line in f if line.startswith("model name")]
        model = lines[0] if lines else model
    except OSError:
        pass
    return {"processor": model, "cores": os.cpu_count(), "system": platform.platform(terse=True)}
