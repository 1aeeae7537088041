# SPDX-License-Identifier: MIT
"""openai-whisper 20250625: no subtitles where the first segment is empty."""
import io

import numpy as np
import torch
from whisper.decoding import DecodingResult
from whisper.model import ModelDimensions, Whisper
from whisper.transcribe import transcribe
from whisper.utils import WriteSRT

ZERO = 50364
# <|0.00|> | <|1.00|> a <|2.00|> <|2.00|>: the first segment has no text.
TOKENS = [ZERO, ZERO + 50, ZERO + 50, 257, ZERO + 100, ZERO + 100]


class Told(Whisper):
    """A model without weights worth the name whose decoding is given."""

    def decode(self, mel, options):
        return DecodingResult(
            audio_features=torch.zeros(1), language="en", tokens=list(TOKENS), text="a",
            avg_logprob=-0.1, no_speech_prob=0.0, temperature=0.0, compression_ratio=1.0,
        )


model = Told(ModelDimensions(80, 1500, 4, 1, 1, 51865, 448, 4, 1, 1))

result = transcribe(model, np.zeros(32000, np.float32), language="en", fp16=False)
print("segments:", [(s["text"], "words" in s) for s in result["segments"]])
try:
    out = io.StringIO()
    WriteSRT("").write_result(result, out)
    print(out.getvalue())
except KeyError as e:
    print("KeyError:", e)
