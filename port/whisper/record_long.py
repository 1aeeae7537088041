# SPDX-License-Identifier: MIT
"""Records openai-whisper on half an hour of joined clips, with word times.

    python port/whisper/record_long.py tiny.en

writes tests/golden/whisper/long-<model>.json, in the form of record_words.py.
It takes some minutes on two cores.
"""

import record_common
import record_words


def record(name, wheels):
    runs = [("thirty-minutes", record_words.WORDS)]
    return record_words.recorded("record_long", name, wheels, runs)


if __name__ == "__main__":
    record_common.main(__doc__, "long", record)
