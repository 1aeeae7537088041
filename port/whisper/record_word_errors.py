#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Records the reference's word and character errors on the test speech.

    python port/whisper/record_word_errors.py

writes tests/golden/whisper/word_errors.json: for the clips of samples/*.jsonl
the texts that openai-whisper transcribed (tests/golden/whisper/transcripts-*.json,
greedy), after its own normalizer, and the errors that jiwer counts in them. It
needs openai-whisper 20250625 and jiwer.
"""

import importlib.metadata
import json
from pathlib import Path

import jiwer
import whisper
from whisper.normalizers import BasicTextNormalizer, EnglishTextNormalizer

ROOT = Path(__file__).resolve().parents[2]
GOLDEN = ROOT / "tests/golden/whisper"
MODELS = ("base", "tiny.en")
NORMALIZERS = {"english": EnglishTextNormalizer(), "basic": BasicTextNormalizer()}


def manifest(name):
    lines = (ROOT / "samples" / name).read_text("utf-8").splitlines()
    return [json.loads(line) for line in lines]


def counted(output):
    return {
        "hits": output.hits,
        "substitutions": output.substitutions,
        "deletions": output.deletions,
        "insertions": output.insertions,
    }


def errors(references, hypotheses):
    """Of one pair, or of all pairs of a list together."""
    return {
        "words": counted(jiwer.process_words(references, hypotheses)),
        "characters": counted(jiwer.process_characters(references, hypotheses)),
    }


def evaluate(entries, texts, normalizer):
    files, references, hypotheses = [], [], []
    for entry in entries:
        reference = normalizer(entry["text"]).strip()
        hypothesis = normalizer(texts[entry["id"]]).strip()
        references.append(reference)
        hypotheses.append(hypothesis)
        files.append(
            {"id": entry["id"], "reference": reference, "hypothesis": hypothesis, **errors(reference, hypothesis)}
        )
    return {"files": files, "totals": errors(references, hypotheses)}


def main():
    runs = []
    for model in MODELS:
        record = json.loads((GOLDEN / f"transcripts-{model}.json").read_text("utf-8"))
        for options in ({}, {"without_timestamps": True}):
            texts = {r["input"]: r["text"] for r in record["runs"] if r["options"] == options}
            for name in ("librivox.jsonl", "cards.jsonl"):
                entries = manifest(name)
                for key, normalizer in NORMALIZERS.items():
                    run = {"model": model, "options": options, "manifest": name, "normalizer": key}
                    runs.append({**run, **evaluate(entries, texts, normalizer)})
    result = {
        "recorded_by": "port/whisper/record_word_errors.py",
        "reference": {
            "package": "openai-whisper",
            "version": whisper.__version__,
            "jiwer": importlib.metadata.version("jiwer"),
        },
        "runs": runs,
    }
    path = GOLDEN / "word_errors.json"
    path.write_text(json.dumps(result, indent=1) + "\n", "utf-8")
    for run in runs:
        print(run["model"], run["options"], run["manifest"], run["normalizer"], run["totals"]["words"])
    print(path, path.stat().st_size)


if __name__ == "__main__":
    main()
