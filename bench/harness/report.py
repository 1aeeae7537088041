# SPDX-License-Identifier: MIT
"""All that a run found, as one document and in the forms that it is read in."""

import json
from datetime import datetime, timezone

from harness import machine, summary, targets
from harness.markdown import markdown
from harness.paths import Refused
from harness.svg import svg


def read(path):
    """The report of an earlier run. Raises Refused if the file is none."""
    try:
        document = json.loads(path.read_text())
        for case in document["cases"]:
            case["name"], case["samples"]
        document["date"], document["commit"], document["threads"], document["forced"], document["machine"]["cpu"]
        return document
    except (OSError, ValueError, KeyError, TypeError) as e:
        raise Refused(f"{path}: no results of a run ({type(e).__name__}: {e}): give a results.json") from e


def check_alike(document, earlier):
    """Raises Refused if earlier runs were another machine's or were made otherwise."""
    for other in earlier:
        pairs = [(document["machine"]["cpu"], other["machine"]["cpu"], "processor"),
                 (document["threads"], other["threads"], "threads"),
                 (document["forced"], other["forced"], "instruction sets")]  # fmt: skip
        for ours, theirs, what in pairs:
            if ours != theirs:
                raise Refused(f"--join: the run of {other['date']} had other {what} ({theirs}): leave it out")


def join(raw, case, earlier):
    """Adds the samples that earlier reports have of a case to those of this run."""
    for document in earlier:
        for found in document["cases"]:
            if found["name"] != case.name:
                continue
            for name, modes in raw.items():
                for mode, samples in modes.items():
                    samples += found["samples"].get(name, {}).get(mode, [])


def begin(options, versions, forced):
    return {
        "date": datetime.now(timezone.utc).strftime("%Y-%m-%d"),
        "commit": machine.git_commit(),
        "suite": options.suite,
        "rounds": options.rounds,
        "threads": options.threads,
        "forced": forced,
        "machine": machine.machine(),
        "versions": versions,
        "joined": [],
        "refused": {},
        "cases": [],
        "phases": [],
        "words": {"figures": {}, "texts": {}},
    }


def add_case(report, case, clip, raw, absent, measure):
    report["cases"].append({
        "name": case.name, "model": case.model, "clip": case.clip, "beam": case.beam, "clip_name": clip.name,
        "seconds": clip.seconds, "absent": absent, "alone": case.alone,
        "results": summary.of_case(raw, clip.seconds, measure), "samples": raw,
    })  # fmt: skip


def settings_of(report, contestant):
    """What a peer says of its decoder."""
    for case in report["cases"]:
        warm = case["results"].get(contestant.name, {}).get("warm")
        if warm and warm["settings"]:
            return warm["settings"]
    return {}


def finish(report, contestants, settings):
    report["contestants"] = [
        {"name": c.name, "ours": c.ours, "compute": c.compute, "settings": settings[c.name]} for c in contestants
    ]
    report["targets"] = targets.judge(report, targets.read())


def write(report, folder):
    (folder / "results.json").write_text(json.dumps(report, indent=1, ensure_ascii=False) + "\n")
    (folder / "results.md").write_text(markdown(report))
    (folder / "results.svg").write_text(svg(report))
