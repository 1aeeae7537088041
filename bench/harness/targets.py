# SPDX-License-Identifier: MIT
"""The targets of targets.json, and what a report says of each."""

import json

from harness.paths import BENCH

MET, MISSED, OPEN = "met", "missed", "not measured"


def read(path=BENCH / "harness/targets.json"):
    return json.loads(path.read_text())


def figure(result, path):
    """A figure of a contestant by its path; a spread's median."""
    for part in path.split("."):
        result = result.get(part) if result else None
    return result["median"] if isinstance(result, dict) else result


def fits(target, case):
    return all(case[key] == target[key] for key in ("model", "clip", "beam") if key in target)


def ours_of(report, compute):
    return next((c["name"] for c in report["contestants"] if c["ours"] and c["compute"] == compute), None)


def over_peers(target, report):
    """(what it is about, ratio) for each case that the target speaks of."""
    ours = ours_of(report, target["compute"])
    peers = [c["name"] for c in report["contestants"] if not c["ours"]]
    if target["against"] != "best":
        peers = [p for p in peers if p == target["against"]]
    for case in report["cases"]:
        if not fits(target, case) or ours not in case["results"]:
            continue
        own = figure(case["results"][ours], target["figure"])
        theirs = {p: figure(case["results"].get(p), target["figure"]) for p in peers}
        theirs = {p: v for p, v in theirs.items() if v}
        if own is not None and theirs:
            best = min(theirs, key=theirs.get)
            yield f"{case['name']}, against {best}", own / theirs[best]


def over_machine(target, report):
    ours = ours_of(report, target["compute"])
    _, phase, what = target["figure"].split(".")
    for found in report["phases"]:
        if found["contestant"] == ours and found["model"] == target["model"]:
            share = found["phases"][phase]["product_share" if what == "products" else "bandwidth_share"]
            if share > 0:
                yield target["model"], 1 / share


def with_length(target, report):
    """What half an hour costs, over what as much in short pieces does."""
    ours = ours_of(report, target["compute"])
    what = target["figure"].split(".")[1]
    found = {c["clip"]: c for c in report["cases"] if fits(target, c) and "whole" in c["results"].get(ours, {})}
    if "long" in found and "half-hour" in found:
        minute, hour = found["long"], found["half-hour"]
        own, other = (figure(c["results"][ours], f"whole.{what}") for c in (hour, minute))
        fair = hour["seconds"] / minute["seconds"] if what == "wall" else 1
        yield f"{hour['seconds'] / 60:.0f} minutes", own / other / fair


def together(target, report):
    """What several clips take together, over what they take one by one."""
    ours = ours_of(report, target["compute"])
    for case in report["cases"]:
        result = case["results"].get(ours, {})
        if fits(target, case) and "together" in result:
            yield case["name"], figure(result, "together.seconds") / figure(result, "apart.seconds")


def words_apart(target, report):
    """Over all clips: what the text of f32 is compared with."""
    ours, exact = ours_of(report, target["compute"]), ours_of(report, "f32")
    for name, found in report["words"]["figures"].get(ours, {}).items():
        yield f"{name}, {found['words']} words", 1000 * found["words_differ"] / max(found["words"], 1)
    found = [c["results"][ours] for c in report["cases"] if ours in c["results"] and exact in c["results"]]
    found = [r for r in found if "words" in r]
    if found:
        total = sum(r["words"] for r in found)
        yield f"{total} words", 1000 * sum(r["words_differ"] for r in found) / max(total, 1)


def errors_apart(target, report):
    """How much worse than f32's the word error rate is, in points."""
    ours = ours_of(report, target["compute"])
    for name, found in report["words"]["figures"].get(ours, {}).items():
        if found["known_words"]:
            yield f"{name}, {found['known_words']} words", found["error_rate"] - found["error_rate_f32"]


def judge(report, targets):
    """A row for each target and case."""
    rows = []
    for target in targets:
        kind = target["figure"].split(".")[0]
        values = {"phase": over_machine, "words": words_apart, "errors": errors_apart,
                  "growth": with_length, "together": together}.get(kind, over_peers)  # fmt: skip
        found = list(values(target, report))
        for about, value in found:
            verdict = MET if value <= target["at_most"] else MISSED
            rows.append({"name": target["name"], "about": about, "value": value, "at_most": target["at_most"],
                         "aim": target.get("aim"), "verdict": verdict})  # fmt: skip
        if not found:
            rows.append({"name": target["name"], "about": "", "value": None, "at_most": target["at_most"],
                         "aim": target.get("aim"), "verdict": OPEN})  # fmt: skip
    return rows
