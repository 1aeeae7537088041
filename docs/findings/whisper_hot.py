# SPDX-License-Identifier: MIT
"""openai-whisper 20250625: `whisper --temperature 1.5` fails on every file."""

import numpy as np
import torch
from whisper.decoding import DecodingResult
from whisper.model import ModelDimensions, Whisper
from whisper.transcribe import transcribe

TOKENS = [50364, 257, 50364 + 50]


class Told(Whisper):
    """A model without weights worth the name whose decoding is given."""

    def decode(self, mel, options):
        return DecodingResult(
            audio_features=torch.zeros(1), language="en", tokens=list(TOKENS), text="a",
            avg_logprob=-0.1, no_speech_prob=0.0, temperature=0.0, compression_ratio=1.0,
        )


model = Told(ModelDimensions(80, 1500, 4, 1, 1, 51865, 448, 4, 1, 1))

# As cli() makes the list: --temperature 1.5, and the usual increment of 0.2.
temperature = tuple(np.arange(1.5, 1.0 + 1e-6, 0.2))
print("temperatures:", temperature)
try:
    transcribe(model, np.zeros(16000, np.float32), language="en", fp16=False, temperature=temperature)
    print("done")
except Exception as e:
    print(f"{type(e).__name__}: {e}")
