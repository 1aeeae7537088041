# SPDX-License-Identifier: MIT
"""What is measured: a model on a clip with options, and in which way."""

from dataclasses import dataclass

WHOLE, WARM = "whole", "warm"


@dataclass(frozen=True)
class Case:
    model: str  # "base"
    clip: str  # "short" or "long"
    beam: int  # 0: greedy
    modes: tuple = (WHOLE, WARM)

    @property
    def name(self):
        search = f"beam {self.beam}" if self.beam else "greedy"
        return f"{self.model}, {search}, {self.clip} clip"


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
    ),
}
