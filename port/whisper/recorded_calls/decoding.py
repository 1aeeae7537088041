# SPDX-License-Identifier: MIT
"""Calls of decoding.py and of what is used in it."""

import dataclasses

import mlx.core as mx
import torch
from mlx_audio.stt.models.whisper import decoding as ma
from portproof_trace import Near, attempt
from sampler import Sampler

from whisper import decoding, tokenizer

from .common import ENGLISH, MLX, SPEAKER, TORCH, arr, component, make, mel_of, own, settings, speaker, ten


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


@component("mlx_audio.stt.models.whisper.decoding.RepetitionPenalty")
def _(calls, name):
    x = logits_like(100, 2, name)
    # Tokens that came twice, and one that is not in the vocabulary.
    for id, tokens in (("two", [[1, 2, 1, 50], [3, 4, 99, 150]]), ("none", [[], []])):
        for penalty in (1.0, 1.25, 0.5, 3.3):
            y = ma.RepetitionPenalty(penalty).apply(arr(x), mx.array(tokens, dtype=mx.int32))
            args = {"logits": x, "tokens": tokens, "penalty": penalty}
            calls.add(f"{id}-{penalty}", MLX, args, y)


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
    for temperature, draws in (
        (0.2, {"seed": 0, "window": 0, "attempt": 1}),
        (1.0, {"seed": 1 << 40 | 5, "window": 3, "attempt": 5}),
        (5.0, {"seed": 7, "window": 1000, "attempt": 0}),
    ):
        steps = [logits_like(100, 3, f"{name}{temperature}{i}", 4.0) for i in range(8)]
        tokens, total = torch.tensor([[1], [3], [eot]]), torch.zeros(3)
        d, completed = decoding.GreedyDecoder(temperature, eot), []
        with Sampler(**draws):
            for x in steps:
                tokens, done = d.update(tokens, ten(x), total)
                completed.append(bool(done))
        args = {
            "eot": eot, "temperature": temperature, **draws, "tokens": [[1], [3], [eot]],
            "n_steps": len(steps), **{f"logits-{i}": x for i, x in enumerate(steps)},
        }
        result = {
            "tokens": tokens.tolist(), "sum_logprobs": [Near(v) for v in total.tolist()],
            "completed": completed,
        }
        calls.add(f"temperature-{temperature}", TORCH, args, result)


class Sources:
    """An inference that notes how its cache is rearranged."""

    def rearrange_kv_cache(self, source_indices):
        self.seen = list(source_indices)


# Vocabulary of the searches: long enough for `topk` to take its way of long rows.
N_VOCAB = 500

# beam size, patience, audios, logits of the end at each step (what they are if
# None), tokens that are possible (the first; all if None)
SEARCHES = {
    "one": (1, None, 1, [None, None, 20.0], None),
    "two": (2, None, 1, [None, 3.7, 3.8, 3.9, 4.0, 4.1, 4.2], None),
    "five": (5, None, 1, [None, 3.6, 3.7, 3.8, 3.85, 3.9, 4.0, 4.5, 8.0], None),
    "five-patience-2": (5, 2.0, 1, [None, 3.7, 3.8, 3.9, 4.0, 4.1, 4.2, 4.5, 8.0], None),
    "two-patience-2": (2, 2.0, 1, [4.0, 4.0, 4.2, 4.4, 8.0], None),
    "five-patience-0.3": (5, 0.3, 1, [None, 3.7, 3.8, 3.9, 8.0], None),
    "five-patience-0": (5, 0.0, 1, [None, 8.0, 8.0], None),
    "without-ends": (5, 1.0, 1, [-20.0] * 4, None),
    "ends-at-once": (3, None, 1, [30.0, 30.0, 30.0], None),
    "few-end": (5, 1.0, 1, [None, 4.0, -20.0, -20.0], None),
    "two-audios": (2, None, 2, [None, 3.8, 3.9, 4.0, 4.1, 8.0], None),
    "three-audios": (3, 2.0, 3, [3.8, 3.8, 3.9, 4.0, 4.2, 8.0, 8.0, 8.0], None),
    # Fewer tokens than candidates: impossible ones are looked at too.
    "few-possible": (5, None, 1, [-20.0, 3.9, 8.0], 4),
    "one-possible": (5, None, 1, [-20.0, -20.0, 3.9], 1),
    "no-step": (3, None, 1, [], None),
}


