# SPDX-License-Identifier: MIT
"""transcribe-cpp, which has no beam search; see protocol.py."""

import sys
import wave

import numpy as np
import protocol
import transcribe_cpp

given = protocol.options()
if given.beam:
    sys.exit("transcribe-cpp has no beam search: give --beam 0")
asked = {"temperature": 0.0, "temperature_inc": 0.0, "condition_on_prev_tokens": True}
settings = {"language": "en", "timestamps": "segment", **asked}


def read(path):
    with wave.open(path) as f:
        return np.frombuffer(f.readframes(f.getnframes()), "<i2").astype(np.float32) / 32768.0


with transcribe_cpp.Model(given.model, backend="cpu") as model, model.session(n_threads=given.threads) as session:

    def transcribe(take):
        # It gives its segments at the end, all at once.
        result = session.run(read(given.clip), language="en", timestamps="segment",
                             family=transcribe_cpp.WhisperRunOptions(**asked))  # fmt: skip
        for segment in result.segments:
            take(segment.text.strip())
        return len(result.tokens) or None

    protocol.answer(given, transcribe, settings)
