# SPDX-License-Identifier: MIT
"""A report of made-up samples, for tests."""

import bench_path  # noqa: F401
from harness import report, summary, targets
from harness.cases import Case


def whole(wall, text="ask not what", peak=100e6):
    return {"wall": wall, "cpu": 2 * wall, "peak": peak, "first": wall / 2, "text": text}


def warm(seconds, text="ask not what", tokens=10, settings=None):
    return {"ready": 0.25, "settings": settings or {}, "seconds": [seconds], "first_segment": [seconds / 2],
            "tokens": tokens, "text": text, "peak": 90e6}  # fmt: skip


class Someone:
    def __init__(self, name, ours=False, compute=""):
        self.name, self.ours, self.compute = name, ours, compute


EVERYBODY = [Someone("mlx-audio", True, "f32"), Someone("mlx-audio int8", True, "int8"), Someone("peer <a>"),
             Someone("peer b"), Someone("pytorch f32")]  # fmt: skip
RAW = {
    "mlx-audio": {"whole": [whole(1.0), whole(1.2), whole(1.1)], "warm": [warm(0.5), warm(0.7)]},
    "mlx-audio int8": {"whole": [whole(0.8, "ask not that", 60e6)], "warm": [warm(0.4)]},
    "peer <a>": {"whole": [whole(2.2), whole(2.0), whole(2.4)], "warm": [warm(1.0, settings={"beam_size": 1})]},
    "peer b": {"whole": [whole(4.0, "ask nothing", 80e6)], "warm": [warm(3.0, tokens=None)]},
}


def phases():
    def phase(seconds, product, bandwidth):
        return {"seconds": {"min": seconds, "median": seconds, "max": seconds}, "product_share": product,
                "bandwidth_share": bandwidth}  # fmt: skip

    return {
        "contestant": "mlx-audio", "model": "base",
        "roofline": {"products": [{"type": "f32", "flops": 1e11}], "bandwidth": 2e10},
        "phases": {"mel": phase(0.01, 0, 0), "encoder": phase(0.5, 0.8, 0.01), "step": phase(0.01, 0.1, 0.5)},
    }  # fmt: skip


def document(raw=None):
    made = {
        "date": "2026-01-02", "commit": "abc", "suite": "quick", "rounds": 3, "threads": 2, "forced": {},
        "machine": {"cpu": "A processor", "physical_cores": 2, "isa": ["avx2"], "system": "a system",
                    "load_average": [0.5, 0, 0], "environment": {"OMP_WAIT_POLICY": "passive"}},
        "versions": {"mlx-audio": "0.1.0"}, "joined": [], "refused": {"mlx-audio bf16": "no such products"},
        "cases": [], "phases": [phases()], "words": {"figures": {}, "texts": {}},
    }  # fmt: skip

    class Clip:
        name, seconds = "jfk", 11.0

    report.add_case(made, Case("base", "short", 0), Clip, raw or RAW, ["peer c"], "mlx-audio")
    encoder = {"mlx-audio": {"encoder": [{"seconds": [0.5, 0.7], "peak": 50e6}]},
               "pytorch f32": {"encoder": [{"seconds": [1.0], "peak": 70e6}]}}  # fmt: skip
    report.add_case(made, Case("base", "short", 0, ("encoder",)), Clip, encoder, [], "mlx-audio")
    report.finish(made, EVERYBODY, {c.name: {"beam_size": 1} for c in EVERYBODY})
    return made


def together(text="ask not what"):
    """A report of several clips, one by one and together."""
    made = document()

    class Clip:
        name, seconds = "jfk; jfk", 22.0

    raw = {"mlx-audio": {"apart": [warm(4.0)], "together": [warm(3.0, text)]}}
    report.add_case(made, Case("base", "dense", 0, ("apart", "together"), alone=True), Clip, raw, [], "mlx-audio")
    report.finish(made, EVERYBODY, {c.name: {} for c in EVERYBODY})
    return made


__all__ = ["EVERYBODY", "RAW", "Someone", "document", "together", "summary", "targets", "warm", "whole"]
