#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Records what the reference's Python says of every character.

    python port/whisper/record_unicode.py

writes tests/golden/whisper/unicode.json: for each function one digest of its
answers for all code points, and its answers for some sequences, in which
characters act on each other. It needs the Python and the package `regex` of
port/whisper/requirements.txt.
"""

import hashlib
import json
import platform
import random
import re
import unicodedata
from pathlib import Path

import regex

GOLDEN = Path(__file__).resolve().parents[2] / "tests/golden/whisper/unicode.json"
EVERY = [chr(c) for c in range(0x110000) if not 0xD800 <= c < 0xE000]
SIGMA = "\u03a3"
SEED = 20250625
SEQUENCES = 200

FUNCTIONS = {
    "category": unicodedata.category,
    "decimal": lambda c: str(unicodedata.decimal(c, "")),
    "word": lambda c: str(re.match(r"\w", c) is not None),
    "nfkd": lambda c: unicodedata.normalize("NFKD", c),
    "nfkc": lambda c: unicodedata.normalize("NFKC", c),
    "lower": str.lower,
    "lower before sigma": lambda c: (c + SIGMA).lower(),
    "lower between a and sigma": lambda c: ("a" + c + SIGMA).lower(),
    "lower after sigma": lambda c: ("a" + SIGMA + c).lower(),
}


def digest(function):
    """SHA-256 of the answers for every code point, a line for each."""
    lines = "".join(function(c) + "\n" for c in EVERY)
    return hashlib.sha256(lines.encode("utf-8")).hexdigest()


def kinds():
    """Characters that act on their neighbours, by how they do."""
    text = "".join(EVERY)
    found = [regex.findall(rf"\p{{GCB={value}}}", text) for value in (
        "CR", "LF", "Control", "Extend", "ZWJ", "Regional_Indicator", "Prepend",
        "SpacingMark", "L", "V", "T", "LV", "LVT")]
    found += [regex.findall(rf"\p{{{value}}}", text) for value in (
        "Extended_Pictographic", "InCB=Linker", "InCB=Consonant", "InCB=Extend")]
    found.append([c for c in EVERY if unicodedata.combining(c)])
    found.append([c for c in EVERY if unicodedata.decomposition(c)])
    found.append(list("a\u03a3\u03c3\u0130.'"))
    return found


def sequences():
    draw = random.Random(SEED)
    pools = kinds()
    for _ in range(SEQUENCES):
        yield "".join(draw.choice(draw.choice(pools)) for _ in range(draw.randint(2, 9)))


def main():
    record = {
        "recorded_by": "port/whisper/record_unicode.py",
        "reference": {
            "python": platform.python_version(),
            "unicode": unicodedata.unidata_version,
            "regex": regex.__version__,
        },
        "digests": {name: digest(function) for name, function in FUNCTIONS.items()},
        "sequences": [
            {
                "text": s,
                "nfkd": unicodedata.normalize("NFKD", s),
                "nfkc": unicodedata.normalize("NFKC", s),
                "lower": s.lower(),
                "graphemes": regex.findall(r"\X", s, regex.U),
            }
            for s in sequences()
        ],
    }
    lines = ",\n".join("  " + json.dumps(s) for s in record.pop("sequences"))
    head = json.dumps(record, indent=1)[:-2]
    GOLDEN.write_text(f'{head},\n "sequences": [\n{lines}\n ]\n}}\n', "utf-8")
    print(GOLDEN, GOLDEN.stat().st_size)


if __name__ == "__main__":
    main()
