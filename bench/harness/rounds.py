# SPDX-License-Identifier: MIT
"""The contestants in turn, so that a busy moment falls on all of them."""

import sys

from harness import cases, processes, samples
from harness.paths import Refused


def order(contestants, number):
    """Who goes first changes from round to round."""
    shift = number % len(contestants)
    return contestants[shift:] + contestants[:shift]


def modes_of(case, number):
    """Of two ways to do the same, neither is always first."""
    turned = set(case.modes) == {cases.APART, cases.TOGETHER} and number % 2 == 1
    return case.modes[::-1] if turned else case.modes


def enters(contestant, case):
    able = (contestant.beams or not case.beam) and (contestant.ours or not case.alone)
    known = not contestant.models or case.model in contestant.models
    return able and known and set(case.modes) <= set(contestant.modes)


def without_beams(contestants, case):
    """Who would take part if it could search with beams."""
    return [c.name for c in contestants if case.beam and not c.beams and set(case.modes) <= set(c.modes)]


def tried(contestants, case, clip, tell):
    """Those of ours that the program runs at all; and why it refuses the rest."""
    able, refused = [], {}
    for contestant in contestants:
        if contestant.ours:
            try:
                processes.run(contestant.command(case, case.modes[0], clip.path), contestant.environment)
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
            for mode in modes_of(case, number):
                if number == 0 and mode != cases.WHOLE:
                    continue
                run = processes.run(contestant.command(case, mode, clip.path), contestant.environment)
                if number > 0:
                    raw[contestant.name][mode].append(samples.TAKE[mode](run))
                tell(f"{case.name}: round {number} of {rounds}: {contestant.name}, {mode}: {run.wall:.2f} s")
    return raw


def tell(line):
    print(line, file=sys.stderr, flush=True)
