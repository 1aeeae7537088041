# SPDX-License-Identifier: MIT
"""What is measured: a model on a clip with options, and in which way."""

from dataclasses import dataclass

WHOLE, WARM, ENCODER = "whole", "warm", "encoder"
# Several clips in one warm session, one by one and with --batch-size.
APART, TOGETHER = "apart", "together"
# Pseudo-random weights of large-v3's encoder.
LARGE = "large-v3's shape"


@dataclass(frozen=True)
class Case:
    model: str  # "base"
    clip: str  # "short", "long", "half-hour", or "dense": four
    beam: int  # 0: greedy
    modes: tuple = (WHOLE, WARM)
    alone: bool = False  # without peers

    @property
    def name(self):
        if self.modes == (ENCODER,):
            return f"encoder of {self.model}"
        search = f"beam {self.beam}" if self.beam else "greedy"
        return f"{self.model}, {search}, {self.clip} clip" + ("s" if self.clip == "dense" else "")


SUITES = {
    # Under ten minutes on two cores.
    "quick": (Case("base", "short", 0), Case("base", "long", 0, (WHOLE,))),
    "full": (
        Case("base", "short", 0),
        Case("base", "long", 0),
        Case("base", "short", 5),
        Case("base", "long", 5),
        Case("tiny.en", "long", 0),
        Case("tiny.en", "long", 5),
        Case("base", "short", 0, (ENCODER,)),
        Case("base", "dense", 0, (APART, TOGETHER), alone=True),
    ),
    # What decoding files together gains.
    "batch": (
        Case("base", "dense", 0, (APART, TOGETHER), alone=True),
        Case("base", "dense", 5, (APART, TOGETHER), alone=True),
    ),
    # Whether time and memory grow with the audio as they may.
    "half-hour": (
        Case("base", "long", 0, (WHOLE,), alone=True),
        Case("base", "half-hour", 0, (WHOLE,), alone=True),
    ),
    # What is said in each precision: see texts.py.
    "words": (Case("base", "all", 0, alone=True), Case("base", "all", 5, alone=True)),
    # Minutes for each round.
    "large": (Case(LARGE, "short", 0, (ENCODER,)),),
}
