#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Writes src/text/unicode_tables.cpp: Unicode as the reference's Python has it.

The normalizers call `unicodedata`, `str.lower()`, and the pattern \\X of the
package `regex`. Each goes by the version of Unicode that it was built with, and
a character that is new to one has another category in the next. So the tables
are asked from the reference's own environment, for every code point.

    python port/whisper/record_unicode_tables.py > src/text/unicode_tables.cpp

Needs the Python and the package `regex` of port/whisper/requirements.txt.
"""

import platform
import sys
import unicodedata

import regex

CODES = range(0x110000)
EVERY = [chr(c) for c in CODES if not 0xD800 <= c < 0xE000]
TEXT = "".join(EVERY)
SIGMA, FINAL_SIGMA = "\u03a3", "\u03c2"
HANGUL = range(0xAC00, 0xAC00 + 11172)
BREAKS = ("Control", "Extend", "Regional_Indicator", "Prepend", "SpacingMark", "L", "V", "T")
LINKED = ("Consonant", "Linker", "Extend")


def runs_of(values):
    """(first, value) wherever the value changes."""
    out = []
    for code, value in enumerate(values):
        if not out or out[-1][1] != value:
            out.append((code, value))
    return out


def ranges_of(characters):
    out = []
    for code in sorted(map(ord, characters)):
        if out and out[-1][1] == code - 1:
            out[-1][1] = code
        else:
            out.append([code, code])
    return out


def show(name, kind, cells, columns):
    print(f"constexpr std::array<{kind}, {len(cells)}> {name} = {{{{")
    for at in range(0, len(cells), columns):
        print("    " + ", ".join(cells[at : at + columns]) + ",")
    print("}};\n")


def show_ranges(name, characters):
    cells = [f"{{0x{a:04X}, 0x{b:04X}}}" for a, b in ranges_of(characters)]
    show(name, "Range", cells, 4)


def show_categories():
    cells = [f"{{0x{c:04X}, C::{v}}}" for c, v in runs_of(unicodedata.category(chr(c)) for c in CODES)]
    show("kCategories", "CategoryRun", cells, 4)


def show_combining():
    cells = [f"{{0x{c:04X}, {v}}}" for c, v in runs_of(unicodedata.combining(chr(c)) for c in CODES)]
    show("kCombining", "CombiningRun", cells, 5)


def decomposition(character):
    """One step of NFKD, without the tag that says what kind it is."""
    parts = unicodedata.decomposition(character).split()
    return [int(p, 16) for p in parts if not p.startswith("<")]


def show_decompositions():
    runs, flat = [], []
    for character in EVERY:
        parts = decomposition(character)
        if not parts:
            continue
        last = runs[-1] if runs else None
        if last and last["end"] == ord(character) and last["length"] == len(parts):
            last["end"] += 1
        else:
            runs.append(
                {"first": ord(character), "end": ord(character) + 1, "length": len(parts), "at": len(flat)}
            )
        flat += parts
    cells = [f"{{0x{r['first']:04X}, {r['end'] - r['first']}, {r['length']}, {r['at']}}}" for r in runs]
    show("kDecompositions", "DecompositionRun", cells, 3)
    show("kDecomposed", "char32_t", [f"0x{c:04X}" for c in flat], 9)


def show_compositions():
    """Pairs that NFC joins; Hangul is left to arithmetic."""
    rows = []
    for character in EVERY:
        tagged = unicodedata.decomposition(character).startswith("<")
        parts = decomposition(character)
        if tagged or len(parts) != 2 or ord(character) in HANGUL:
            continue
        if unicodedata.normalize("NFC", "".join(map(chr, parts))) == character:
            rows.append((*parts, ord(character)))
    cells = ["{" + ", ".join(f"0x{c:04X}" for c in row) + "}" for row in sorted(rows)]
    show("kCompositions", "Composition", cells, 3)


def show_lower():
    """Runs of characters whose lower case is as far away, every `step`th."""
    pairs = [(ord(c), ord(c.lower())) for c in EVERY if c.lower() != c and len(c.lower()) == 1]
    assert [c for c in EVERY if len(c.lower()) > 1] == ["\u0130"]
    runs = []
    for code, lower in pairs:
        last = runs[-1] if runs else None
        if last and lower - code == last["delta"]:
            step = code - last["last"]
            if step <= 2 and last["step"] in (0, step):
                last["last"], last["step"] = code, step
                continue
        runs.append({"first": code, "last": code, "step": 0, "delta": lower - code})
    cells = [f"{{0x{r['first']:04X}, 0x{r['last']:04X}, {r['step'] or 1}, {r['delta']}}}" for r in runs]
    show("kLower", "LowerRun", cells, 3)


def show_sigma():
    """Which characters decide whether a sigma ends a word (U+03A3 alone has a
    lower case that depends on what stands around it)."""
    ends = {c for c in EVERY if (c + SIGMA).lower().endswith(FINAL_SIGMA)}
    ends_after_a = {c for c in EVERY if ("a" + c + SIGMA).lower().endswith(FINAL_SIGMA)}
    show_ranges("kCased", ends)
    show_ranges("kCaseIgnorable", ends_after_a - ends)


def show_graphemes():
    rows = []
    for value in BREAKS:
        found = regex.findall(rf"\p{{Grapheme_Cluster_Break={value}}}", TEXT)
        rows += [(a, b, f"G::{value}") for a, b in ranges_of(found)]
    for value in ("CR", "LF", "ZWJ"):
        (found,) = regex.findall(rf"\p{{Grapheme_Cluster_Break={value}}}", TEXT)
        rows.append((ord(found), ord(found), f"G::{value}"))
    for value in ("LV", "LVT"):
        found = regex.findall(rf"\p{{Grapheme_Cluster_Break={value}}}", TEXT)
        whole = [c for c in HANGUL if ((c - HANGUL[0]) % 28 == 0) == (value == "LV")]
        assert [ord(c) for c in found] == whole, value
    cells = [f"{{0x{a:04X}, 0x{b:04X}, {v}}}" for a, b, v in sorted(rows)]
    show("kGraphemeBreaks", "GraphemeRange", cells, 3)
    show_ranges("kPictographic", regex.findall(r"\p{Extended_Pictographic}", TEXT))
    for value in LINKED:
        show_ranges(f"kConjunct{value}", regex.findall(rf"\p{{InCB={value}}}", TEXT))


HEAD = """// SPDX-License-Identifier: MIT
// Generated by port/whisper/record_unicode_tables.py from CPython {python}
// (Unicode {unicode}) and, for graphemes, the package regex {regex}; the values
// themselves are facts of the Unicode Character Database.
#include "text/unicode_tables.h"

