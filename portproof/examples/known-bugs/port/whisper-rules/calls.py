# SPDX-License-Identifier: MIT
"""Calls of openai-whisper's logit filters, alone and over the steps of a sequence."""

import sys
from pathlib import Path
from types import SimpleNamespace

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import torch
from recorded import own, tensor
from taps import Tape
from whisper.decoding import (
    ApplyTimestampRules,
    MaximumLikelihoodRanker,
    SuppressBlank,
    SuppressTokens,
)

component = recorder.component  # noqa: F821: given by the recorder
TORCH = "torch"

# A vocabulary of 40: text, <eot>, two of the prompt, <no timestamps>, timestamps.
TOKENS = {"eot": 20, "no_timestamps": 23, "timestamp_begin": 24, "blank": 3}
VOCABULARY = 40
BEGIN = 2


def tokenizer():
    return SimpleNamespace(**TOKENS, encode=lambda text: [TOKENS["blank"]])


def filtered(rule, logits, tokens):
    logits = tensor(logits) if not torch.is_tensor(logits) else logits.clone()
    rule.apply(logits, torch.tensor(tokens))
    return logits


# What has been sampled after the two tokens of the prompt.
SAMPLED = {
    "nothing": [],
    "a timestamp": [24],
    "text": [26, 5],
    "text and its end": [26, 5, 7, 30],
    "a pair": [26, 5, 7, 30, 30],
    "text after a pair": [26, 5, 7, 30, 30, 9],
    "a later pair": [26, 5, 30, 30, 9, 33],
    "zero": [24, 5],
}


@component("whisper.decoding.ApplyTimestampRules")
def _(calls, name):
    for first in (None, 3):
        rule = ApplyTimestampRules(tokenizer(), BEGIN, first)
        for id, sampled in SAMPLED.items():
            logits = own([1, VOCABULARY], f"{name} {id}")
            tokens = [[21, 22, *sampled]]
            calls.add(f"{id}, first {first}", TORCH,
                      {"tokenizer": TOKENS, "sample_begin": BEGIN, "first": first,
                       "logits": logits, "tokens": tokens},
                      filtered(rule, logits, tokens))


@component("whisper.decoding.SuppressBlank")
def _(calls, name):
    for id, tokens in (("begin", [[21, 22]]), ("later", [[21, 22, 5]])):
        logits = own([1, VOCABULARY], f"{name} {id}")
        calls.add(id, TORCH, {"tokenizer": TOKENS, "sample_begin": BEGIN, "logits": logits, "tokens": tokens},
                  filtered(SuppressBlank(tokenizer(), BEGIN), logits, tokens))


@component("whisper.decoding.SuppressTokens")
def _(calls, name):
    logits = own([2, VOCABULARY], name)
    calls.add("three", TORCH, {"suppress": [1, 4, 20], "logits": logits, "tokens": [[21], [22]]},
              filtered(SuppressTokens([1, 4, 20]), logits, [[21], [22]]))


@component("whisper.decoding.MaximumLikelihoodRanker")
def _(calls, name):
    tokens = [[[1, 2, 3], [1, 2]], [[4], [5, 6, 7, 8]]]
    sums = [[-3.0, -2.5], [-1.0, -3.5]]
    for penalty in (None, 0.6):
        ranked = MaximumLikelihoodRanker(penalty).rank(
            [[torch.tensor(t) for t in group] for group in tokens], sums)
        calls.add(f"penalty {penalty}", TORCH,
                  {"penalty": penalty, "tokens": tokens, "sums": sums}, [int(r) for r in ranked])


@component("whisper.decoding.LogitFilter")
def _(calls, name):
    """All filters in turn at each step of a sequence that is sampled greedily."""
    rules = {"SuppressBlank": SuppressBlank(tokenizer(), BEGIN),
             "SuppressTokens": SuppressTokens([1, 4]),
             "ApplyTimestampRules": ApplyTimestampRules(tokenizer(), BEGIN, 3)}
    steps = [own([1, VOCABULARY], f"{name} step {i}") for i in range(12)]
    tape, tokens = Tape(), [21, 22]
    for logits in steps:
        logits = tensor(logits)
        for rule, apply in rules.items():
            before = logits
            logits = filtered(apply, before, [tokens])
            logits = tape.record(rule, f"whisper.decoding.{rule}", [before], logits)
        chosen = tape.record("greedy", "whisper.decoding.LogitFilter", [logits], logits.argmax(-1))
        tokens.append(int(chosen))
    calls.add("twelve steps", TORCH,
              {"tokenizer": TOKENS, "sample_begin": BEGIN, "suppress": [1, 4], "first": 3,
               "steps": steps}, tokens, taps=tape)
