# SPDX-License-Identifier: MIT
"""A peer's encoder on one window of 30 s, by itself. Prints a line of JSON with
the keys of `mlx-audio bench --json`; the first run is not counted."""

import argparse
import json
import time

import numpy as np

FRAMES = 3000


def ctranslate2_encoder(given):
    import ctranslate2

    model = ctranslate2.models.Whisper(given.model, device="cpu", compute_type=given.compute,
                                       intra_threads=given.threads, inter_threads=1)  # fmt: skip
    features = ctranslate2.StorageView.from_array(noise(model.n_mels))
    return lambda: model.encode(features, to_cpu=True)


def torch_encoder(given):
    import torch
    import whisper

    torch.set_num_threads(given.threads)
    model = whisper.load_model(given.model, device="cpu")
    mel = torch.from_numpy(noise(model.dims.n_mels))

    def encode():
        with torch.inference_mode():
            model.encoder(mel)

    return encode


def noise(n_mels):
    return np.random.default_rng(1).standard_normal((1, n_mels, FRAMES), np.float32)


parser = argparse.ArgumentParser()
parser.add_argument("--package", choices=("ctranslate2", "torch"), required=True)
parser.add_argument("--model", required=True)
parser.add_argument("--threads", type=int, required=True)
parser.add_argument("--compute", default="float32")
parser.add_argument("--runs", type=int, required=True)
given = parser.parse_args()
encode = {"ctranslate2": ctranslate2_encoder, "torch": torch_encoder}[given.package](given)
times = []
for _ in range(given.runs + 1):
    began = time.perf_counter()
    encode()
    times.append(time.perf_counter() - began)
print(json.dumps({"type": "phase", "name": "encoder", "samples": times[1:]}), flush=True)
