# SPDX-License-Identifier: MIT
"""openai-whisper 20250625: a clip past the end of the audio is decoded for ever."""

import numpy as np
import torch
from whisper.decoding import DecodingResult
from whisper.model import ModelDimensions, Whisper
from whisper.transcribe import transcribe

TOKENS = [50364, 257, 50364 + 50]  # <|0.00|> a <|1.00|>
calls = 0


class Told(Whisper):
    """A model without weights worth the name whose decoding is given."""

    def decode(self, mel, options):
        global calls
        calls += 1
        if calls > 1000:
            raise TimeoutError("1000 windows of one second of audio")
        return DecodingResult(
            audio_features=torch.zeros(1), language="en", tokens=list(TOKENS), text="a",
            avg_logprob=-0.1, no_speech_prob=0.0, temperature=0.0, compression_ratio=1.0,
        )


model = Told(ModelDimensions(80, 1500, 4, 1, 1, 51865, 448, 4, 1, 1))

try:
    transcribe(model, np.zeros(16000, np.float32), language="en", fp16=False, clip_timestamps=[5, 6])
    print("done")
except TimeoutError as e:
    print("stopped after", e)
