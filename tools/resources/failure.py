# SPDX-License-Identifier: MIT
"""The one exception that ends a set-up, and how sizes are written."""


class Failure(Exception):
    """A line for the user: what went wrong, with which file, and the mend."""


def megabytes(size):
    return f"{size / 1e6:.1f} MB"
