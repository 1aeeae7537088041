# SPDX-License-Identifier: MIT
"""Calls of timing.py, and of what its references need besides."""

import copy
import dataclasses
import random
from types import SimpleNamespace

import mlx.core as mx
import numpy as np
import torch
from mlx_audio.stt.models.whisper import decoding as ma_decoding
from mlx_audio.stt.models.whisper import whisper as ma
from portproof_trace import Near, attempt

import whisper
from whisper import model, timing

from .common import (
    ENGLISH, MLX, SPEAKER, TORCH, arr, both_models, component, make, own, settings, speaker, ten, toy,
)


@component("whisper.timing.median_filter")
def _(calls, name):
    for shape in ((10,), (1, 15), (4, 5, 45), (2, 3, 4, 67), (2, 130), (3,), (1, 2)):
        for width in (1, 3, 5, 7, 13):
            x = own(shape, f"{name}{shape}")
            id = f"{'x'.join(map(str, shape))}-{width}"
            calls.add(id, TORCH, {"x": x, "filter_width": width}, timing.median_filter(ten(x), width))
    x = own((2, 30), name, 2.0**-8)
    calls.add("ties", TORCH, {"x": x, "filter_width": 7}, timing.median_filter((ten(x) * 16).round(), 7))
    calls.list[-1][2]["round_at"] = 16
    # NaN counts as larger than any number; where few are in a window, none comes out.
    holes = own((2, 30), name + "holes").value.copy()
    holes[0, [4, 11, 12, 29]] = holes[1, [0, 15]] = np.nan
    for width in (5, 7):
        calls.add(f"nan-{width}", TORCH, {"x": holes, "filter_width": width}, timing.median_filter(torch.from_numpy(holes), width))
    for width in (0, 4):
        args = {"x": x, "filter_width": width}
        calls.add(f"width-{width}", TORCH, args, attempt(lambda: timing.median_filter(ten(x), width)))


def path(found):
    return [[int(i) for i in row] for row in found]


@component("whisper.timing.backtrace")
def _(calls, name):
    rng = random.Random(5)
    for n, m in ((1, 1), (1, 6), (6, 1), (4, 9), (20, 13)):
        trace = [[rng.randrange(3) for _ in range(m + 1)] for _ in range(n + 1)]
        array = np.array(trace, np.float32)
        calls.add(f"{n}x{m}", TORCH, {"trace": trace}, path(timing.backtrace(array.copy())))
    for bad in (-1, 3):
        trace = [[0, 0], [0, bad]]
        array = np.array(trace, np.float32)
        calls.add(f"bad{bad}", TORCH, {"trace": trace}, attempt(lambda: path(timing.backtrace(array))))


@component("whisper.timing.dtw", "whisper.timing.dtw_cpu")
def _(calls, name):
    sizes = ((1, 1), (1, 7), (7, 1), (2, 2), (10, 20), (32, 16), (123, 1500), (234, 189))
    for n, m in sizes:
        # Of 11 bits each, so that sums tie.
        for scale, offset in ((1.0, 0.0), (2.0**-10, 1.0)):
            x = own((n, m), f"{name}{n}x{m}{scale}", scale)
            t = ten(x) + offset
            found = timing.dtw(t) if name.endswith("dtw") else timing.dtw_cpu(t.double().numpy())
            calls.add(f"{n}x{m}-{scale}", TORCH, {"x": x, "offset": offset}, path(found))
    # All equal: of equal steps the last wins.
    x = own((5, 8), name, 0.0)
    found = timing.dtw(ten(x)) if name.endswith("dtw") else timing.dtw_cpu(ten(x).double().numpy())
    calls.add("equal", TORCH, {"x": x, "offset": 0.0}, path(found))


@component("whisper.timing.WordTiming")
def _(calls, name):
    w = timing.WordTiming(" word", [5, 6], 0.5, 0.75, 0.125)
    calls.add("fields", TORCH, dataclasses.asdict(w), dataclasses.asdict(w))


def timings(found):
    return [
        {
            "word": w.word, "tokens": w.tokens, "start": float(w.start), "end": float(w.end),
            "probability": Near(w.probability),
        }
        for w in found
    ]


MANY_HEADS = {**SPEAKER, "n_text_layer": 3, "n_text_head": 16}
ALL_HEADS = [[layer, head] for layer in range(3) for head in range(16)]


