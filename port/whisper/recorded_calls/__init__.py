# SPDX-License-Identifier: MIT
"""Recorded calls, a file for each file of openai-whisper."""
