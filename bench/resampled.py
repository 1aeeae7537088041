# SPDX-License-Identifier: MIT
"""Writes a sound file anew at 16 kHz, 16 bit, mono.

    python bench/resampled.py INPUT OUTPUT

Runs with the peers' packages: faster-whisper brings a decoder.
"""

import sys

from faster_whisper.audio import decode_audio

from harness.clips import RATE, write_wav

source, output = sys.argv[1:3]
samples = decode_audio(source, sampling_rate=RATE)
write_wav(output, (samples * 32767).round().astype("<i2").tobytes())