@component("whisper.timing.find_alignment")
def _(calls, name):
    text = " The quick, brown fox (it was not “red”) jumps over... the lazy dog; and so on!"
    cases = {
        "text": (text, 3000, {}),
        "one-token": (" a", 3000, {}),
        "none": ("", 3000, {}),
        "spaces": ("        ", 1000, {}),
        "unicode": ("日本語のテキスト。", 2000, {"language": "ja"}),
        "unicode-spaces": (" naïve café, Привет, мир 🎉", 1500, {"language": "ru"}),
        "translate": (text, 777, {"language": "fr", "task": "translate"}),
        "long": (" and then they went on" * 40, 3000, {}),
        "a-long-word": (" " + "llanfairpwll" * 40, 3000, {}),
        "short-window": (text, 40, {}),
        "odd-window": (text, 333, {}),
        "four-frames": (text, 4, {}),
        # Two frames are one position of the encoder; fewer have none.
        "two-frames": (text, 2, {}),
        "one-frame": (text, 1, {}),
        "no-frames": (text, 0, {}),
        "filter-3": (text, 3000, {"medfilt_width": 3}),
        "filter-1": (text, 900, {"medfilt_width": 1}),
        "scaled": (text, 2500, {"qk_scale": 4.0}),
        "english": (text, 3000, {"dims": ENGLISH}),
        "layers": (text, 3000, {"dims": {**SPEAKER, "n_text_layer": 3}, "name": "deep"}),
        "heads": (text, 3000, {"dims": {**SPEAKER, "n_text_layer": 3}, "name": "deep", "heads": [[0, 1], [2, 0]]}),
        # More heads than PyTorch adds up in one go, which is 16.
        "heads-17": (text, 3000, {"dims": MANY_HEADS, "name": "many", "heads": ALL_HEADS[-17:]}),
        "heads-40": (text, 333, {"dims": MANY_HEADS, "name": "many", "heads": ALL_HEADS[:40]}),
        "too-long": (" on" * 445, 3000, {}),
        "no-text": (None, 3000, {}),
    }
    for id, (text, num_frames, given) in cases.items():
        given = dict(given)
        dims = given.pop("dims", SPEAKER)
        t, w = speaker(dims, given.pop("name", "speaker"))
        s = settings(t.is_multilingual, 99, given.pop("language", "en"), given.pop("task", None))
        tok = make(s)
        tokens = [tok.timestamp_begin] if text is None else tok.encode(text)
        heads = given.pop("heads", None)
        mask = torch.zeros(dims["n_text_layer"], dims["n_text_head"], dtype=torch.bool)
        if heads is None:
            mask[dims["n_text_layer"] // 2 :] = True
        else:
            for layer, head in heads:
                mask[layer, head] = True
        t.register_buffer("alignment_heads", mask.to_sparse(), persistent=False)
        mel = own([3000, 80], f"{name}/mel")
        args = {
            **s, "weights": w, "dims": dims, "text_tokens": tokens, "mel": mel, "num_frames": num_frames,
            **given, "heads": heads,
        }
        calls.add(id, TORCH, args, attempt(lambda: timings(
            timing.find_alignment(t, tok, tokens, ten(mel).T.contiguous(), num_frames, **given)
        )))


MARKS = ["", " ", ".", ",", "!", "?", "?!", "。", "”", ")", " (", " “", " \"", "\"", "'", " '", " -", " ¿", "...", "、"]


def some_words(rng, n):
    """Words with marks in between, at times that only grow."""
    at, words = 0, []
    for _ in range(n):
        word = rng.choice(MARKS) if rng.random() < 0.4 else " w" + "o" * rng.randrange(3)
        length = rng.choice((0, 0, 1, 5, 10, 12, 20, 40, 150, 400))
        at += rng.choice((0, 0, 0, 30, 200))
        words.append(timing.WordTiming(
            word, [400 + i for i in range(rng.randrange(4))], at / 50, (at + length) / 50, rng.randrange(9) / 8
        ))
        at += length
    return words


@component("whisper.timing.merge_punctuations")
def _(calls, name):
    rng = random.Random(11)
    default = ("\"'“¿([{-", "\"'.。,，!！?？:：”)]}、")
    for i in range(24):
        words = some_words(rng, i)
        for pre, post in (default, ("", ""), ("(", ".")) if i % 8 == 5 else (default,):
            given = [dataclasses.asdict(w) for w in words]
            after = copy.deepcopy(words)
            timing.merge_punctuations(after, pre, post)
            args = {"alignment": given, "prepended": pre, "appended": post}
            calls.add(f"{i}{pre}", TORCH, args, [dataclasses.asdict(w) for w in after])


@component("whisper.timing.add_word_timestamps")
def _(calls, name):
    # Alignments as they may come: the reference's own is replaced.
    rng = random.Random(13)
    tok = SimpleNamespace(eot=50257)
    found = timing.find_alignment
    for i in range(60):
        words = some_words(rng, rng.choice((0, 1, 2, 5, 12, 30)))
        tokens = [t for w in words for t in w.tokens]
        cuts = sorted(rng.randrange(len(tokens) + 1) for _ in range(rng.randrange(4))) + [len(tokens)]
        seek, at, segments = rng.choice((0, 0, 2345, 30007)), 0, []
        for cut in cuts if i != 7 else []:
            start = seek / 100 + 1.5 * len(segments) + rng.choice((0.0, 0.02, 2.5))
            segments.append({
                "seek": seek, "start": start, "end": start + rng.choice((0.0, 0.5, 1.5, 6.0)),
                "tokens": [50364, *tokens[at:cut], 50400],
            })
            at = cut
        last = rng.choice((0.0, seek / 100, max(0, seek / 100 - 8)))
        marks = {} if i % 3 else {"prepend_punctuations": "(", "append_punctuations": ".!"}
        args = {
            "alignment": [dataclasses.asdict(w) for w in words], "segments": copy.deepcopy(segments),
            "last_speech_timestamp": last, **marks,
        }
        timing.find_alignment = lambda *a, **k: copy.deepcopy(words)
        timing.add_word_timestamps(
            segments=segments, model=None, tokenizer=tok, mel=None, num_frames=0, last_speech_timestamp=last, **marks
        )
        timing.find_alignment = found
        calls.add(f"{i}", TORCH, args, plain(segments))


def plain(segments):
    """Segments whose numbers JSON can hold."""
    return [
        {
            "start": float(s["start"]), "end": float(s["end"]),
            "words": [
                {k: w[k] if k == "word" else float(w[k]) for k in ("word", "start", "end", "probability")}
                for w in s["words"]
            ],
        }
        for s in segments
    ]


@component("whisper._ALIGNMENT_HEADS")
def _(calls, name):
    layers = {"tiny": (4, 6), "base": (6, 8), "small": (12, 12), "medium": (24, 16), "large": (32, 20)}
    for size, dump in whisper._ALIGNMENT_HEADS.items():
        n = (4, 20) if "turbo" in size else layers[size.partition(".")[0].partition("-")[0]]
        fake = SimpleNamespace(
            dims=SimpleNamespace(n_text_layer=n[0], n_text_head=n[1]),
            register_buffer=lambda name, value, persistent: setattr(fake, name, value),
        )
        model.Whisper.set_alignment_heads(fake, dump)
        heads = fake.alignment_heads.to_dense().nonzero().tolist()
        args = {"name": size, "n_text_layer": n[0], "n_text_head": n[1]}
        calls.add(size, TORCH, args, {"dump": dump.decode(), "heads": heads})
    calls.add("unknown", TORCH, {"name": "huge"}, {"dump": None, "heads": None})


@component("mlx_audio.stt.models.whisper.whisper.Model.alignment_heads")
def _(calls, name):
    for layers, heads in ((1, 2), (2, 2), (3, 2), (4, 1)):
        dims = toy(n_text_layer=layers, n_text_head=heads)
        m = ma.Model(ma.ModelDimensions(**dims), dtype=mx.float32)
        args = {"dims": dims}
        calls.add(f"{layers}x{heads}", MLX, args, [[int(i) for i in h] for h in np.array(m.alignment_heads)])
    named = [[1, 0], [0, 1]]
    m.set_alignment_heads(named)
    args = {"dims": dims | {"n_text_head": 2, "n_text_layer": 2}, "alignment_heads": named}
    calls.add("named", MLX, args, [[int(i) for i in h] for h in np.array(m.alignment_heads)])


@component("mlx_audio.stt.models.whisper.whisper.Model.forward_with_cross_qk")
def _(calls, name):
    dims = toy()
    m, _, w = both_models(dims, name)
    mel = own([2, 48, 80], name)
    for id, tokens in {"five": [[3, 1, 4, 1, 5], [9, 2, 6, 5, 3]], "one": [[7], [8]]}.items():
        logits, cross_qk = m.forward_with_cross_qk(arr(mel), mx.array(tokens))
        args = {"weights": w, "dims": dims, "mel": mel, "tokens": tokens}
        calls.add(id, MLX, args, {"logits": logits, "cross_qk": cross_qk})


@component("mlx_audio.stt.models.whisper.decoding.Inference.logits_with_cross_qk")
def _(calls, name):
    dims = toy()
    m, _, w = both_models(dims, name)
    mel = own([1, 48, 80], name)
    inference = ma_decoding.Inference(m)
    features = m.encoder(arr(mel))
    steps = [[[3, 1, 4, 1]], [[5]], [[9]], [[6]]]
    result = []
    for tokens in steps:
        logits, cross_qk = inference.logits_with_cross_qk(mx.array(tokens), features)
        result.append({"logits": logits, "cross_qk": cross_qk})
    calls.add("steps", MLX, {"weights": w, "dims": dims, "mel": mel, "steps": steps}, result)
