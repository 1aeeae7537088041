# SPDX-License-Identifier: MIT
"""openai-whisper 20250625: words of a window of less than 40 ms begin before it, and fail to be written."""
import io

import torch
from whisper.model import ModelDimensions, Whisper
from whisper.timing import add_word_timestamps
from whisper.tokenizer import get_tokenizer
from whisper.utils import WriteSRT

torch.manual_seed(0)
model = Whisper(ModelDimensions(80, 1500, 4, 1, 1, 51865, 448, 4, 1, 1)).eval()
tokenizer = get_tokenizer(True, language="en", task="transcribe")
segment = {"start": 0.0, "end": 0.03, "seek": 0, "text": " a", "tokens": tokenizer.encode(" a")}
add_word_timestamps(
    segments=[segment], model=model, tokenizer=tokenizer, mel=torch.zeros(80, 3000), num_frames=3,
    last_speech_timestamp=0.0,
)
print("first word begins at", segment["words"][0]["start"], "s")
try:
    WriteSRT("").write_result({"segments": [segment]}, io.StringIO())
except AssertionError as e:
    print("AssertionError:", e)
