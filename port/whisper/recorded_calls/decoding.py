# SPDX-License-Identifier: MIT
"""Calls of decoding.py and of what is used in it."""

import dataclasses

import torch
from portproof_trace import Near, attempt

from whisper import decoding, tokenizer

from .common import ENGLISH, SPEAKER, TORCH, component, make, mel_of, own, settings, speaker, ten


@component("whisper.decoding.DecodingOptions")
def _(calls, name):
    defaults = dataclasses.asdict(decoding.DecodingOptions())
    del defaults["fp16"]  # the port's models know their type
    defaults["suppress_tokens"] = [int(t) for t in defaults["suppress_tokens"].split(",")]
    calls.add("defaults", TORCH, {}, defaults)


@component("whisper.decoding.DecodingResult")
def _(calls, name):
    x = own([4, 8], name)
    r = decoding.DecodingResult(audio_features=ten(x), language="en")
    fields = {f.name: getattr(r, f.name) for f in dataclasses.fields(r)}
    calls.add("defaults", TORCH, {"audio_features": x, "language": "en"}, fields)


def logits_like(n_vocab, batch, name, scale=8.0):
    return own([batch, n_vocab], name, scale)


def apply(filter, logits, tokens):
    y = ten(logits)
    filter.apply(y, torch.tensor(tokens))
    return y


@component("whisper.decoding.SuppressTokens", "whisper.decoding.LogitFilter")
def _(calls, name):
    x = logits_like(100, 2, name)
    for id, ids in (("some", [0, 5, 99]), ("none", [])):
        f = decoding.SuppressTokens(ids)
        tokens = [[1, 2], [3, 4]]
        args = {"logits": x, "tokens": tokens, "suppress_tokens": ids}
        calls.add(id, TORCH, args, apply(f, x, tokens))


@component("whisper.decoding.SuppressBlank")
def _(calls, name):
    for multilingual in (True, False):
        s = settings(multilingual)
        t = make(s)
        x = logits_like(t.encoding.n_vocab, 1, f"{name}{multilingual}")
        for id, length in (("first", 3), ("later", 4)):
            f = decoding.SuppressBlank(t, 3)
            tokens = [list(range(length))]
            args = {**s, "logits": x, "tokens": tokens, "sample_begin": 3}
            calls.add(f"{id}-{multilingual}", TORCH, args, apply(f, x, tokens))


@component("whisper.decoding.ApplyTimestampRules")
def _(calls, name):
    s = settings(True)
    t = make(s)
    b, sot = t.timestamp_begin, list(t.sot_sequence)
    cases = {
        "first": ([], 50),
        "first-unlimited": ([], None),
        "first-zero": ([], 0),
        "one": ([b + 10], 50),
        "one-text": ([b + 10, 400], 50),
        "text-stamp": ([b + 10, 400, b + 20], 50),
        "pair": ([b + 10, 400, b + 20, b + 20], 50),
        "pair-text": ([b + 10, 400, b + 20, b + 20, 500], 50),
        "last": ([b + 10, 400, b + 1500], 50),
        "text-only": ([400, 401], 50),
        "stamp-stamp": ([b + 10, b + 30], 50),
        "no-increase": ([b + 10, 400, b + 10, b + 10, 401, 402], 50),
    }
    for id, (sampled, limit) in cases.items():
        # Flat logits make the timestamps' sum win; peaked ones the text.
        for kind, scale in (("flat", 0.5), ("peaked", 32.0)):
            x = logits_like(t.encoding.n_vocab, 1, f"{name}{id}{kind}", scale)
            f = decoding.ApplyTimestampRules(t, len(sot), limit)
            tokens = [sot + sampled]
            args = {
                **s, "logits": x, "tokens": tokens, "sample_begin": len(sot),
                "max_initial_timestamp_index": limit,
            }
            calls.add(f"{id}-{kind}", TORCH, args, apply(f, x, tokens))
    # Two sequences of one batch under different rules.
    x = logits_like(t.encoding.n_vocab, 2, name + "batch", 0.5)
    f = decoding.ApplyTimestampRules(t, len(sot), 50)
    tokens = [sot + [b + 1, 400, b + 2], sot + [b + 1, 400, 401]]
    args = {
        **s, "logits": x, "tokens": tokens, "sample_begin": len(sot),
        "max_initial_timestamp_index": 50,
    }
    calls.add("batch", TORCH, args, apply(f, x, tokens))


