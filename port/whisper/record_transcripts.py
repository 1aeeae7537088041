# SPDX-License-Identifier: MIT
"""Records what openai-whisper transcribes, for the end-to-end tests.

    python port/whisper/record_transcripts.py base tiny.en

writes tests/golden/whisper/transcripts-<model>.json. Everything is the
reference as it is, on the CPU in float32, greedy at temperature 0 without
fallback. It needs openai-whisper 20250625 and torch; `ffmpeg` too, for the
texts of files at another rate than 16 kHz.

Beside each run stands its `margin`: how far the closest decision was from
going the other way (the two best log probabilities of a step, or those of
"a timestamp" and the best text token). A margin near the rounding of float32
would make a poor test.
"""

import argparse
import json
import math
import time
from pathlib import Path

import numpy as np
import torch
import whisper
import whisper.decoding

import checkpoint
import record_inputs

GOLDEN = record_inputs.ROOT / "tests/golden/whisper"
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


class Margins:
    """Watches the decoder's two kinds of choice without changing them."""

    def __init__(self):
        self.smallest = math.inf
        self._functional = whisper.decoding.F
        self._update = whisper.decoding.GreedyDecoder.update
        self._apply = whisper.decoding.ApplyTimestampRules.apply
        self._begin = None

    def __getattr__(self, name):
        return getattr(self._functional, name)

    def log_softmax(self, logits, dim):
        result = self._functional.log_softmax(logits, dim=dim)
        if self._begin is not None:
            for row in result:
                stamp = row[self._begin :].logsumexp(dim=-1)
                text = row[: self._begin].max()
                if stamp.isfinite() and text.isfinite():
                    self.note(abs(stamp - text).item())
        return result

    def note(self, margin):
        self.smallest = min(self.smallest, margin)

    def __enter__(self):
        margins = self

        def apply(rules, logits, tokens):
            margins._begin = rules.tokenizer.timestamp_begin
            margins._apply(rules, logits, tokens)
            margins._begin = None

        def update(decoder, tokens, logits, sum_logprobs):
            best = torch.topk(logits.float(), 2, dim=-1).values
            margins.note((best[:, 0] - best[:, 1]).min().item())
            return margins._update(decoder, tokens, logits, sum_logprobs)

        whisper.decoding.F = self
        whisper.decoding.ApplyTimestampRules.apply = apply
        whisper.decoding.GreedyDecoder.update = update
        return self

    def __exit__(self, *_):
        whisper.decoding.F = self._functional
        whisper.decoding.ApplyTimestampRules.apply = self._apply
        whisper.decoding.GreedyDecoder.update = self._update


def rounded(value, digits=9):
    return float(f"{value:.{digits}g}")


def transcribe(model, audio, options):
    with Margins() as margins:
        result = model.transcribe(audio, temperature=0.0, fp16=False, **options)
    keys = ("id", "seek", "start", "end", "text", "tokens", "avg_logprob", "compression_ratio", "no_speech_prob")
    segments = [{k: s[k] for k in keys} for s in result["segments"]]
    for s in segments:
        for k in ("start", "end", "avg_logprob", "compression_ratio", "no_speech_prob"):
            s[k] = rounded(s[k])
    margin = rounded(margins.smallest, 3) if math.isfinite(margins.smallest) else None
    return {"text": result["text"], "language": result["language"], "margin": margin, "segments": segments}


def language_probs(model, audio):
    mel = whisper.log_mel_spectrogram(audio, model.dims.n_mels, padding=whisper.audio.N_SAMPLES)
    _, probs = model.detect_language(whisper.pad_or_trim(mel, whisper.audio.N_FRAMES))
    return {language: rounded(p) for language, p in probs.items()}


def file_text(model, clip):
    """The text from the file itself, read by the reference through ffmpeg."""
    (part,) = record_inputs.SHARED_CLIPS[clip]
    path = record_inputs.SHARED / part["shared"]
    return model.transcribe(str(path), temperature=0.0, fp16=False)["text"]


def dump(value, indent=0):
    """JSON with a line for each run, segment and small object."""
    flat = json.dumps(value, ensure_ascii=False)
    if len(flat) <= 160 or not isinstance(value, (dict, list)) or isinstance(value, list) and not any(
        isinstance(v, (dict, list)) for v in value
    ):
        return flat
    pad = " " * (indent + 1)
    if isinstance(value, dict):
        if "tokens" in value:
            return flat
        lines = [f"{pad}{json.dumps(k)}: {dump(v, indent + 1)}" for k, v in value.items()]
        return "{\n" + ",\n".join(lines) + "\n" + " " * indent + "}"
    return "[\n" + ",\n".join(pad + dump(v, indent + 1) for v in value) + "\n" + " " * indent + "]"


def record(name, wheels):
    model = checkpoint.load(name, wheels)
    runs = plan(name)
    used = {clip: record_inputs.INPUTS[clip] for clip in dict.fromkeys(c for c, _ in runs)}
    audio = {c: record_inputs.samples_of(p).astype(np.float32) / 32768.0 for c, p in used.items()}
    result = {
        "recorded_by": "port/whisper/record_transcripts.py",
        "reference": {"package": "openai-whisper", "version": whisper.__version__, "torch": torch.__version__},
        "model": name,
        "resampling": {
            "up": record_inputs.UP,
            "down": record_inputs.DOWN,
            "shift": record_inputs.SHIFT,
            "taps": record_inputs.resampling_taps().tolist(),
        },
        "inputs": {clip: record_inputs.describe(parts) for clip, parts in used.items()},
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


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("names", nargs="+", choices=sorted(checkpoint.WHEELS))
    parser.add_argument("--wheels", help="folder with the downloaded wheels")
    parser.add_argument("--output", type=Path, default=GOLDEN)
    options = parser.parse_args()
    torch.set_num_threads(2)
    torch.set_grad_enabled(False)
    for name in options.names:
        path = options.output / f"transcripts-{name}.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(dump(record(name, options.wheels)) + "\n", encoding="utf-8")
        print(path, path.stat().st_size)


if __name__ == "__main__":
    main()
