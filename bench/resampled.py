# SPDX-License-Identifier: MIT
"""Writes a sound file anew at 16 kHz, 16 bit, mono.

    python bench/resampled.py INPUT OUTPUT

Runs with the peers' packages: faster-whisper brings a decoder.
"""

import sys
import wave

from faster_whisper.audio import decode_audio

source, output = sys.argv[1:3]
samples = decode_audio(source, sampling_rate=16000)
with wave.open(output, "wb") as f:
    f.setnchannels(1)
    f.setsampwidth(2)
    f.setframerate(16000)
    f.writeframes((samples * 32767).round().astype("<i2").tobytes())
