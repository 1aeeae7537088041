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


def of_case(raw, seconds, measure):
    """Figures by contestant. \\param measure of contestants whose words the
    others' are compared with"""
    results = {}
    for name, modes in raw.items():
        results[name] = result = {}
        if modes.get(cases.WHOLE):
            result["whole"] = of_whole(modes[cases.WHOLE], seconds)
        if modes.get(cases.WARM):
            result["warm"] = of_warm(modes[cases.WARM], seconds)
    for name, result in results.items():
        own, theirs = text_of(result), text_of(results[measure])
        result["words"] = len(words(own))
        result["words_differ"] = difference(theirs, own)
    return results


def text_of(result):
    return " ".join((result.get("whole") or result["warm"])["text"].split())
