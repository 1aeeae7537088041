# SPDX-License-Identifier: MIT
"""Calls of mlx-audio's streaming.py, which openai-whisper has no counterpart of."""

import dataclasses

import mlx.core as mx
from mlx_audio.stt.models.whisper import audio as ma_audio
from mlx_audio.stt.models.whisper import streaming
from mlx_audio.stt.models.whisper import whisper as ma
from portproof_trace import Random, seed_of

from whisper import tokenizer

from .common import ENGLISH, MLX, SPEAKER, arr, component, load_mlx, own, speaker

HEADS = [[0, 1], [0, 0], [1, 3]]
MODULE = "mlx_audio.stt.models.whisper"


@component(f"{MODULE}.streaming.StreamingConfig")
def _(calls, name):
    calls.add("defaults", MLX, {}, {"frame_threshold": streaming.StreamingConfig().frame_threshold})


@component(f"{MODULE}.streaming.StreamingResult")
def _(calls, name):
    given = {"text": " so", "tokens": [370], "is_final": False, "start_time": 0.5, "end_time": 0.52}
    calls.add("defaults", MLX, given, dataclasses.asdict(streaming.StreamingResult(**given)))


@component(f"{MODULE}.streaming.get_most_attended_frame")
def _(calls, name):
    for n_tokens, n_frames in ((1, 7), (3, 40), (2, 1500)):
        qk = [own([1, 4, n_tokens, n_frames], f"{name}{i}{n_frames}", 4.0) for i in range(2)]
        for heads in (HEADS, HEADS[:1]):
            frame = streaming.get_most_attended_frame([arr(q) for q in qk], heads)
            calls.add(f"{n_tokens}x{n_frames}-{len(heads)}", MLX, {"cross_qk": qk, "heads": heads}, frame)
    same = Random(1, [1, 4, 2, 9], 0.0, 1.0)  # the first of equals
    frame = streaming.get_most_attended_frame([arr(same), arr(same)], HEADS)
    calls.add("equal", MLX, {"cross_qk": [same, same], "heads": HEADS}, frame)


@component(f"{MODULE}.streaming.should_emit")
def _(calls, name):
    for frame, n_frames, threshold in ((0, 25, 25), (0, 26, 25), (1499, 50, 4), (45, 50, 4), (46, 50, 4), (3, 3, 0)):
        config = streaming.StreamingConfig(frame_threshold=threshold)
        args = {"frame": frame, "content_frames": n_frames, "frame_threshold": threshold}
        calls.add(f"{frame}-{n_frames}-{threshold}", MLX, args, streaming.should_emit(frame, n_frames, config))


def talker(dims):
    """The random model that talks, on MLX, with openai-whisper's tokenizer."""
    _, weights = speaker(dims)
    m = load_mlx(ma.Model(ma.ModelDimensions(**dims), dtype=mx.float32), weights)
    multilingual = dims["n_vocab"] >= 51865
    type(m).get_tokenizer = lambda self, language=None, task="transcribe": tokenizer.get_tokenizer(
        multilingual, num_languages=self.num_languages, language=language, task=task
    )
    return m, weights


def result_of(r):
    return {**dataclasses.asdict(r), "language": getattr(r, "language", "")}


@component(f"{MODULE}.streaming.StreamingDecoder")
def _(calls, name):
    cases = {
        "default": (SPEAKER, {}, [2000, 60, 100]),
        "far": (SPEAKER, {"frame_threshold": 1}, [2500, 50, 50]),
        "near": (SPEAKER, {"frame_threshold": 1500}, [100, 100]),
        "window": (SPEAKER, {"frame_threshold": 40}, [1600, 1600, 7]),
        "german": (SPEAKER, {"language": "de", "task": "translate"}, [1800, 90]),
        "english": (ENGLISH, {}, [1500, 200]),
    }
    for id, (dims, given, lengths) in cases.items():
        m, weights = talker(dims)
        config = streaming.StreamingConfig(frame_threshold=given.get("frame_threshold", 25))
        decoder = streaming.StreamingDecoder(m, config, given.get("language"), given.get("task", "transcribe"))
        mels = [own([n, 80], f"{name}{id}{i}") for i, n in enumerate(lengths)]
        results = [
            result_of(decoder.decode_chunk(arr(mel), is_last=i + 1 == len(mels))) for i, mel in enumerate(mels)
        ]
        decoder.reset()
        results.append(result_of(decoder.decode_chunk(arr(mels[0]))))
        calls.add(id, MLX, {"weights": weights, "dims": dims, "mels": mels, **given}, results)


@component(f"{MODULE}.whisper.Model.generate_streaming")
def _(calls, name):
    cases = {
        "default": (3.3, {"language": "en"}),
        "detected": (2.0, {}),
        "chunks": (4.1, {"language": "en", "chunk_duration": 1.7, "frame_threshold": 60}),
        "translate": (1.2, {"language": "fr", "task": "translate", "chunk_duration": 0.5}),
        "long-chunk": (0.7, {"language": "en", "chunk_duration": 2.0}),
    }
    for id, (seconds, given) in cases.items():
        m, weights = talker(SPEAKER)
        sound = Random(seed_of(name + id), [int(seconds * ma_audio.SAMPLE_RATE)], 0.25)
        results = [result_of(r) for r in m.generate_streaming(arr(sound), **given)]
        calls.add(id, MLX, {"weights": weights, "dims": SPEAKER, "audio": sound, **given}, results)
