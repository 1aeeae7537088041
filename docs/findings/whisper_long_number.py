# SPDX-License-Identifier: MIT
"""openai-whisper 20250625: the English normalizer fails at a number of more than 4300 digits."""
from whisper.normalizers import EnglishTextNormalizer

normalize = EnglishTextNormalizer()
for n in (4300, 4301):
    try:
        print(n, "digits:", len(normalize("1" * n)), "characters")
    except AssertionError:
        print(n, "digits: AssertionError")
