# SPDX-License-Identifier: MIT
"""openai-whisper 20250625: what two clips share is transcribed twice, in an order that goes back."""

import numpy as np
import torch
from whisper.decoding import DecodingResult
from whisper.model import ModelDimensions, Whisper
from whisper.transcribe import transcribe

TOKENS = [50364, 257, 50364 + 1000]  # <|0.00|> a <|20.00|>


class Told(Whisper):
    """A model without weights worth the name whose decoding is given."""

    def decode(self, mel, options):
        return DecodingResult(
            audio_features=torch.zeros(1), language="en", tokens=list(TOKENS), text="a",
            avg_logprob=-0.1, no_speech_prob=0.0, temperature=0.0, compression_ratio=1.0,
        )


model = Told(ModelDimensions(80, 1500, 4, 1, 1, 51865, 448, 4, 1, 1))

audio = np.zeros(60 * 16000, np.float32)
result = transcribe(model, audio, language="en", fp16=False, clip_timestamps=[0, 20, 10, 30])
print("segments:", [(s["start"], s["end"]) for s in result["segments"]])
