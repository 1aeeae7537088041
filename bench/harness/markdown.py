# SPDX-License-Identifier: MIT
"""The report as Markdown."""


def cell(spread):
    return "-" if spread is None else f"{spread['median']:.2f} ({spread['min']:.2f} to {spread['max']:.2f})"


def number(value, digits=2):
    return "-" if value is None else f"{value:.{digits}f}"


def same(result):
    differ = result["words_differ"]
    return "same" if differ == 0 else f"{differ} of {result['words']} differ"


def table(head, rows):
    lines = [f"| {' | '.join(head)} |", f"|{' --- |' * len(head)}"]
    return lines + [f"| {' | '.join(row)} |" for row in rows]


def by_median(results, mode, key):
    found = [(name, r) for name, r in results.items() if mode in r]
    return sorted(found, key=lambda item: item[1][mode][key]["median"])


def whole_table(case):
    rows = []
    for name, result in by_median(case["results"], "whole", "wall"):
        r = result["whole"]
        rows.append([name, cell(r["wall"]), number(r["real_time_factor"], 3), cell(r["first"]),
                     number(r["cpu"]["median"]), number(r["peak"] / 1e6, 0), same(result)])  # fmt: skip
    head = ["Program", "Start to end, s", "Real-time factor", "Start to first segment, s", "Processor s", "Peak MB",
            "Words"]  # fmt: skip
    return table(head, rows)


def warm_table(case):
    rows = []
    for name, result in by_median(case["results"], "warm", "seconds"):
        r = result["warm"]
        rows.append([name, cell(r["seconds"]), number(r["real_time_factor"], 3), cell(r["first_segment"]),
                     number(r["tokens_per_second"], 1), cell(r["ready"]), number(r["peak"] / 1e6, 0)])  # fmt: skip
    head = ["Program", "A transcription, s", "Real-time factor", "To first segment, s", "Tokens/s",
            "Start to ready, s", "Peak MB"]  # fmt: skip
    return table(head, rows)


def together_table(case):
    rows = []
    for name, result in by_median(case["results"], "apart", "seconds"):
        apart, together = result["apart"], result["together"]
        ratio = together["seconds"]["median"] / apart["seconds"]["median"]
        words = "same" if together["text"] == apart["text"] else "differ"
        rows.append([name, cell(apart["seconds"]), cell(together["seconds"]), number(ratio),
                     number(apart["peak"] / 1e6, 0), number(together["peak"] / 1e6, 0), words])  # fmt: skip
    head = ["Program", "One by one, s", "Four together, s", "Together / one by one", "Peak MB, one by one",
            "Peak MB, together", "Words"]  # fmt: skip
    return table(head, rows)


def encoder_table(case):
    rows = []
    for name, result in by_median(case["results"], "encoder", "seconds"):
        r = result["encoder"]
        rows.append([name, cell(r["seconds"]), number(r["peak"] / 1e6, 0)])
    return table(["Program", "The encoder on 30 s, s", "Peak MB"], rows)


def case_part(case):
    if any("encoder" in r for r in case["results"].values()):
        return [f"## {case['name'][0].upper()}{case['name'][1:]}", "", *encoder_table(case)]
    lines = [f"## {case['name']}", "", f"{case['clip_name']}: {case['seconds']:.1f} s."]
    if any("whole" in r for r in case["results"].values()):
        lines += ["", "Whole process, loading included:", "", *whole_table(case)]
    if any("warm" in r for r in case["results"].values()):
        lines += ["", "Warm session, the model loaded:", "", *warm_table(case)]
    if any("apart" in r for r in case["results"].values()):
        lines += ["", "Warm session, the model loaded:", "", *together_table(case)]
    if case["absent"]:
        lines += ["", f"Without beam search, and so not here: {', '.join(case['absent'])}."]
    return lines


def phases_part(found):
    roofline = found["roofline"]
    rates = [f"products {p['type']} {p['flops'] / 1e9:.0f} Gflop/s" for p in roofline["products"]]
    rows = []
    for name, phase in found["phases"].items():
        shares = [phase["product_share"], phase["bandwidth_share"]]
        rows.append([name, f"{1000 * phase['seconds']['median']:.2f}",
                     *(f"{100 * s:.0f} %" if s else "-" for s in shares)])  # fmt: skip
    return [
        f"## Parts of {found['contestant']}'s work, {found['model']}", "",
        f"This machine, in the same run: {', '.join(rates)}; memory {roofline['bandwidth'] / 1e9:.1f} GB/s.", "",
        *table(["Part", "ms", "Of the product rate", "Of the memory's"], rows),
    ]  # fmt: skip


def words_part(figures):
    """What each precision says, beside f32."""
    rows = []
    for name, by_case in figures.items():
        for case, f in by_case.items():
            rows.append([name, case, str(f["words"]), str(f["words_differ"]),
                         number(1000 * f["words_differ"] / max(f["words"], 1)), str(f["clips_differ"]),
                         str(f["known_words"]), number(f["error_rate"]), number(f["error_rate_f32"])])  # fmt: skip
    head = ["Program", "Case", "Words of f32", "Differ", "In 1000", "Clips that differ", "Words known",
            "Word error rate, %", "Of f32, %"]  # fmt: skip
    return ["## Words, at several speeds and with noise", "", *table(head, rows)]


def settings_part(report):
    lines = []
    for contestant in report["contestants"]:
        settings = contestant["settings"]
        if settings:
            lines.append(f"- {contestant['name']}: {', '.join(f'{k} {v}' for k, v in settings.items())}")
    return ["## Settings of each decoder", "", *lines] if lines else []


def targets_part(rows):
    body = []
    for row in rows:
        limit = f"{row['at_most']}" + (f" (aim {row['aim']})" if row["aim"] else "")
        body.append([row["name"], row["about"] or "-", number(row["value"]), limit, row["verdict"]])
    return ["## Targets", "", *table(["What", "Where", "Ratio", "At most", ""], body)]


def head_part(report):
    machine = report["machine"]
    environment = ", ".join(f"{k}={v}" for k, v in {**machine["environment"], **report["forced"]}.items())
    joined = [f"{j['date']} (commit {j['commit']})" for j in report["joined"]]
    # Texts are made once: nothing is timed, and no rounds are.
    timed = f"{report['rounds']} rounds in turn, " if report["cases"] else ""
    medians = " Medians, with minimum and maximum." if report["cases"] else ""
    also = f" Samples of earlier runs count too: {', '.join(joined)}." if joined else ""
    return [
        f"# `make bench`, {report['date']}", "",
        f"Commit {report['commit']}; suite {report['suite']}, {timed}{report['threads']} threads.{medians}{also}", "",
        f"{machine['cpu']}, {machine['physical_cores']} cores, {', '.join(machine['isa']) or 'no listed extensions'}; "
        f"load at the start {machine['load_average'][0]}; {machine['system']}.",
        f"Environment: {environment or 'nothing set'}. "
        f"Versions: {', '.join(f'{k} {v}' for k, v in report['versions'].items())}.",
    ]  # fmt: skip


def markdown(report):
    parts = [head_part(report)]
    if report["refused"]:
        parts.append([f"**Skipped**: {name}: {why}" for name, why in report["refused"].items()])
    parts += [case_part(case) for case in report["cases"]]
    parts += [phases_part(found) for found in report["phases"]]
    if report["words"]["figures"]:
        parts.append(words_part(report["words"]["figures"]))
    parts += [targets_part(report["targets"]), settings_part(report)]
    return "\n\n".join("\n".join(part) for part in parts if part) + "\n"
