# SPDX-License-Identifier: MIT
"""What all peers are asked and how they answer.

Without `--warm` a peer prints each segment as it gets it. With `--warm N` it
prints a line of JSON when its model is ready and for each of N + 1
transcriptions, of which the first is not counted; the keys are those of
`mlx-audio bench --json`.
"""

import argparse
import json
import sys
import time


def options(more=()):
    parser = argparse.ArgumentParser()
    parser.add_argument("--model", required=True)
    parser.add_argument("--clip", required=True)
    parser.add_argument("--threads", type=int, required=True)
    parser.add_argument("--beam", type=int, required=True, help="0: greedy")
    parser.add_argument("--warm", type=int)
    for name in more:
        parser.add_argument(name, required=True)
    return parser.parse_args()


def say(value):
    # Ours are the only lines that begin with a brace at the line's start.
    print(json.dumps(value, ensure_ascii=False), flush=True)


def session(transcribe, runs, settings):
    say({"type": "ready", "settings": settings})
    for number in range(runs + 1):
        began, first, texts = time.perf_counter(), None, []

        def take(text):
            nonlocal first
            first = first if first is not None else time.perf_counter() - began
            texts.append(text)

        tokens = transcribe(take)
        say({"type": "run", "number": number, "counted": number > 0, "seconds": time.perf_counter() - began,
             "first_segment": first, "tokens": tokens, "text": " ".join(texts)})  # fmt: skip


def answer(given, transcribe, settings):
    """\\param transcribe calls its argument with the text of each segment, and
    returns how many tokens there were, or None if that is not known"""
    if given.warm is not None:
        session(transcribe, given.warm, settings)
    else:
        transcribe(lambda text: print(text, flush=True))
    sys.stdout.flush()
