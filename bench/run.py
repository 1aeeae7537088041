#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Times this program beside others on the same weights: `make bench`.

Standard library only. The peers are installed from bench/requirements.txt
(pinned, with hashes) into the cache. docs/benchmarks.md describes the figures.
"""

import argparse
import sys
from pathlib import Path

from harness import cases, clips, contestants, machine, packages, phases, report, rounds, targets, texts
from harness.markdown import markdown
from harness.paths import ROOT, Refused


def positive(text):
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"expected 1 or more, got {text}")
    return number


def read_options(line=None):
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--suite", choices=cases.SUITES, default="quick", help="quick: under ten minutes")
    parser.add_argument("--cases", help="those of the suite whose name contains this, as in \"beam 5\"")
    parser.add_argument("--rounds", type=positive, default=5, help="that count, for each case")
    parser.add_argument("--threads", type=positive, default=machine.physical_cores())
    parser.add_argument("--compute", help="variants of ours, comma-separated, for the program's --compute")
    parser.add_argument("--join", nargs="+", default=[], type=Path, metavar="JSON",
                        help="results of earlier runs, whose samples count too")  # fmt: skip
    parser.add_argument("--only", help="peers whose name contains one of these, comma-separated")
    parser.add_argument("--isa", choices=contestants.ISA_SWITCHES, help="force ours and CTranslate2 to it")
    parser.add_argument("--openai-whisper", metavar="PYTHON", help="a Python with openai-whisper, which enters too")
    parser.add_argument("--short-clip", metavar="WAV", help="in place of the 11 s clip; 16 kHz, 16 bit, mono")
    parser.add_argument("--long-clip", metavar="WAV", help="in place of the clip of more than a minute")
    parser.add_argument("--program", default=ROOT / "build/release/mlx-audio", type=Path)
    parser.add_argument("--output", default=ROOT / "build/bench", type=Path)
    parser.add_argument("--check", action="store_true", help="fail if a target is missed or a variant skipped")
    return parser.parse_args(line)


def measured(options):
    """The report of a run. Raises Refused for what cannot be measured."""
    if not options.program.exists():
        raise Refused(f"{options.program} is missing: run `make` first")
    options.output.mkdir(parents=True, exist_ok=True)
    environment = packages.environment_with(packages.install())
    forced = contestants.ISA_SWITCHES.get(options.isa, {})
    variants = options.compute.split(",") if options.compute else []
    ours = contestants.ours(options.program, options.threads, variants, forced, environment)
    peers = contestants.chosen(
        contestants.peers(options.threads, environment, forced, options.openai_whisper), options.only
    )
    if not peers:
        raise Refused(f"--only {options.only}: no peer has such a name")
    suite = [c for c in cases.SUITES[options.suite] if (options.cases or "") in c.name]
    if not suite:
        names = "; ".join(c.name for c in cases.SUITES[options.suite])
        raise Refused(f"--cases {options.cases}: the suite {options.suite} has {names}")
    earlier = [report.read(path) for path in options.join]
    found_clips = clips.of_suite(suite, options.output, environment, options.short_clip, options.long_clip)
    document = report.begin(options, packages.versions(environment), forced)
    report.check_alike(document, earlier)
    document["joined"] = [{"date": e["date"], "commit": e["commit"]} for e in earlier]
    first = suite[0]
    ours, document["refused"] = rounds.tried(ours, first, found_clips[first.clip], rounds.tell)
    if not ours:
        raise Refused(f"no variant of {options.program} runs: {document['refused']}")
    everybody = ours + peers
    for case in suite:
        raw = rounds.measure(everybody, case, found_clips[case.clip], options.rounds, rounds.tell)
        report.join(raw, case, earlier)
        absent = rounds.without_beams(everybody, case)
        report.add_case(document, case, found_clips[case.clip], raw, absent, contestants.exact(ours).name)
    if first.model != cases.LARGE:
        document["phases"] = [
            phases.measure(c, options.program, first.model, found_clips["short"], options.threads, options.rounds)
            for c in ours
        ]
    entered = [c for c in everybody if any(c.name in case["results"] for case in document["cases"])]
    settings = {c.name: report.settings_of(document, c) for c in entered}
    for c in ours:
        settings[c.name] = {"command": " ".join(map(str, c.command(first, first.modes[0], "CLIP")))}
    report.finish(document, entered, settings)
    return document


def measured_words(options):
    """The report of the suite `words`, which needs no peers."""
    if not options.program.exists():
        raise Refused(f"{options.program} is missing: run `make` first")
    options.output.mkdir(parents=True, exist_ok=True)
    forced = contestants.ISA_SWITCHES.get(options.isa, {})
    variants = options.compute.split(",") if options.compute else ["f32", "bf16", "int8"]
    if "f32" not in variants:
        raise Refused(f"--compute {options.compute}: words are compared with those of f32: name it too")
    ours = contestants.ours(options.program, options.threads, variants, forced, {})
    document = report.begin(options, packages.own_version(), forced)
    suite = [c for c in cases.SUITES[texts.SUITE] if (options.cases or "") in c.name]
    first = clips.clip_of("short", options.output, {}, options.short_clip)
    ours, document["refused"] = rounds.tried(ours, suite[0], first, rounds.tell)
    document["words"] = texts.measure(
        ours, options.program, suite, options.threads, options.output / "words", rounds.tell
    )
    settings = {c.name: texts.settings_of(c, suite[0], options.threads) for c in ours}
    report.finish(document, ours, settings)
    return document


def complaints(document):
    """What `--check` fails for."""
    bad = [f"skipped: {name}: {why}" for name, why in document["refused"].items()]
    for row in document["targets"]:
        if row["verdict"] == targets.MISSED:
            bad.append(f"{row['name']} ({row['about']}): {row['value']:.2f}, at most {row['at_most']}")
    for case in document["cases"]:
        # Where no other program says the same, ours may be wrong.
        said = [r["words_differ"] for n, r in case["results"].items() if "words" in r and n not in ours_of(document)]
        if said and all(said) and not case["alone"]:
            bad.append(f"{case['name']}: no peer has the same words")
        bad += [f"{case['name']}: {name} has other words together than one by one"
                for name, r in case["results"].items() if "together" in r and r["together"]["text"] != r["apart"]["text"]]  # fmt: skip
    return bad


def ours_of(document):
    return {c["name"] for c in document["contestants"] if c["ours"]}


def main():
    options = read_options()
    try:
        document = measured_words(options) if options.suite == texts.SUITE else measured(options)
    except Refused as e:
        sys.exit(f"bench: {e}")
    report.write(document, options.output)
    print(markdown(document))
    print(f"written: {options.output}/results.json, .md, .svg", file=sys.stderr)
    bad = complaints(document)
    for line in bad if options.check else []:
        print(f"bench: {line}", file=sys.stderr)
    return 1 if options.check and bad else 0


if __name__ == "__main__":
    sys.exit(main())
