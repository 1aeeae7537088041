# SPDX-License-Identifier: MIT
"""openai-whisper 20250625: a candidate without tokens divides by zero.

It comes about with `suppress_blank=False`, where the first token may be the end.
"""
import torch
from whisper.decoding import MaximumLikelihoodRanker

try:
    print(MaximumLikelihoodRanker(None).rank([[torch.tensor([1, 2]), torch.tensor([], dtype=torch.long)]], [[-1.0, -0.5]]))
except ZeroDivisionError as e:
    print("ZeroDivisionError:", e)
