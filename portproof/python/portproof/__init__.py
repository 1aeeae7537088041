# SPDX-License-Identifier: MIT
"""The porting workbench. The program itself is `bin/portproof` beside this."""

import os
import pathlib
import sys


def main():
    """Becomes the program, with the same arguments."""
    program = pathlib.Path(__file__).parent / "bin" / "portproof"
    os.execv(program, [str(program), *sys.argv[1:]])
