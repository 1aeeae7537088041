# SPDX-License-Identifier: MIT
"""What one process is worth as raw samples."""

import json

from harness import cases
from harness.paths import Refused


def whole_sample(run):
    """Of a process from start to text."""
    return {"wall": run.wall, "cpu": run.cpu, "peak": run.peak, "first": run.first, "text": run.text}


def objects(run):
    """(when it came, what it says) of each line that is JSON; a library's own
    chatter is passed over."""
    for at, line in run.lines:
        try:
            value = json.loads(line)
        except ValueError:
            continue
        if isinstance(value, dict):
            yield at, value


def warm_sample(run):
    """Of a session that wrote a line of JSON when it was ready and for each run."""
    ready, runs = None, []
    for at, value in objects(run):
        if value.get("type") == "ready":
            ready = {"at": at, "settings": value.get("settings", {})}
        elif value.get("type") == "run":
            runs.append(value)
    counted = [r for r in runs if r["counted"]]
    if ready is None or not counted:
        raise Refused("a session said neither that it was ready nor how long a run took")
    return {
        "ready": ready["at"],
        "settings": ready["settings"],
        "seconds": [r["seconds"] for r in counted],
        "first_segment": [r["first_segment"] for r in counted],
        "tokens": counted[-1].get("tokens"),
        "text": counted[-1]["text"],
        "peak": run.peak,
    }


def encoder_sample(run):
    """Of an encoder by itself."""
    for _, value in objects(run):
        if value.get("type") == "phase" and value.get("name") == "encoder":
            return {"seconds": value["samples"], "peak": run.peak}
    raise Refused("an encoder did not say how long it took")


TAKE = {
    cases.WHOLE: whole_sample,
    cases.WARM: warm_sample,
    cases.ENCODER: encoder_sample,
    cases.APART: warm_sample,
    cases.TOGETHER: warm_sample,
}
