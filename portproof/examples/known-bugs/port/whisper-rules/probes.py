# SPDX-License-Identifier: MIT
"""Probes of mlx-audio's logit filters."""

import sys
from pathlib import Path
from types import SimpleNamespace

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import mlx.core as mx
from mlx_audio.stt.models.whisper.decoding import (
    ApplyTimestampRules,
    MaximumLikelihoodRanker,
    SuppressBlank,
    SuppressTokens,
)
from mlx_side import array

add = probes.add  # noqa: F821: given by the program


def tokenizer(call):
    given = call["tokenizer"]
    return SimpleNamespace(**given, encode=lambda text, **options: [given["blank"]])


def rules_of(call):
    return ApplyTimestampRules(tokenizer(call), call["sample_begin"], call["first"])


@add("whisper.decoding.ApplyTimestampRules")
def _(call):
    return rules_of(call).apply(array(call["logits"]), mx.array(call["tokens"]))


@add("whisper.decoding.SuppressBlank")
def _(call):
    rule = SuppressBlank(tokenizer(call), call["sample_begin"], 40)
    return rule.apply(array(call["logits"]), mx.array(call["tokens"]))


@add("whisper.decoding.SuppressTokens")
def _(call):
    return SuppressTokens(call["suppress"], 40).apply(array(call["logits"]), mx.array(call["tokens"]))


@add("whisper.decoding.MaximumLikelihoodRanker")
def _(call):
    return MaximumLikelihoodRanker(call["penalty"]).rank(call["tokens"], call["sums"])


@add("whisper.decoding.LogitFilter")
def _(call):
    tape = call.new_tape()
    record = tape.record if tape else lambda path, component, given, result: result
    rules = {"SuppressBlank": SuppressBlank(tokenizer(call), call["sample_begin"], 40),
             "SuppressTokens": SuppressTokens(call["suppress"], 40),
             "ApplyTimestampRules": rules_of(call)}
    tokens = [21, 22]
    for logits in map(array, call["steps"]):
        for name, rule in rules.items():
            before = logits
            logits = rule.apply(before, mx.array([tokens]))
            logits = record(name, "", [before], logits)
        tokens.append(int(record("greedy", "", [logits], mx.argmax(logits, axis=-1)).item()))
    return tokens
