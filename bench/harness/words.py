# SPDX-License-Identifier: MIT
"""Texts by their words, without case and punctuation."""

import re


def words(text):
    return re.findall(r"[^\W_]+(?:'[^\W_]+)*", text.lower())


def difference(a, b):
    """Least number of words to change, add or leave out to make `b` of `a`."""
    a, b = words(a), words(b)
    row = list(range(len(b) + 1))
    for i, left in enumerate(a, 1):
        diagonal, row[0] = row[0], i
        for j, right in enumerate(b, 1):
            diagonal, row[j] = row[j], min(diagonal + (left != right), row[j] + 1, row[j - 1] + 1)
    return row[-1]