@component("whisper.decoding.BeamSearchDecoder")
def _(calls, name):
    eot = 90

    def search(id, beam_size, patience, n_audio, steps, sums=None, start=None):
        inference = Sources()
        d = decoding.BeamSearchDecoder(beam_size, eot, inference, patience)
        d.reset()
        rows = n_audio * beam_size
        start = start or [[1 + k // beam_size] for k in range(rows)]
        tokens = torch.tensor(start)
        total = torch.zeros(rows) if sums is None else torch.tensor(sums)
        arrays, given, results = {}, [], []
        for number, (x, end, n_possible) in enumerate(steps):
            y = ten(x)
            y = y.expand(rows, -1).clone() if len(y) == 1 else y
            if end is not None:
                y[:, eot] = end
            if n_possible is not None:
                y[:, n_possible:eot] = -torch.inf
                y[:, eot + 1 :] = -torch.inf
            tokens, completed = d.update(tokens, y, total)
            arrays[f"logits-{number}"] = x
            given.append({"eot_logit": end, "n_possible": n_possible})
            results.append({
                "tokens": tokens.tolist(), "completed": completed, "sources": inference.seen,
                # A plain number is compared exactly, and null stands for -inf.
                "sum_logprobs": [None if v == -torch.inf else Near(v) for v in total.tolist()],
            })
            if completed:
                break
        if d.finished_sequences is None:  # as after a first update
            d.finished_sequences = [{} for _ in range(n_audio)]
        out, out_sums = d.finalize(
            tokens.reshape(n_audio, beam_size, -1), total.reshape(n_audio, beam_size)
        )
        final = {
            "tokens": [[t.tolist() for t in g] for g in out],
            "sum_logprobs": [[None if v == -torch.inf else Near(v) for v in g] for g in out_sums],
        }
        args = {
            "beam_size": beam_size, "patience": patience, "eot": eot, "tokens": start,
            "sum_logprobs": sums or [0.0] * rows, "steps": given, **arrays,
        }
        calls.add(id, TORCH, args, {
            "max_candidates": d.max_candidates, "steps": results, "finalize": final,
        })

    for id, (beam_size, patience, n_audio, ends, n_possible) in SEARCHES.items():
        rows = n_audio * beam_size
        steps = []
        for i, end in enumerate(ends):
            x = logits_like(N_VOCAB, rows, f"{name}{id}{i}", 4.0)
            if i == 0:  # the beams are equal at first
                x = own([1, N_VOCAB], f"{name}{id}{i}", 4.0)
            steps.append((x, end, n_possible))
        search(id, beam_size, patience, n_audio, steps)
    # Every token as likely as every other, with beams as likely as each other.
    flat = own([1, N_VOCAB], name + "flat", 0.0)
    search("ties", 3, None, 1, [(flat, None, None)] * 2)
    search("ties-at-the-end", 3, None, 1, [], [-1.0, -1.0, -2.0], [[1, 2], [1, 3], [1, 4]])
    search("same-sum", 2, None, 1, [], [-1.0, -1.0], [[1, 2], [1, 3]])
    for id, beam_size, patience in (("zero", 0, None), ("negative", -1, None), ("impatient", 1, 0.2)):
        raised = attempt(lambda: decoding.BeamSearchDecoder(beam_size, eot, Sources(), patience))
        args = {"beam_size": beam_size, "patience": patience, "eot": eot}
        calls.add("wrong-" + id, TORCH, args, raised)
    x = logits_like(N_VOCAB, 3, name + "rows")
    d = decoding.BeamSearchDecoder(2, eot, Sources())
    raised = attempt(lambda: d.update(torch.tensor([[1]] * 3), ten(x), torch.zeros(3)))
    args = {
        "beam_size": 2, "patience": None, "eot": eot, "tokens": [[1]] * 3,
        "sum_logprobs": [0.0] * 3, "steps": [{"eot_logit": None, "n_possible": None}], "logits-0": x,
    }
    calls.add("wrong-rows", TORCH, args, raised)


@component("whisper.decoding.MaximumLikelihoodRanker", "whisper.decoding.SequenceRanker")
def _(calls, name):
    groups = [[[1, 2, 3], [1], [4, 5]], [[7], [8, 9], [1, 2, 3, 4]]]
    sums = [[-3.0, -1.5, -1.0], [-2.0, -4.0, -4.0]]
    penalties = [None] if name.endswith("SequenceRanker") else [None, 0.0, 0.5, 0.6, 1.0]
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
    # Beams of one audio, whose cache is rearranged after each step.
    one = own([1, 1500, 16], "one")
    inference = decoding.PyTorchInference(t, 3)
    tokens = [tokens[0]] * 4
    steps = [None, [50364, 50364, 50400, 11], [12, 13, 14, 15], [16, 17, 18, 19]]
    sources = [[3, 3, 3, 3], [1, 0, 0, 3], [3, 1, 2, 0], [0, 1, 2, 3]]
    now, outs = torch.tensor(tokens), []
    for more, source in zip(steps, sources):
        if more is not None:
            now = torch.cat([now, torch.tensor(more)[:, None]], dim=-1)
        outs.append(inference.logits(now, ten(one)))
        inference.rearrange_kv_cache(source)
        now = now[source]
    inference.cleanup_caching()
    args = {
        "weights": w, "dims": SPEAKER, "audio_features": one, "tokens": tokens,
        "steps": steps, "sources": sources, "initial_token_length": 3,
    }
    calls.add("beams", TORCH, args, outs)


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
    # One audio by itself, and what its encoder has made of one. The reference
    # then gives its results by themselves too.
    t, w = speaker(SPEAKER)
    one = own([3000, 80], name + "one")
    features = own([1500, 16], name + "features")
    for id, given, mel in (("one", ten(one).T, one), ("one-encoded", ten(features), features)):
        token, probs = decoding.detect_language(t, given)
        result = {
            "language_tokens": [int(token)],
            "language_probs": [{k: Near(v) for k, v in in_order(probs)}],
        }
        calls.add(id, TORCH, {"weights": w, "dims": SPEAKER, "mel": mel}, result)
    t, w = speaker(ENGLISH)
    mel = mel_of(name + "en", 1)
    raised = attempt(lambda: decoding.detect_language(t, ten(mel).permute(0, 2, 1)))
    calls.add("english-only", TORCH, {"weights": w, "dims": ENGLISH, "mel": mel}, raised)


DRAWS = ("seed", "window", "attempt")


def drawing(given):
    """The draws of a call's arguments."""
    return Sampler(**{k: given[k] for k in DRAWS if k in given})


def options_for(given):
    """DecodingOptions from a call's arguments."""
    o = dict(given)
    if o.pop("keep_blank", False):
        o["suppress_blank"] = False
    for draw in DRAWS:
        o.pop(draw, None)
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
    # 1.5 and 2.5 frames: both are 2, by Python's rounding.
    "initial-0.03": {"language": "en", "max_initial_timestamp": 0.03},
    "initial-0.05": {"language": "en", "max_initial_timestamp": 0.05},
    "initial-0": {"language": "en", "max_initial_timestamp": 0.0},
    "beam-5": {"language": "en", "beam_size": 5},
    "beam-2-patience-2": {"language": "en", "beam_size": 2, "patience": 2.0},
    "beam-detected": {"beam_size": 3},
    "beam-penalty-0.6": {"language": "en", "beam_size": 5, "length_penalty": 0.6},
    "beam-penalty-1": {"language": "en", "beam_size": 5, "length_penalty": 1.0, "without_timestamps": True},
    "beam-prompt-prefix": {"language": "en", "beam_size": 3, "prefix": "And so", "prompt": PROMPT, "sample_len": 8},
    "beam-few-possible": {"language": "en", "beam_size": 5, "max_initial_timestamp": 0.04},
    "beam-at-temperature": {"language": "en", "beam_size": 2, "temperature": 0.5},
    "temperature-0.2": {"language": "en", "temperature": 0.2, "seed": 1},
    "temperature-1": {"language": "en", "temperature": 1.0, "seed": 2, "window": 3, "attempt": 5},
    "best-of-3": {"language": "en", "temperature": 0.5, "best_of": 3, "seed": 4},
    "best-of-3-penalty": {"language": "en", "temperature": 1.0, "best_of": 3, "length_penalty": 0.6},
    "wrong-beam-and-best-of": {"language": "en", "beam_size": 2, "best_of": 2, "temperature": 0.5},
    "wrong-beam-0": {"language": "en", "beam_size": 0},
    "wrong-penalty-negative": {"language": "en", "length_penalty": -0.5},
    "wrong-best-of": {"language": "en", "best_of": 2},
    "wrong-patience": {"language": "en", "patience": 1.0},
    "wrong-penalty": {"language": "en", "length_penalty": 2.0},
}


# Room for a prefix is half the context, 224, less sample_len: here -1, and
# -76, of which Python's slice makes "all but the first" so many.
NO_ROOM = {
    "prefix-room-0": {"prefix": PROMPT, "sample_len": 224},
    "prefix-room-1-too-few": {"prefix": PROMPT, "sample_len": 225},
    "prefix-room-76-too-few": {"prefix": list(range(1000, 1100)), "sample_len": 300},
    "prefix-none-left": {"prefix": PROMPT, "prompt": PROMPT, "sample_len": 300},
}

# An English-only model has neither languages nor tasks.
ENGLISH_TASKS = {
    "plain": {"language": "en"},
    "other-language": {"language": "de", "task": "translate"},
    "no-language": {},
    "lang-id": {"language": "en", "task": "lang_id"},
    "prompt-prefix": {"language": "en", "prompt": PROMPT, "prefix": "And so"},
    "suppress-both": {"language": "en", "suppress_tokens": [-1, 5]},
    "beam-3": {"language": "en", "beam_size": 3},
}

# What the encoder has made of audio is taken as it is.
ENCODED_TASKS = {
    "plain": {"language": "en"},
    "detected": {},
    "lang-id": {"task": "lang_id"},
    "beam-3": {"language": "en", "beam_size": 3},
}


@component("whisper.decoding.DecodingTask")
def _(calls, name):
    def add(id, dims, mel, given, encoded=False):
        t, w = speaker(dims)

        def run():
            task = decoding.DecodingTask(t, options_for(given))
            with drawing(given):
                results = task.run(ten(mel) if encoded else ten(mel).permute(0, 2, 1))
            return {
                "initial_tokens": list(task.initial_tokens),
                "sample_begin": task.sample_begin,
                "sot_index": task.sot_index,
                "n_filters": len(task.logit_filters),
                "run": [result_of(r) for r in results],
            }

        calls.add(id, TORCH, {"weights": w, "dims": dims, "mel": mel, **given}, attempt(run))

    # The reference cannot decode a batch whose audios have groups.
    def batch(given):
        return 1 if "beam_size" in given or "best_of" in given else 2

    for id, given in TASKS.items():
        add(id, SPEAKER, mel_of(name, batch(given)), {"sample_len": 12, **given})
    for id, given in NO_ROOM.items():
        add(id, SPEAKER, mel_of(name, 1), {"language": "en", "suppress_tokens": [50257], **given})
    for id, given in ENGLISH_TASKS.items():
        mel = mel_of(name + "en", batch(given))
        add("english-" + id, ENGLISH, mel, {"sample_len": 8, **given})
    for id, given in ENCODED_TASKS.items():
        features = own([batch(given), 1500, 16], name + "features")
        add("encoded-" + id, SPEAKER, features, {"sample_len": 8, **given}, encoded=True)


@component("whisper.decoding.decode")
def _(calls, name):
    for dims, id in ((SPEAKER, "multilingual"), (ENGLISH, "english")):
        t, w = speaker(dims)
        mel = mel_of(name + id, 1)
        for more, how in (
            ({}, ""),
            ({"beam_size": 4, "patience": 2.0, "length_penalty": 0.5}, "-beam"),
            ({"temperature": 0.8, "best_of": 2, "seed": 3, "window": 1, "attempt": 4}, "-best-of"),
        ):
            given = {"language": "en", "sample_len": 16, **more}
            with drawing(given):
                r = decoding.decode(t, ten(mel).permute(0, 2, 1), options_for(given))
            args = {"weights": w, "dims": dims, "mel": mel, **given}
            calls.add(id + how, TORCH, args, [result_of(x) for x in r])
    # One audio by itself, and what its encoder has made of one.
    t, w = speaker(SPEAKER)
    given = {"language": "en", "sample_len": 8}
    one = own([3000, 80], name + "one")
    features = own([1500, 16], name + "features")
    for id, x, mel in (("one", ten(one).T, one), ("one-encoded", ten(features), features)):
        r = decoding.decode(t, x, options_for(given))
        args = {"weights": w, "dims": SPEAKER, "mel": mel, **given}
        calls.add(id, TORCH, args, [result_of(r)])
