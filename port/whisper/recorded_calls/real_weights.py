# SPDX-License-Identifier: MIT
"""Calls of round 2 with the packaged weights of base and tiny.en, on real speech.

A port loads the weights and the samples from the cache, where set-up puts them;
`packaged` names the model. What modules are given is of f16, so that both sides
compute with the same numbers, as they do with the weights.
"""

import real_runs as real
import whisper
from portproof_trace import Near, Shared
from record_common import Margins

from recorded_calls.common import TORCH
from recorded_calls.decoding import result_of, in_order
from recorded_calls.timing import timings

component = recorder.component  # noqa: F821: given by the recorder
# A choice that is closer than this would test the order of sums.
MARGIN = 0.01


def clear(name):
    """The model without hooks of an earlier call."""
    for module in real.model(name).modules():
        module._forward_hooks.clear()
    return real.model(name)


@component("whisper.audio.log_mel_spectrogram")
def _(calls, name):
    for number, file in enumerate(real.FILES):
        mel = whisper.log_mel_spectrogram(real.samples(file), 80)
        args = {"clip": real.clip(file), "n_mels": 80, "every": real.FRAMES}
        calls.add(f"real-{number}", TORCH, args, mel.T[:: real.FRAMES].contiguous())


@component("whisper.model.AudioEncoder")
def _(calls, name):
    mel = Shared(real.mels())
    for size, batch, type in (("tiny.en", 1, "f16"), ("tiny.en", 2, "f16"), ("base", 1, "f16"), ("base", 1, "f32")):
        args = {"packaged": size, "weight_type": type, "x": mel, "batch": batch, "rows": real.ROWS}
        calls.add(f"real-{size}-{batch}-{type}", TORCH, args, real.encoder(size, mel.value[:batch]))


@component("whisper.model.TextDecoder")
def _(calls, name):
    xa = {size: Shared(real.features(size, real.mels())) for size in real.MODELS}
    for size, batch, type, cached in (
        ("tiny.en", 2, "f16", False),
        ("tiny.en", 2, "f16", True),
        ("base", 1, "f16", True),
        ("base", 1, "f32", True),
    ):
        fed = real.steps(size, batch)
        logits = real.decoder(size, xa[size].value[:batch], fed, cached)
        args = {
            "packaged": size, "weight_type": type, "xa": xa[size], "batch": batch,
            "cached": cached, "steps": fed if cached else fed[:1], "column_step": real.COLUMNS,
        }
        calls.add(f"real-{size}-{batch}-{type}{'-cached' * cached}", TORCH, args, logits)


@component("whisper.decoding.detect_language")
def _(calls, name):
    mel = Shared(real.mels())
    ids, probs = whisper.decoding.detect_language(clear("base"), real.window(mel.value))
    result = {
        "language_tokens": ids.tolist(),
        "language_probs": [{k: Near(v) for k, v in in_order(p)} for p in probs],
    }
    calls.add("real-base-2", TORCH, {"packaged": "base", "weight_type": "f16", "mel": mel, "batch": 2}, result)


def decoded(size, mel):
    with Margins() as margins:
        options = whisper.DecodingOptions(language="en", fp16=False)
        found = whisper.decode(clear(size), real.window(mel), options)
    if margins.smallest < MARGIN:
        raise ValueError(f"{size}: a decision by {margins.smallest} only; choose another clip")
    return found


@component("whisper.decoding.decode")
def _(calls, name):
    mel = Shared(real.mels())
    for size, batch in (("tiny.en", 1), ("base", 2)):
        found = decoded(size, mel.value[:batch])
        args = {"packaged": size, "weight_type": "f16", "mel": mel, "batch": batch, "language": "en"}
        calls.add(f"real-{size}-{batch}", TORCH, args, [result_of(r) for r in found])


@component("whisper.timing.find_alignment")
def _(calls, name):
    mel = Shared(real.mels())
    for size in real.MODELS:
        m = clear(size)
        tokenizer = whisper.tokenizer.get_tokenizer(
            m.is_multilingual, num_languages=m.num_languages, language="en", task="transcribe"
        )
        text = [t for t in decoded(size, mel.value[:1])[0].tokens if t < tokenizer.eot]
        given = real.window(mel.value[:1])[0]
        found = whisper.timing.find_alignment(clear(size), tokenizer, text, given, mel.value.shape[1])
        args = {
            "packaged": size, "weight_type": "f16", "mel": mel, "batch": 1, "language": "en",
            "task": "transcribe", "text_tokens": text, "num_frames": mel.value.shape[1],
        }
        calls.add(f"real-{size}", TORCH, args, timings(found))


