# SPDX-License-Identifier: MIT
"""Calls of transcribe() that fall back from one temperature to the next."""

import sys

from portproof_trace import Random, seed_of
from sampler import Sampler

import whisper.transcribe  # noqa: F401: a function of this name hides the module

from .common import SPEAKER, TORCH, speaker

DEFAULTS = {"compression_ratio_threshold": 2.4, "logprob_threshold": -1.0}
CASES = {
    "to-the-last": {"temperatures": [0.0, 0.4, 0.8], "seed": 3},
    "searched-and-best-of": {
        "temperatures": [0.0, 0.2, 0.6], "beam_size": 3, "patience": 2.0, "best_of": 2, "seed": 5,
    },
    "kept": {"temperatures": [0.0, 0.5], "logprob_threshold": None, "compression_ratio_threshold": None},
    "repetitive": {"temperatures": [0.0, 0.5, 1.0], "logprob_threshold": None, "compression_ratio_threshold": 0.9},
    "silence": {"temperatures": [0.0, 0.5], "no_speech_threshold": 0.0, "logprob_threshold": 0.0},
    "one-temperature": {"temperatures": [0.7], "best_of": 3, "length_penalty": 0.6, "seed": 11},
    "prefix": {"temperatures": [0.0, 0.9], "prefix": "And so", "beam_size": 2, "length_penalty": 1.0},
}


def add(calls, transcription):
    """Records the cases. :param transcription: makes JSON of a result"""
    transcribe = sys.modules["whisper.transcribe"].transcribe
    for id, given in CASES.items():
        t, w = speaker(SPEAKER)
        sound = Random(seed_of("long"), [65 * 16000 + 77], 0.25)
        o = {"language": "en", "sample_len": 10, **DEFAULTS, **given}
        args = {"weights": w, "dims": SPEAKER, "audio": sound, **o}
        temperatures, seed = o.pop("temperatures"), o.pop("seed", 0)
        with Sampler(seed, model=t):
            r = transcribe(t, sound.value, temperature=tuple(temperatures), fp16=False, **o)
        calls.add("fallback-" + id, TORCH, args, transcription(r))