#include <array>

namespace mlxaudio::text {{
namespace {{

using C = GeneralCategory;
using G = GraphemeBreak;

// clang-format off"""

TAIL = """// clang-format on

} // namespace

std::span<const CategoryRun> category_runs() {
  return kCategories;
}

std::span<const CombiningRun> combining_runs() {
  return kCombining;
}

std::span<const DecompositionRun> decomposition_runs() {
  return kDecompositions;
}

std::span<const char32_t> decomposed_characters() {
  return kDecomposed;
}

std::span<const Composition> compositions() {
  return kCompositions;
}

std::span<const LowerRun> lower_runs() {
  return kLower;
}

std::span<const Range> cased_ranges() {
  return kCased;
}

std::span<const Range> case_ignorable_ranges() {
  return kCaseIgnorable;
}

std::span<const GraphemeRange> grapheme_ranges() {
  return kGraphemeBreaks;
}

std::span<const Range> pictographic_ranges() {
  return kPictographic;
}

std::span<const Range> conjunct_consonant_ranges() {
  return kConjunctConsonant;
}

std::span<const Range> conjunct_linker_ranges() {
  return kConjunctLinker;
}

std::span<const Range> conjunct_extend_ranges() {
  return kConjunctExtend;
}

} // namespace mlxaudio::text"""


def main():
    print(
        HEAD.format(
            python=platform.python_version(),
            unicode=unicodedata.unidata_version,
            regex=regex.__version__,
        )
    )
    show_categories()
    show_combining()
    show_decompositions()
    show_compositions()
    show_lower()
    show_sigma()
    show_graphemes()
    print(TAIL)


if __name__ == "__main__":
    sys.exit(main())
