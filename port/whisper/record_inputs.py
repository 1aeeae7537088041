# SPDX-License-Identifier: MIT
"""The sounds that recordings are made of, as recipes that a test can follow.

A recipe is a list of parts: a file of Debian's pocketsphinx-testdata or of
MLXAUDIO_SHARED (or a stretch of one, or one backwards), zeros, noise from an
integer generator, tones, or several recipes at once. What is recorded beside it is the SHA-256 of the 16 kHz 16-bit
samples, so a test knows that it feeds the very same ones. Everything here is
integer arithmetic for that reason, the resampling of 24 kHz files too.
"""

import hashlib
import os
import wave
from pathlib import Path

import numpy as np

from checkpoint import CACHE

ROOT = Path(__file__).resolve().parents[2]
SHARED = Path(os.environ.get("MLXAUDIO_SHARED") or ROOT.parent / "shared") / "audio"
DEBIAN = CACHE / "audio"

RATE = 16000
# 24 kHz to 16 kHz: up by 2, low-pass at 48 kHz, down by 3.
UP, DOWN, SHIFT, HALF = 2, 3, 15, 96


def resampling_taps():
    """Kaiser-windowed sinc, cut at 7.6 kHz, in units of 2**-SHIFT."""
    t = np.arange(-HALF, HALF + 1)
    cutoff = 7600 / 24000  # of the Nyquist frequency at 48 kHz
    h = cutoff * np.sinc(cutoff * t) * np.kaiser(2 * HALF + 1, 8.0) * UP
    return np.round(h * (1 << SHIFT)).astype(np.int64)