@component("whisper.decoding.GreedyDecoder", "whisper.decoding.TokenDecoder")
def _(calls, name):
    eot = 90
    for id, tokens in (
        ("running", [[1, 2], [3, 4]]),
        ("one-done", [[1, 2], [3, eot]]),
        ("all-done", [[1, eot], [3, eot]]),
    ):
        x = logits_like(100, 2, name + id)
        sums = own([2], name + id + "s")
        d = decoding.GreedyDecoder(0.0, eot)
        total = ten(sums)
        out, completed = d.update(torch.tensor(tokens), ten(x), total)
        args = {"eot": eot, "tokens": tokens, "logits": x, "sum_logprobs": sums}
        result = {
            "tokens": out.tolist(),
            "sum_logprobs": [Near(v) for v in total.tolist()],
            "completed": bool(completed),
        }
        calls.add("update-" + id, TORCH, args, result)
    d = decoding.GreedyDecoder(0.0, eot)
    tokens = [[[1, 2, 3]], [[4, eot, eot]]]
    sums = [[-1.5], [-0.25]]
    out, out_sums = d.finalize(torch.tensor(tokens), torch.tensor(sums))
    args = {"eot": eot, "tokens": tokens, "sum_logprobs": sums}
    calls.add("finalize", TORCH, args, {"tokens": out.tolist(), "sum_logprobs": out_sums})


@component("whisper.decoding.MaximumLikelihoodRanker", "whisper.decoding.SequenceRanker")
def _(calls, name):
    groups = [[[1, 2, 3], [1], [4, 5]], [[7], [8, 9], [1, 2, 3, 4]]]
    sums = [[-3.0, -1.5, -1.0], [-2.0, -4.0, -4.0]]
    penalties = [None] if name.endswith("SequenceRanker") else [None, 0.0, 0.5, 1.0]
    for p in penalties:
        ranker = decoding.MaximumLikelihoodRanker(p)
        tokens = [[torch.tensor(t) for t in g] for g in groups]
        chosen = [int(i) for i in ranker.rank(tokens, sums)]
        args = {"tokens": groups, "sum_logprobs": sums, "length_penalty": p}
        calls.add(f"penalty-{p}", TORCH, args, chosen)
    tie = [[[1, 2], [3, 4]]]
    chosen = decoding.MaximumLikelihoodRanker(None).rank(
        [[torch.tensor(t) for t in g] for g in tie], [[-1.0, -1.0]]
    )
    args = {"tokens": tie, "sum_logprobs": [[-1.0, -1.0]], "length_penalty": None}
    calls.add("tie", TORCH, args, [int(i) for i in chosen])


def result_of(r):
    probs = r.language_probs
    return {
        "language": r.language,
        "language_probs": None if probs is None else {k: Near(v) for k, v in in_order(probs)},
        "tokens": r.tokens,
        "text": r.text,
        "avg_logprob": Near(r.avg_logprob),
        "no_speech_prob": Near(r.no_speech_prob),
        "temperature": r.temperature,
        "compression_ratio": r.compression_ratio,
    }


def in_order(probs):
    order = {code: i for i, code in enumerate(tokenizer.LANGUAGES)}
    return sorted(probs.items(), key=lambda p: order[p[0]])


@component("whisper.decoding.PyTorchInference", "whisper.decoding.Inference")
def _(calls, name):
    t, w = speaker({**SPEAKER, "n_vocab": 51865}, "small")
    features = own([2, 1500, 16], "features")
    tokens = [[50258, 50259, 50359], [50258, 50261, 50358]]
    steps = [None, [50364, 50400], [11, 12], [13, 14]]
    inference = decoding.PyTorchInference(t, 3)
    now, outs = torch.tensor(tokens), []
    for more in steps:
        if more is not None:
            now = torch.cat([now, torch.tensor(more)[:, None]], dim=-1)
        outs.append(inference.logits(now, ten(features)))
    inference.cleanup_caching()
    args = {
        "weights": w, "dims": SPEAKER, "audio_features": features, "tokens": tokens,
        "steps": steps, "initial_token_length": 3,
    }
    calls.add("steps", TORCH, args, outs)


