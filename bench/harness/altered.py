# SPDX-License-Identifier: MIT
"""Speech at other speeds and with noise, by the standard library alone."""

import array
import math
import random
import wave
from fractions import Fraction
from operator import mul

from harness.clips import RATE, write_wav
from harness.paths import Refused

HALF = 16  # samples on each side that a sample is made of, at least


def read_mono(path):
    """(samples from -1 to 1, rate) of a 16-bit mono WAV file."""
    try:
        with wave.open(str(path)) as f:
            if (f.getnchannels(), f.getsampwidth()) != (1, 2):
                raise Refused(f"{path}: expected a WAV file of 16 bit, mono")
            data = array.array("h", f.readframes(f.getnframes()))
            return [x / 32768 for x in data], f.getframerate()
    except (OSError, EOFError, wave.Error) as e:
        raise Refused(f"{path}: cannot be read ({e})") from e


def sinc_filter(offset, cutoff, half):
    """Weights of 2 * half samples around a place `offset` past the middle's left."""
    weights = []
    for i in range(1 - half, half + 1):
        x = (i - offset) * cutoff
        sinc = math.sin(math.pi * x) / (math.pi * x) if x else 1.0
        window = 0.5 + 0.5 * math.cos(math.pi * (i - offset) / (half + 1))
        weights.append(sinc * window)
    total = sum(weights)
    return [w / total for w in weights]


def resampled(samples, step):
    """Every `step`-th sample (a Fraction), with what lies above the new rate taken out."""
    if step == 1:
        return list(samples)
    cutoff = min(1.0, float(1 / step))
    half = math.ceil(HALF / cutoff)
    filters = [sinc_filter(i / step.denominator, cutoff, half) for i in range(step.denominator)]
    padded = [0.0] * (half - 1) + list(samples) + [0.0] * (half + 1)
    out = []
    for i in range(int(len(samples) / step)):
        whole, part = divmod(i * step.numerator, step.denominator)
        out.append(sum(map(mul, filters[part], padded[whole : whole + 2 * half])))
    return out


def with_noise(samples, decibels, seed):
    """White noise added, so far below the speech's mean power."""
    power = sum(x * x for x in samples) / len(samples)
    level = math.sqrt(power / 10 ** (decibels / 10))
    draw = random.Random(seed).gauss
    return [x + draw(0, level) for x in samples]


def write(path, samples):
    whole = array.array("h", (max(-32768, min(32767, round(32767 * x))) for x in samples))
    write_wav(path, whole.tobytes())


def at_speed(samples, rate, speed):
    return resampled(samples, Fraction(rate, RATE) * Fraction(str(speed)))
