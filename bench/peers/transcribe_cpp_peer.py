# SPDX-License-Identifier: MIT
"""transcribe_cpp_peer.py GGML CLIP THREADS: prints the text."""

import sys
import wave

import numpy as np
import transcribe_cpp

path, clip, threads = sys.argv[1:4]
with wave.open(clip) as f:
    pcm = np.frombuffer(f.readframes(f.getnframes()), "<i2").astype(np.float32) / 32768.0
with transcribe_cpp.Model(path, backend="cpu") as model, model.session(n_threads=int(threads)) as session:
    options = transcribe_cpp.WhisperRunOptions(temperature=0.0, temperature_inc=0.0)
    print(session.run(pcm, language="en", timestamps="segment", family=options).text)
