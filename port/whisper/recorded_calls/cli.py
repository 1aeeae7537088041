# SPDX-License-Identifier: MIT
"""Calls of transcribe.py's command line: what it hands on for a given line."""

import contextlib
import io
import os
import sys
import warnings
from unittest import mock

import torch
import whisper
from portproof_trace import attempt

from .common import TORCH, component

# Where our program's defaults are its own, the lines say what they want.
USUAL = "--model base --verbose False --output_dir out --output_format srt"


def handed_on(argv):
    """What the program hands to the model, the loop and the writer."""
    module = sys.modules["whisper.transcribe"]
    seen = {"threads": 0, "transcribe": [], "writing": []}

    def load_model(name, device, download_root):
        seen.update(model=name, device=device, model_dir=download_root)
        return "a model"

    def transcribe(model, audio, *, temperature, **options):
        # The loop takes these two apart as it begins.
        clips = options.pop("clip_timestamps")
        options["clip_timestamps"] = [float(t) for t in (clips.split(",") if clips else [])]
        options["suppress_tokens"] = [int(t) for t in options["suppress_tokens"].split(",")]
        options["temperature"] = [float(t) for t in temperature]
        seen["transcribe"].append([audio, dict(sorted(options.items()))])
        return "a result"

    def get_writer(output_format, output_dir):
        seen.update(output_format=output_format, output_dir=output_dir)

        def write(result, audio, **options):
            # 0 is the same as nothing there.
            seen["writing"].append({k: v or (None if k != "highlight_words" else v)
                                    for k, v in sorted(options.items())})

        return write

    def set_num_threads(count):
        seen["threads"] = count

    with (
        mock.patch.object(sys, "argv", ["whisper", *argv]),
        mock.patch.object(whisper, "load_model", load_model),
        mock.patch.object(module, "transcribe", transcribe),
        mock.patch.object(module, "get_writer", get_writer),
        mock.patch.object(os, "makedirs"),
        mock.patch.object(torch, "set_num_threads", set_num_threads),
        contextlib.redirect_stderr(io.StringIO()),
        warnings.catch_warnings(record=True) as told,
    ):
        warnings.simplefilter("always")
        try:
            module.cli()
        except SystemExit as e:  # argparse says what is wrong and leaves
            assert e.code == 2, e.code
            raise ValueError("usage") from None
    topics = ("English-only", "max_line_count", "max_words_per_line")
    seen["warnings"] = [next(t for t in topics if t in str(w.message)) for w in told]
    return seen


LINES = [
    "--language English",
    "--language de",
    "--model tiny.en",
    "--model tiny.en --language English",
    "--model tiny.en --language en",
    "--model tiny.en --language fr",
    "--model_dir models --device cpu --threads 2",
    "--threads 0",
    "-o here -f all",
    "--output_format json",
    "--verbose True --task translate",
    "--temperature 0.5",
    "--temperature 1",
    "--temperature 0.3 --temperature_increment_on_fallback 0.1",
    "--temperature 0.2 --temperature_increment_on_fallback None",
    "--temperature_increment_on_fallback 0.35",
    "--temperature_increment_on_fallback 7",
    # The list ends at 1.000001: a step more just below it, and none just above.
    "--temperature 0.5000005 --temperature_increment_on_fallback 0.5",
    "--temperature 0.500005 --temperature_increment_on_fallback 0.5",
    "--temperature_increment_on_fallback None",
    "--best_of 3 --beam_size 4 --patience 2.0 --length_penalty 0.6",
    "--best_of None --beam_size None",
    "--beam_size 2 --length_penalty 1 --patience 0.5",
    "--suppress_tokens=1,2,-1",
    "--suppress_tokens= 50257 ",
    "--condition_on_previous_text False --carry_initial_prompt True --fp16 False",
    "--compression_ratio_threshold 2 --logprob_threshold -0.5 --no_speech_threshold 0.25",
    "--compression_ratio_threshold None --logprob_threshold None --no_speech_threshold None",
    "--logprob_threshold=-1_0.5 --no_speech_threshold 1e3",
    "--word_timestamps True --prepend_punctuations ab --append_punctuations cd",
    "--word_timestamps True --highlight_words True --max_line_width 20 --max_line_count 2",
    "--word_timestamps True --max_words_per_line 4 --hallucination_silence_threshold 2",
    "--word_timestamps True --max_line_count 2",
    "--word_timestamps True --max_words_per_line 3 --max_line_width 20",
    "--word_timestamps True --max_line_width 0 --max_line_count 0 --max_words_per_line 0",
    "--max_line_width 0 --max_line_count None --highlight_words False",
    "--hallucination_silence_threshold None",
    "--clip_timestamps 10,20.5,30",
    "--clip_timestamps=",
    # What it refuses.
    "--highlight_words True",
    "--max_line_width 20",
    "--max_line_count 2",
    "--max_words_per_line 3",
    "--language klingon",
    "--task sing",
    "--output_format docx",
    "--verbose yes",
    "--fp16 true",
    "--best_of x",
    "--beam_size 2.5",
    "--temperature hot",
    "--temperature None",
    "--patience much",
    "--length_penalty a",
    "--compression_ratio_threshold high",
    "--threads many",
    "--word_timestamps 1",
    "--max_line_width 2.5 --word_timestamps True",
    "--best_of",
    "--volume 11",
]


def words(line):
    """A line's words; one of the form --option= value keeps its blanks."""
    return [line] if "= " in line else line.split()


@component("whisper.transcribe.cli")
def _(calls, name):
    lines = [(line, ["talk.wav", *USUAL.split(), *words(line)]) for line in LINES]
    lines += [
        ("usual", ["talk.wav", *USUAL.split()]),
        ("two files", ["a.wav", "b.flac", *USUAL.split()]),
        ("no file", USUAL.split()),
        ("a prompt", ["a.wav", *USUAL.split(), "--initial_prompt", " Names: Ümit, 日本 "]),
        ("blanks in numbers", ["a.wav", *USUAL.split(), "--suppress_tokens", "1, 2 ,3",
                               "--clip_timestamps", "0, 1.5", "--best_of", " 4 ",
                               "--no_speech_threshold", " 0.5\n"]),
    ]
    for id, argv in lines:
        calls.add(id, TORCH, {"argv": argv}, attempt(lambda: handed_on(argv)))
