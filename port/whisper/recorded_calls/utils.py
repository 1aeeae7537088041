# SPDX-License-Identifier: MIT
"""Calls of utils.py and of what is used in it."""

import io
import os
import tempfile

import numpy as np
from portproof_trace import attempt

from whisper import utils

from .common import TEXTS, TORCH, component


@component("whisper.utils.exact_div")
def _(calls, name):
    for x, y in ((480000, 160), (0, 3), (7, 2)):
        calls.add(f"{x}-{y}", TORCH, {"x": x, "y": y}, attempt(lambda: utils.exact_div(x, y)))


@component("whisper.utils.str2bool", "whisper.utils.optional_int", "whisper.utils.optional_float")
def _(calls, name):
    function = getattr(utils, name.rpartition(".")[2])
    for text in (
        "True", "False", "None", "7", "-3", "0.5", "1e-3", "true", "x", "", " 5 ", "\t-5\n",
        "\u30005\u00a0", "\x1c5", "+5", "+-5", "- 5", "1_000", "1__0", "_1", "1_", "007", "1_0.5_0",
        "1_.5", "1._5", "1e1_0", ".5", "5.", "5.e+3", ".", "e5", "0x10", "1,5", "none", "1e400", "1e-400",
    ):
        value = attempt(lambda: function(text))
        if isinstance(value, float) and not np.isfinite(value):
            value = repr(value)  # JSON has no word for it
        calls.add(ascii(text), TORCH, {"string": text}, value)


@component("whisper.utils.compression_ratio")
def _(calls, name):
    for i, text in enumerate(["a", "hello hello hello hello hello", *TEXTS[2:], "la " * 500]):
        calls.add(f"{i}", TORCH, {"text": text}, utils.compression_ratio(text))


@component("whisper.utils.format_timestamp")
def _(calls, name):
    for s in (0.0, 0.0005, 0.0015, 0.9995, 59.9996, 61.5, 3599.9994, 3600.0, 360000.25, -1.0):
        for hours in (False, True):
            for mark in (".", ","):
                args = {"seconds": s, "always_include_hours": hours, "decimal_marker": mark}
                calls.add(
                    f"{s}-{hours}-{mark}", TORCH, args,
                    attempt(lambda: utils.format_timestamp(s, hours, mark)),
                )


def result(*segments):
    out = []
    for i, (start, end, text) in enumerate(segments):
        out.append({
            "id": i, "seek": 100 * i, "start": start, "end": end, "text": text,
            "tokens": [50364, 400 + i, 50400], "temperature": 0.0,
            "avg_logprob": -0.25 - i / 3, "compression_ratio": 1.25, "no_speech_prob": 1e-07,
        })
    return {"text": "".join(t for _, _, t in segments), "segments": out, "language": "en"}


RESULTS = {
    "none": result(),
    "two": result((0.0, 2.5, " Hello there."), (2.5, 4.0005, " Bye --> now\twith a tab ")),
    "hours": result((3599.5, 3661.25, " long"), (7200.0, 7200.0, "")),
    "unicode": result((0.0005, 1.0015, " 日本語 “quoted” \\ \"x\" \u2028 🎉 \x07")),
}


def write(cls, r, **options):
    file = io.StringIO()
    cls("").write_result(r, file=file, **options)
    return file.getvalue()


def spoken(*segments):
    """A result with words: each segment is a list of (word, start, end)."""
    out = []
    for i, words in enumerate(segments):
        out.append({
            "id": i, "seek": 0, "start": words[0][1] if words else 1.5 * i, "end": words[-1][2] if words else 1.5 * i,
            "text": "".join(w for w, _, _ in words), "tokens": [50364, 400 + i, 50400], "temperature": 0.0,
            "avg_logprob": -0.25, "compression_ratio": 1.25, "no_speech_prob": 1e-07,
            "words": [
                {"word": w, "start": s, "end": e, "probability": 0.5 + k / 16} for k, (w, s, e) in enumerate(words)
            ],
        })
    return {"text": "".join(s["text"] for s in out), "segments": out, "language": "en"}


def talk(text, start, length=0.3, pause=0.0):
    """Words one after the other, with a pause between them."""
    words, at = [], start
    for word in text.split("|"):
        words.append((word, round(at, 2), round(at + length, 2)))
        at += length + pause
    return words


