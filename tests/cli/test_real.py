# SPDX-License-Identifier: MIT
"""Real speech with real weights, against recordings of the reference."""

import json
import pathlib
import unittest

import program
from program import DONE, CliTest

GOLDEN = program.ROOT / "tests/golden/whisper"
MODELS = ("tiny.en", "base")


def recorded(model):
    """Runs over one Debian clip as it is, with the clip's path."""
    path = GOLDEN / f"transcripts-{model}.json"
    record = json.loads(path.read_text("utf-8"))
    for run in record["runs"]:
        parts = record["inputs"][run["input"]]["parts"]
        if len(parts) == 1 and list(parts[0]) == ["debian"] \
                and parts[0]["debian"].endswith(".wav"):
            yield run, program.CACHE / "audio" / parts[0]["debian"]


def options_of(run):
    for name, value in run["options"].items():
        if isinstance(value, list):
            value = ",".join(map(str, value))
        yield f"--{name}={value}"


class Real(CliTest):
    def test_the_references_text_tokens_and_times(self):
        program.real_audio()
        for model in MODELS:
            program.real_model(model)
            runs = list(recorded(model))
            self.assertGreaterEqual(len(runs), 5)
            # Each clip, and with the small model each set of options, once:
            # the end to end tests have all of them.
            seen = set()
            for run, clip in runs:
                options = tuple(options_of(run))
                if clip in seen and (options in seen or model != MODELS[0]):
                    continue
                seen |= {options, clip}
                with self.subTest(model=model, clip=clip.name, options=options):
                    result = self.run_program(
                        "transcribe", "--model", model, "-f", "json", *options,
                        clip)
                    self.assertEqual(result.code, DONE, result.err)
                    got = json.loads(result.out)
                    self.assertEqual(got["text"], run["text"])
                    self.assertEqual(got["language"], run["language"])
                    self.assertEqual(
                        [s["tokens"] for s in got["segments"]],
                        [s["tokens"] for s in run["segments"]])
                    for ours, theirs in zip(got["segments"], run["segments"]):
                        self.assertAlmostEqual(ours["start"], theirs["start"])
                        self.assertAlmostEqual(ours["end"], theirs["end"])

    def test_many_at_once(self):
        model = program.real_model("tiny.en")
        clips = program.real_audio()[:2]
        texts = {clip: run["text"] for run, clip in recorded(model)
                 if not run["options"]}
        result = self.run_program(
            "transcribe", "--model", model, "-o", "out", "-f", "txt", *clips)
        self.assertEqual(result.code, DONE, result.err)
        for clip in clips:
            written = pathlib.Path(self.folder, "out", clip.stem + ".txt")
            self.assertEqual(
                " ".join(written.read_text("utf-8").split()),
                " ".join(texts[clip].split()))


if __name__ == "__main__":
    unittest.main()
