# SPDX-License-Identifier: MIT
"""The parts of our program's work, by `mlx-audio bench`."""

import json

from harness import contestants, processes


def command(program, model, clip, threads, variant, runs):
    options = contestants.our_options(model, 0, threads, variant)
    return [program, "bench", "--json", "--runs", str(runs), *options, clip]


def read(lines):
    """Roofline and phases of the lines that the program wrote."""
    values = [json.loads(line) for line in lines if line.strip()]
    return {
        "roofline": next(v for v in values if v["type"] == "roofline"),
        "phases": {v["name"]: v for v in values if v["type"] == "phase"},
    }


def measure(contestant, program, model, clip, threads, runs):
    line = command(program, model, clip.path, threads, contestant.variant, runs)
    run = processes.run(line, contestant.environment)
    return {"contestant": contestant.name, "model": model, **read(line for _, line in run.lines)}
