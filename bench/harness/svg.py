# SPDX-License-Identifier: MIT
"""The report's times as bars: a median each, with a line from minimum to maximum."""

from html import escape

WIDTH, LABEL, VALUE = 720, 170, 70
BAR, GAP, HEAD, FOOT = 16, 8, 44, 10
STYLE = """
text { font: 13px system-ui, sans-serif; fill: #24292f }
.title { font-weight: 600 }
.peer { fill: #8c959f }
.ours { fill: #0969da }
.range { stroke: #24292f; stroke-width: 1.5 }
.ground { fill: #ffffff }
@media (prefers-color-scheme: dark) {
  text { fill: #e6edf3 }
  .peer { fill: #6e7681 }
  .ours { fill: #58a6ff }
  .range { stroke: #e6edf3 }
  .ground { fill: #0d1117 }
}
"""
MODES = {"whole": ("wall", "whole process"), "warm": ("seconds", "warm session"), "encoder": ("seconds", "30 s"),
         "apart": ("seconds", "one by one"), "together": ("seconds", "together")}  # fmt: skip


def panels(report):
    """(title, [(name, whether it is ours, spread)]) of each case and mode."""
    ours = {c["name"] for c in report["contestants"] if c["ours"]}
    for case in report["cases"]:
        for mode, (key, name) in MODES.items():
            bars = [(n, n in ours, r[mode][key]) for n, r in case["results"].items() if mode in r]
            if bars:
                bars.sort(key=lambda bar: bar[2]["median"])
                about = name if mode == "encoder" else f"({case['seconds']:.0f} s), {name}"
                yield f"{case['name']} {about}", bars


def panel(title, bars, top):
    """Its lines, and how high it is."""
    scale = (WIDTH - LABEL - VALUE) / max(spread["max"] for _, _, spread in bars)
    lines = [f'<text class="title" x="8" y="{top + 26}">{escape(title)}</text>']
    for i, (name, is_ours, spread) in enumerate(bars):
        y = top + HEAD + i * (BAR + GAP)
        middle = y + BAR / 2
        left, right = (LABEL + spread[k] * scale for k in ("min", "max"))
        kind = "ours" if is_ours else "peer"
        lines += [
            f'<text x="{LABEL - 8}" y="{y + BAR - 3}" text-anchor="end">{escape(name)}</text>',
            f'<rect class="{kind}" x="{LABEL}" y="{y}" width="{spread["median"] * scale:.1f}" height="{BAR}"/>',
            f'<line class="range" x1="{left:.1f}" y1="{middle}" x2="{right:.1f}" y2="{middle}"/>',
            f'<text x="{right + 6:.1f}" y="{y + BAR - 3}">{spread["median"]:.2f} s</text>',
        ]
    return lines, HEAD + len(bars) * (BAR + GAP)


def svg(report):
    body, top = [], 0
    for title, bars in panels(report):
        lines, height = panel(title, bars, top)
        body += lines
        top += height
    height = top + FOOT
    return "\n".join([
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{height}" viewBox="0 0 {WIDTH} {height}" '
        f'role="img" aria-label="Seconds, shorter is better">',
        f"<style>{STYLE}</style>",
        f'<rect class="ground" width="{WIDTH}" height="{height}"/>',
        *body,
        "</svg>",
    ]) + "\n"  # fmt: skip