def resample(samples):
    """24 kHz to 16 kHz. Output m is at input sample m * DOWN / UP."""
    stuffed = np.zeros(len(samples) * UP + 2 * HALF, np.int64)
    stuffed[HALF : HALF + len(samples) * UP : UP] = samples
    count = -(-len(samples) * UP // DOWN)
    taps = resampling_taps()
    starts = np.arange(count) * DOWN
    sums = np.array([np.dot(stuffed[s : s + len(taps)], taps) for s in starts])
    return np.clip((sums + (1 << (SHIFT - 1))) >> SHIFT, -32768, 32767).astype(np.int16)


def noise(count, seed, shift):
    """White noise from x <- 1664525 x + 1013904223 mod 2**32: its upper 16
    bits as a signed number, shifted right."""
    values, x = np.empty(count, np.int16), seed
    for i in range(count):
        x = (1664525 * x + 1013904223) & 0xFFFFFFFF
        high = x >> 16
        values[i] = (high - 0x10000 if high >= 0x8000 else high) >> shift
    return values


def wave_of(phase):
    """A sine's parabolas, of a phase from 0 to 65535: -32768 to 32768."""
    half = phase & 0x7FFF
    height = (half * (0x8000 - half)) >> 13
    return np.where(phase < 0x8000, height, -height)


def tones(count, chords, length, decay, shift):
    """Chords one after another, again and again, `length` samples each. A chord
    is a list of steps of the phase for each sample; with `decay` it fades."""
    i = np.arange(count, dtype=np.int64)
    envelope = 4096 - (i % length * 4096 // length if decay else 0 * i)
    number = i // length % len(chords)
    total = np.zeros(count, np.int64)
    for n, steps in enumerate(chords):
        sound = sum(wave_of(step * i & 0xFFFF) for step in steps)
        total += np.where(number == n, sound, 0)
    return np.clip((total * envelope) >> (12 + shift), -32768, 32767).astype(np.int16)


def overlay(recipes):
    """The sum of several recipes, halved; the shorter ones end early."""
    sounds = [samples_of(parts) for parts in recipes]
    total = np.zeros(max(map(len, sounds)), np.int64)
    for sound in sounds:
        total[: len(sound)] += sound
    return np.clip(total >> 1, -32768, 32767).astype(np.int16)


def read_file(path):
    if path.suffix == ".raw":
        return np.frombuffer(path.read_bytes(), "<i2")
    with wave.open(str(path)) as f:
        if f.getnchannels() != 1 or f.getsampwidth() != 2:
            raise ValueError(f"{path}: expected 16-bit mono")
        samples = np.frombuffer(f.readframes(f.getnframes()), "<i2")
        if f.getframerate() == 24000:
            return resample(samples)
        if f.getframerate() != RATE:
            raise ValueError(f"{path}: {f.getframerate()} Hz")
        return samples


def part_samples(part):
    if "zeros" in part:
        return np.zeros(part["zeros"], np.int16)
    if "noise" in part:
        return noise(part["noise"], part["seed"], part["shift"])
    if "tones" in part:
        return tones(part["tones"], part["chords"], part["length"], part["decay"], part["shift"])
    if "overlay" in part:
        return overlay(part["overlay"])
    folder, name = (DEBIAN, part["debian"]) if "debian" in part else (SHARED, part["shared"])
    samples = read_file(folder / name)
    start = part.get("start", 0)
    stretch = samples[start : start + part.get("count", len(samples))]
    return stretch[::-1] if part.get("backwards") else stretch


def samples_of(parts):
    return np.concatenate([part_samples(p) for p in parts] + [np.zeros(0, np.int16)])


def describe(parts):
    samples = samples_of(parts)
    digest = hashlib.sha256(samples.astype("<i2").tobytes()).hexdigest()
    return {"parts": parts, "samples": len(samples), "sha256": digest}


def debian(name, **stretch):
    return {"debian": name, **stretch}


def shared(name, **stretch):
    return {"shared": name, **stretch}


_AUSTEN = "librivox/sense_and_sensibility_01_austen_64kb-"
LIBRIVOX = {f"librivox-{n}": [debian(f"{_AUSTEN}{n}.wav")] for n in ("0870", "0880", "0890", "0920", "0930")}
CARDS = {f"card-{n}": [debian(f"cards/{n}.wav")] for n in ("001", "002", "003", "004", "005")}
COMMANDS = {n: [debian(f"{n}.raw")] for n in ("goforward", "numbers", "something")}
SHARED_CLIPS = {n: [shared(f"{n}.wav")] for n in ("jfk", "en_man", "en_woman")}
CLIPS = {**LIBRIVOX, **CARDS, **COMMANDS, **SHARED_CLIPS}

_BOOK = [p for parts in LIBRIVOX.values() for p in parts]
_COMMANDS = [debian("cards/005.wav"), *(p for parts in COMMANDS.values() for p in parts)]
_LONG = [*_BOOK, *_COMMANDS, *reversed(_BOOK)]
LONG = {
    "long-debian": _LONG,
    "long-shared": [shared(f"{n}.wav") for n in ("jfk", "en_man", "en_woman", "en_man", "jfk")],
    # The middle window holds nothing but silence.
    "long-silence": [*LIBRIVOX["librivox-0870"], {"zeros": 60 * RATE}, *LIBRIVOX["librivox-0920"]],
}
EDGES = {
    "empty": [],
    "one-sample": [debian(f"{_AUSTEN}0870.wav", start=20000, count=1)],
    "under-a-frame": [debian(f"{_AUSTEN}0870.wav", start=20000, count=159)],
    "one-frame": [debian(f"{_AUSTEN}0870.wav", start=20000, count=160)],
    "tenth-of-a-second": [debian(f"{_AUSTEN}0870.wav", start=20000, count=1600)],
    "half-a-second": [debian("cards/001.wav", start=4000, count=8000)],
    "silence-3s": [{"zeros": 3 * RATE}],
    "noise-5s": [{"noise": 5 * RATE, "seed": 1, "shift": 4}],
    # A window's length to the sample, and one mel frame more: the second
    # window then has one frame.
    "window": [*_BOOK, {"noise": 480000 - 395680, "seed": 2, "shift": 8}],
    "window-and-a-frame": [*_BOOK, {"noise": 480160 - 395680, "seed": 2, "shift": 8}],
}
MINUTE = 60 * RATE
# Steps of the phase: 65536 a second make a Hz of 16 kHz.
_HUM = [[205, 410, 614]]  # 50, 100 and 150 Hz
_MUSIC = [[1072, 1350, 1606, 535], [1203, 1430, 1802, 602], [1350, 1606, 2022, 675], [1072, 1430, 1802, 715]]
HARD = {
    "silence-60s": [{"zeros": MINUTE}],
    "noise-60s": [{"noise": MINUTE, "seed": 3, "shift": 5}],
    "hum-60s": [{"tones": MINUTE, "chords": _HUM, "length": MINUTE, "decay": 0, "shift": 4}],
    "music-12s": [{"tones": 12 * RATE, "chords": _MUSIC, "length": 6000, "decay": 1, "shift": 3}],
    "noise-10s": [{"noise": 10 * RATE, "seed": 4, "shift": 3}],
    # Speech as it is not spoken.
    "backwards": [debian(f"{_AUSTEN}0880.wav", backwards=1)],
    "chopped": [
        debian(f"{_AUSTEN}{n}.wav", start=start, count=3200)
        for start in range(8000, 56000, 6400)
        for n in ("0870", "0930")
    ],
    "overlaid": [{"overlay": [LIBRIVOX["librivox-0870"], LIBRIVOX["librivox-0920"], COMMANDS["numbers"]]}],
    "faint": [{"overlay": [[{"noise": 8 * RATE, "seed": 5, "shift": 2}], LIBRIVOX["librivox-0890"]]}],
    "stutter": [debian(f"{_AUSTEN}0870.wav", start=16000, count=9600)] * 16,
}
INPUTS = {**CLIPS, **LONG, **EDGES, **HARD}


def quiet(seconds, seed):
    """Noise that nobody hears."""
    return {"noise": seconds * RATE, "seed": seed, "shift": 10}


# Speech with silence in between, in which models make things up.
GAPS = {
    "gap-zeros": [*LIBRIVOX["librivox-0880"], {"zeros": 12 * RATE}, *CARDS["card-005"], {"zeros": 9 * RATE}],
    "gap-noise": [
        quiet(6, 3), *COMMANDS["goforward"], quiet(11, 4), *LIBRIVOX["librivox-0890"], quiet(35, 5),
        *COMMANDS["numbers"], quiet(4, 6),
    ],
    "gap-between": [*CARDS["card-001"], {"zeros": 5 * RATE}, *CARDS["card-002"], {"zeros": 3 * RATE},
                    *CARDS["card-003"], {"zeros": 8 * RATE}, *CARDS["card-004"]],
}


def joined(minutes, groups):
    """Clips with a short pause after each, in an order of chance."""
    clips = [parts[0] for group in groups for parts in group.values()]
    lengths = [len(samples_of([clip])) for clip in clips]
    parts, total, x = [], 0, 1
    while total < minutes * 60 * RATE:
        x = (1664525 * x + 1013904223) & 0xFFFFFFFF
        i = (x >> 16) % len(clips)
        pause = RATE // 4 * ((x >> 8 & 3) + 1)
        parts += [clips[i], {"zeros": pause}]
        total += lengths[i] + pause
    return parts


INPUTS.update(GAPS)
INPUTS["thirty-minutes"] = joined(30, (LIBRIVOX, CARDS, COMMANDS))