@component("whisper.decoding.detect_language")
def _(calls, name):
    for batch in (1, 2):
        t, w = speaker(SPEAKER)
        mel = mel_of(f"{name}{batch}", batch)
        ids, probs = decoding.detect_language(t, ten(mel).permute(0, 2, 1))
        result = {
            "language_tokens": ids.tolist(),
            "language_probs": [{k: Near(v) for k, v in in_order(p)} for p in probs],
        }
        args = {"weights": w, "dims": SPEAKER, "mel": mel}
        calls.add(f"batch-{batch}", TORCH, args, result)
    t, w = speaker(ENGLISH)
    mel = mel_of(name + "en", 1)
    raised = attempt(lambda: decoding.detect_language(t, ten(mel).permute(0, 2, 1)))
    calls.add("english-only", TORCH, {"weights": w, "dims": ENGLISH, "mel": mel}, raised)


def options_for(given):
    """DecodingOptions from a call's arguments."""
    o = dict(given)
    if o.pop("keep_blank", False):
        o["suppress_blank"] = False
    if isinstance(o.get("suppress_tokens"), list):
        o["suppress_tokens"] = list(o["suppress_tokens"])
    return decoding.DecodingOptions(fp16=False, **o)


PROMPT = [400, 401, 402, 403]
TASKS = {
    "plain": {"language": "en"},
    "no-timestamps": {"language": "en", "without_timestamps": True},
    "translate": {"language": "de", "task": "translate"},
    "detected": {},
    "lang-id": {"task": "lang_id"},
    "prompt-text": {"language": "en", "prompt": " Mr. Quilter is the apostle "},
    "prompt-long": {"language": "en", "prompt": list(range(1000, 1400))},
    "prefix": {"language": "en", "prefix": "And so", "sample_len": 8},
    "prefix-tokens": {"language": "en", "prefix": PROMPT, "prompt": PROMPT, "sample_len": 8},
    "keep-blank": {"language": "en", "keep_blank": True, "suppress_tokens": []},
    "suppress-some": {"language": "en", "suppress_tokens": [5, 6, 7]},
    "suppress-both": {"language": "en", "suppress_tokens": [-1, 5]},
    "initial-0.4": {"language": "en", "max_initial_timestamp": 0.4},
    "initial-0": {"language": "en", "max_initial_timestamp": 0.0},
    "wrong-best-of": {"language": "en", "best_of": 2},
    "wrong-patience": {"language": "en", "patience": 1.0},
    "wrong-penalty": {"language": "en", "length_penalty": 2.0},
}


@component("whisper.decoding.DecodingTask")
def _(calls, name):
    t, w = speaker(SPEAKER)
    for id, given in TASKS.items():
        given = {"sample_len": 12, **given}
        mel = mel_of(name, 2)

        def run():
            task = decoding.DecodingTask(t, options_for(given))
            return {
                "initial_tokens": list(task.initial_tokens),
                "sample_begin": task.sample_begin,
                "sot_index": task.sot_index,
                "n_filters": len(task.logit_filters),
                "run": [result_of(r) for r in task.run(ten(mel).permute(0, 2, 1))],
            }

        args = {"weights": w, "dims": SPEAKER, "mel": mel, **given}
        calls.add(id, TORCH, args, attempt(run))


@component("whisper.decoding.decode")
def _(calls, name):
    for dims, id in ((SPEAKER, "multilingual"), (ENGLISH, "english")):
        t, w = speaker(dims)
        mel = mel_of(name + id, 1)
        given = {"language": "en", "sample_len": 16}
        r = decoding.decode(t, ten(mel).permute(0, 2, 1), options_for(given))
        args = {"weights": w, "dims": dims, "mel": mel, **given}
        calls.add(id, TORCH, args, [result_of(x) for x in r])
