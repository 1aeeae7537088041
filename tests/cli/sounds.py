# SPDX-License-Identifier: MIT
"""WAV files that tests need, made without any library."""

import math
import random
import struct


def wav(data, rate=16000, channels=1, bits=16, kind=1):
    """A WAV file of raw sample data. kind: 1 is PCM, 3 is float."""
    block = channels * bits // 8
    head = struct.pack("<HHIIHH", kind, channels, rate, rate * block, block, bits)
    return (b"RIFF" + struct.pack("<I", 36 + len(data)) + b"WAVEfmt "
            + struct.pack("<I", len(head)) + head
            + b"data" + struct.pack("<I", len(data)) + data)


def tone(seconds, rate=16000):
    """Samples in [-1, 1]: a chord with some noise, which no model calls
    silence."""
    rng = random.Random(5)
    n = int(seconds * rate)
    return [0.3 * math.sin(2 * math.pi * 440 * i / rate)
            + 0.2 * math.sin(2 * math.pi * 1000 * i / rate)
            + 0.1 * (rng.random() - 0.5) for i in range(n)]


def pcm16(samples):
    return struct.pack(f"<{len(samples)}h", *(int(32767 * x) for x in samples))


def write_tone(path, seconds=2.0, rate=16000):
    path.write_bytes(wav(pcm16(tone(min(seconds, 10), rate))
                         * max(1, int(seconds // 10)), rate))
    return path
