# SPDX-License-Identifier: MIT
"""Figures from raw samples."""

import statistics

from harness import cases
from harness.words import difference, words


def spread(values):
    values = [v for v in values if v is not None]
    if not values:
        return None
    return {"min": min(values), "median": statistics.median(values), "max": max(values)}


def of_whole(samples, seconds):
    wall = spread(s["wall"] for s in samples)
    return {
        "wall": wall,
        "cpu": spread(s["cpu"] for s in samples),
        "first": spread(s["first"] for s in samples),
        "peak": max(s["peak"] for s in samples),
        "real_time_factor": wall["median"] / seconds,
        "text": samples[0]["text"],
    }


def of_warm(samples, seconds):
    times = spread(t for s in samples for t in s["seconds"])
    tokens = samples[0]["tokens"]
    return {
        "seconds": times,
        "first_segment": spread(t for s in samples for t in s["first_segment"]),
        "ready": spread(s["ready"] for s in samples),
        "peak": max(s["peak"] for s in samples),
        "real_time_factor": times["median"] / seconds,
        "tokens_per_second": tokens / times["median"] if tokens else None,
        "settings": samples[0]["settings"],
        "text": samples[0]["text"],
    }


def of_encoder(samples, seconds):
    return {"seconds": spread(t for s in samples for t in s["seconds"]), "peak": max(s["peak"] for s in samples)}


SUMS = {
    cases.WHOLE: of_whole,
    cases.WARM: of_warm,
    cases.ENCODER: of_encoder,
    cases.APART: of_warm,
    cases.TOGETHER: of_warm,
}


def of_case(raw, seconds, measure):
    """Figures by contestant. \\param measure of contestants whose words the
    others' are compared with"""
    results = {}
    for name, modes in raw.items():
        results[name] = {mode: SUMS[mode](samples, seconds) for mode, samples in modes.items() if samples}
    for result in results.values():
        if text_of(result) is None:
            continue
        own, theirs = text_of(result), text_of(results[measure])
        result["words"] = len(words(own))
        result["words_differ"] = difference(theirs, own)
    return results


def text_of(result):
    """What was said; None if nothing was to be."""
    said = result.get("whole") or result.get("warm") or result.get("apart")
    return " ".join(said["text"].split()) if said else None
