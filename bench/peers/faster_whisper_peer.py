# SPDX-License-Identifier: MIT
"""faster_whisper_peer.py FOLDER CLIP THREADS COMPUTE_TYPE: prints the text."""

import sys

from faster_whisper import WhisperModel

folder, clip, threads, compute_type = sys.argv[1:5]
model = WhisperModel(folder, device="cpu", compute_type=compute_type, cpu_threads=int(threads))
segments, _ = model.transcribe(clip, language="en", beam_size=1, best_of=1, temperature=0.0)
print("".join(s.text for s in segments))
