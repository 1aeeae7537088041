# SPDX-License-Identifier: MIT
"""openai-whisper 20250625: two audios with beams in one batch fail."""
import torch
from whisper.decoding import DecodingOptions, decode
from whisper.model import ModelDimensions, Whisper

torch.manual_seed(0)
model = Whisper(ModelDimensions(80, 1500, 4, 1, 1, 51865, 448, 4, 1, 1)).eval()
options = DecodingOptions(language="en", beam_size=2, sample_len=3, fp16=False)
for n in (1, 2):
    try:
        print(n, "audio:", len(decode(model, torch.zeros(n, 80, 3000), options)), "results")
    except Exception as e:
        print(n, f"audio: {type(e).__name__}")
