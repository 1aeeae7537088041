# SPDX-License-Identifier: MIT
"""The clips: real speech of 11 s, of more than a minute, and four of 25 s and more; 16 kHz, 16 bit."""

import math
import subprocess
import sys
import wave
from dataclasses import dataclass, replace
from pathlib import Path

from harness.paths import BENCH, CACHE, SHARED, Refused

RATE = 16000
HALF_HOUR = 1800
BOOK = "sense_and_sensibility_01_austen_64kb-"
# Of the folder MLXAUDIO_SHARED, and of Debian's package where that lacks them.
SHARED_CLIPS = {"short": ("jfk",), "long": ("jfk", "en_man", "en_woman", "en_man", "jfk")}
BOOK_CLIPS = {
    "short": ("0890", "0920"),
    "long": ("0870", "0880", "0890", "0920", "0930") * 2 + ("0870", "0890", "0920"),
}
# Four full of speech, 25 s or more each.
SHARED_DENSE = (("en_woman", "jfk"), ("en_man", "en_man"), ("jfk", "en_woman"), ("en_woman", "en_man"))
BOOK_DENSE = (
    ("0870", "0880", "0890", "0920", "0930", "0880"),
    ("0890", "0920", "0930", "0870", "0880", "0930"),
    ("0930", "0870", "0880", "0890", "0920", "0880"),
    ("0920", "0930", "0870", "0880", "0890", "0930"),
)


@dataclass(frozen=True)
class Clip:
    path: Path  # of several clips a tuple
    name: str  # what it was joined of
    seconds: float


def read_wav(path):
    try:
        with wave.open(str(path)) as f:
            if (f.getframerate(), f.getnchannels(), f.getsampwidth()) != (RATE, 1, 2):
                raise Refused(f"{path}: expected a WAV file of 16 kHz, 16 bit, mono: convert it first")
            return f.readframes(f.getnframes())
    except (OSError, EOFError, wave.Error) as e:
        raise Refused(f"{path}: cannot be read ({e}): give a WAV file of 16 kHz, 16 bit, mono") from e


def write_wav(path, data):
    with wave.open(str(path), "wb") as f:
        f.setnchannels(1)
        f.setsampwidth(2)
        f.setframerate(RATE)
        f.writeframes(data)


def joined(sources, path):
    """The sources, one after the other, as one clip at `path`."""
    data = b"".join(read_wav(s) for s in sources)
    write_wav(path, data)
    names = [s.stem.removeprefix(BOOK) for s in sources]
    return Clip(path, " + ".join(names), len(data) / 2 / RATE)


def at_16_khz(source, folder, environment):
    """The file itself, or a copy at our rate made by a peer's decoder."""
    try:
        with wave.open(str(source)) as f:
            if f.getframerate() == RATE:
                return source
    except (OSError, EOFError, wave.Error) as e:
        raise Refused(f"{source}: cannot be read ({e})") from e
    copy = folder / f"{source.stem}.wav"
    subprocess.run([sys.executable, BENCH / "resampled.py", source, copy], env=environment, check=True)
    return copy


def sources_of(kind, folder, environment):
    return found(SHARED_CLIPS[kind], BOOK_CLIPS[kind], folder, environment)


def found(shared_names, book_names, folder, environment):
    shared = [SHARED / "audio" / f"{name}.wav" for name in shared_names]
    if all(s.exists() for s in shared):
        return [at_16_khz(s, folder, environment) for s in shared]
    book = [CACHE / "audio/librivox" / f"{BOOK}{name}.wav" for name in book_names]
    for source in book:
        if not source.exists():
            raise Refused(f"{source} is missing: run `make setup` first")
    return book


def dense(folder, environment):
    """The four that are decoded together."""
    clips = [
        joined(found(shared, book, folder, environment), folder / f"dense-{i}.wav")
        for i, (shared, book) in enumerate(zip(SHARED_DENSE, BOOK_DENSE, strict=True))
    ]
    return Clip(tuple(c.path for c in clips), "; ".join(c.name for c in clips), sum(c.seconds for c in clips))


def clip_of(kind, folder, environment, given=None):
    """The clip of a kind, or the file that was given for it. Half an hour is
    the long one again and again."""
    if kind == "dense":
        return dense(folder, environment)
    if kind == "half-hour":
        minute = clip_of("long", folder, environment, given)
        times = math.ceil(HALF_HOUR / minute.seconds)
        return replace(joined([minute.path] * times, folder / "half-hour.wav"), name=f"{times} times {minute.name}")
    sources = [Path(given)] if given else sources_of(kind, folder, environment)
    return joined(sources, folder / f"{kind}.wav")


def of_suite(suite, folder, environment, short=None, long=None):
    """The clips of its cases by kind. The short one is always there: parts of
    the work are timed on it."""
    given = {"short": short, "long": long, "half-hour": long}
    kinds = {"short", *(case.clip for case in suite)}
    return {kind: clip_of(kind, folder, environment, given.get(kind)) for kind in kinds}
