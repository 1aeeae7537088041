# SPDX-License-Identifier: MIT
"""The contestants in turn, so that a busy moment falls on all of them."""

import sys

from harness import cases, processes, samples
from harness.paths import Refused


def order(contestants, number):
    """Who goes first changes from round to round."""
    shift = number % len(contestants)
    return contestants[shift:] + contestants[:shift]


def enters(contestant, case):
    return contestant.beams or not case.beam


def tried(contestants, case, clip, tell):
    """Those of ours that the program runs at all; and why it refuses the rest."""
    able, refused = [], {}
    for contestant in contestants:
        if contestant.ours:
            try:
                processes.run(contestant.command(case, clip.path, None), contestant.environment)
            except Refused as e:
                refused[contestant.name] = str(e)
                tell(f"SKIPPED: {contestant.name}: {e}")
                continue
        able.append(contestant)
    return able, refused


def measure(contestants, case, clip, rounds, tell):
    """Raw samples by contestant and mode."""
    entrants = [c for c in contestants if enters(c, case)]
    raw = {c.name: {mode: [] for mode in case.modes} for c in entrants}
    # The first round of whole processes brings files into memory and is not
    # counted. A session has a first run of its own that is not.
    for number in range(rounds + 1):
        for contestant in order(entrants, number):
            for mode in case.modes:
                if number == 0 and mode == cases.WARM:
                    continue
                runs = 1 if mode == cases.WARM else None
                run = processes.run(contestant.command(case, clip.path, runs), contestant.environment)
                if number > 0:
                    take = samples.warm_sample if mode == cases.WARM else samples.whole_sample
                    raw[contestant.name][mode].append(take(run))
                tell(f"{case.name}: round {number} of {rounds}: {contestant.name}, {mode}: {run.wall:.2f} s")
    return raw


def tell(line):
    print(line, file=sys.stderr, flush=True)
