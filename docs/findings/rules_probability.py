# SPDX-License-Identifier: MIT
"""mlx-audio 0.6.2, mlx-whisper 0.4.3: every token is forbidden where timestamps are, but likely."""
import mlx.core as mx
import torch
from types import SimpleNamespace

import mlx_audio.stt.models.whisper.decoding as mlx_audio
import mlx_whisper.decoding as mlx_whisper
import whisper.decoding as openai_whisper

# Ten text tokens, the end, then timestamps from 12 on; nothing of the prompt.
tokenizer = SimpleNamespace(eot=10, no_timestamps=11, timestamp_begin=12)


def allowed(package, tokens, logits):
    rules = package.ApplyTimestampRules(tokenizer, 0, None)
    if package is openai_whisper:
        out = torch.tensor(logits, dtype=torch.float32)[None]
        rules.apply(out, torch.tensor([tokens]))
    else:
        out = rules.apply(mx.array(logits, dtype=mx.float32)[None], mx.array([tokens]))
    return [i for i, v in enumerate(out.tolist()[0]) if v > float("-inf")]


# <|0.00|> at the start: text must follow, however likely timestamps are.
for package in (openai_whisper, mlx_audio, mlx_whisper):
    print(f"{package.__name__.split('.')[0]}:", allowed(package, [12], [0.0] * 12 + [5.0] * 10))
