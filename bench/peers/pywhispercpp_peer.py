# SPDX-License-Identifier: MIT
"""pywhispercpp_peer.py GGML CLIP THREADS: prints the text."""

import sys

from pywhispercpp.model import Model

path, clip, threads = sys.argv[1:4]
model = Model(
    path,
    n_threads=int(threads),
    redirect_whispercpp_logs_to=None,
    language="en",
    temperature_inc=0.0,
    greedy={"best_of": 1},
    print_progress=False,
    print_realtime=False,
)
print(" ".join(s.text for s in model.transcribe(clip)))
