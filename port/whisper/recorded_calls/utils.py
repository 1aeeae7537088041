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


def write(cls, r):
    file = io.StringIO()
    cls("").write_result(r, file=file)
    return file.getvalue()


@component(
    "whisper.utils.WriteTXT", "whisper.utils.WriteVTT", "whisper.utils.WriteSRT",
    "whisper.utils.WriteTSV", "whisper.utils.WriteJSON",
)
def _(calls, name):
    cls = getattr(utils, name.rpartition(".")[2])
    for id, r in RESULTS.items():
        calls.add(id, TORCH, {"result": r}, write(cls, r))


@component("whisper.utils.SubtitlesWriter")
def _(calls, name):
    for id, r in RESULTS.items():
        both = {"srt": write(utils.WriteSRT, r), "vtt": write(utils.WriteVTT, r)}
        calls.add(id, TORCH, {"result": r}, both)


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
    for kind in ("txt", "vtt", "srt", "tsv", "json", "all", "xml"):
        def run():
            with tempfile.TemporaryDirectory() as folder:
                utils.get_writer(kind, folder)(RESULTS["two"], "talk.wav", {})
                order = [k for k in ("txt", "vtt", "srt", "tsv", "json")]
                found = {f.rpartition(".")[2]: f for f in os.listdir(folder)}
                return [
                    [k, open(os.path.join(folder, found[k]), encoding="utf-8").read()]
                    for k in order if k in found
                ]
        calls.add(kind, TORCH, {"format": kind, "result": RESULTS["two"]}, attempt(run))
