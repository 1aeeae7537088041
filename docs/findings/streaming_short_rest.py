# SPDX-License-Identifier: MIT
"""mlx-audio 0.6.2: streaming fails where the last chunk is short."""
import mlx.core as mx
import numpy as np
from mlx_audio.stt.models.whisper import whisper as ma

mx.random.seed(0)
model = ma.Model(ma.ModelDimensions(80, 1500, 16, 2, 1, 51865, 448, 16, 2, 1), dtype=mx.float32)


class Tokenizer:
    """What the streaming decoder asks of one."""

    eot, no_timestamps, no_speech, sot, sot_lm, sot_prev = 50257, 50363, 50362, 50258, 50360, 50361
    transcribe, translate, timestamp_begin = 50359, 50358, 50364
    sot_sequence = (50258, 50259, 50359)
    sot_sequence_including_notimestamps = (50258, 50259, 50359, 50363)
    non_speech_tokens = ()
    all_language_tokens = ()

    def encode(self, text):
        return [220]

    def decode(self, tokens, **_):
        return "".join(f" {t}" for t in tokens)


type(model).get_tokenizer = lambda self, language=None, task=None: Tokenizer()

for rest in (133, 134, 187, 188):
    audio = (np.random.default_rng(0).standard_normal(16000 + rest) * 0.1).astype(np.float32)
    try:
        list(model.generate_streaming(audio, language="en"))
        print("rest of", rest, "samples: done")
    except Exception as e:
        print("rest of", rest, f"samples: {e}")