SPOKEN = {
    "one": spoken(talk(" Hello,| there.", 0.0)),
    "several": spoken(
        talk(" It| was| the| best| of| times,| it| was| the| worst| of| times,", 0.0, 0.31),
        talk(" it| was| the| age| of| wisdom -->| it| was", 4.0, 0.2, 0.1),
        talk(" foolishness.", 12.5),
        talk(" The| end| is| a| long-|winded-|and-unbreakable-word,| isn't| it?", 13.0, 0.4),
    ),
    "pauses": spoken(talk(" One| two", 0.5, 0.3, 3.1), talk(" three| four", 8.0, 0.2, 4.0), talk(" five", 10.0)),
    "cleared": spoken([], talk(" After| nothing.", 1.0), [], talk(" And| more.", 3.0)),
    "odd": spoken(
        [(" a", 0.0, 0.0), ("", 0.0, 0.5), ("  ", 0.5, 0.6), (" b\n", 0.6, 0.7), (" c\nd", 0.7, 0.8), ("e ", 0.8, 0.9)],
        [(" 日本語", 1.0, 1.2), ("\u3000全角", 1.2, 1.5), (" 👩‍👩‍👧", 1.5, 1.6), (" z", 3600.0, 3601.5)],
    ),
    "nothing": spoken([], []),
}
WORD_OPTIONS = {
    "plain": {},
    "highlight": {"highlight_words": True},
    "width": {"max_line_width": 20},
    "width-count": {"max_line_width": 20, "max_line_count": 2},
    "one-line": {"max_line_width": 12, "max_line_count": 1},
    "narrow": {"max_line_width": 1, "max_line_count": 3},
    "count": {"max_line_count": 1},
    "words": {"max_words_per_line": 3},
    "one-word": {"max_words_per_line": 1, "highlight_words": True},
    "all": {"max_line_width": 16, "max_line_count": 2, "max_words_per_line": 2, "highlight_words": True},
    "words-width": {"max_line_width": 10, "max_words_per_line": 4},
    "zeros": {"max_line_width": 0, "max_line_count": 0, "max_words_per_line": 0},
}


@component(
    "whisper.utils.WriteTXT", "whisper.utils.WriteVTT", "whisper.utils.WriteSRT",
    "whisper.utils.WriteTSV", "whisper.utils.WriteJSON",
)
def _(calls, name):
    cls = getattr(utils, name.rpartition(".")[2])
    for id, r in RESULTS.items():
        calls.add(id, TORCH, {"result": r}, write(cls, r))
    for id, r in SPOKEN.items():
        calls.add(f"spoken-{id}", TORCH, {"result": r}, write(cls, r))


@component("whisper.utils.get_start", "whisper.utils.get_end")
def _(calls, name):
    function = getattr(utils, name.rpartition(".")[2])
    for id, r in SPOKEN.items():
        for n in range(len(r["segments"]) + 1):
            segments = r["segments"][n:] if name.endswith("start") else r["segments"][:n]
            given = {**r, "segments": segments}
            calls.add(f"{id}-{n}", TORCH, {"result": given}, function(segments))


@component("whisper.utils.SubtitlesWriter")
def _(calls, name):
    for id, r in RESULTS.items():
        both = {"srt": write(utils.WriteSRT, r), "vtt": write(utils.WriteVTT, r)}
        calls.add(id, TORCH, {"result": r}, both)
    for id, r in SPOKEN.items():
        for how, o in WORD_OPTIONS.items():
            both = {"srt": write(utils.WriteSRT, r, **o), "vtt": write(utils.WriteVTT, r, **o)}
            calls.add(f"{id}-{how}", TORCH, {"result": r, **o}, both)
    # Without words the options have no effect.
    o = WORD_OPTIONS["all"]
    both = {"srt": write(utils.WriteSRT, RESULTS["two"], **o), "vtt": write(utils.WriteVTT, RESULTS["two"], **o)}
    calls.add("no-words", TORCH, {"result": RESULTS["two"], **o}, both)


@component("whisper.utils.ResultWriter")
def _(calls, name):
    for path in ("talk.wav", "a.b.mp3", "noending", "folder/x.flac"):
        with tempfile.TemporaryDirectory() as folder:
            writer = utils.get_writer("srt", folder)
            writer(RESULTS["two"], path)
            (written,) = os.listdir(folder)
            text = open(os.path.join(folder, written), encoding="utf-8").read()
        args = {"format": "srt", "output_dir": "out", "audio_path": path, "result": RESULTS["two"]}
        calls.add(path, TORCH, args, {"path": "out/" + written, "text": text})


@component("whisper.utils.get_writer")
def _(calls, name):
    kinds = ("txt", "vtt", "srt", "tsv", "json", "all", "xml")
    for kind, r, o in [(k, RESULTS["two"], {}) for k in kinds] + [("all", SPOKEN["several"], WORD_OPTIONS["all"])]:
        def run():
            with tempfile.TemporaryDirectory() as folder:
                utils.get_writer(kind, folder)(r, "talk.wav", {}, **o)
                order = [k for k in ("txt", "vtt", "srt", "tsv", "json")]
                found = {f.rpartition(".")[2]: f for f in os.listdir(folder)}
                return [
                    [k, open(os.path.join(folder, found[k]), encoding="utf-8").read()]
                    for k in order if k in found
                ]
        id = f"{kind}-options" if o else kind
        calls.add(id, TORCH, {"format": kind, "result": r, **o}, attempt(run))
