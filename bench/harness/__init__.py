# SPDX-License-Identifier: MIT
"""The parts of `make bench`: each file has one concern. Standard library only."""
