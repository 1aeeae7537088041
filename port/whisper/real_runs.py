# SPDX-License-Identifier: MIT
"""Runs of openai-whisper on packaged weights and real speech.

What `recorded_calls/real_weights.py` records for round 2, and what
`measure_real_weights.py` runs in float64 beside it.
"""

import hashlib

import numpy as np
import torch
import whisper

import checkpoint
import record_inputs

MODELS = ("tiny.en", "base")
# Three seconds each, from a book that set-up brings.
FILES = [f"librivox/sense_and_sensibility_01_austen_64kb-{n}.wav" for n in ("0880", "0930")]
N_SAMPLES = 47840
TEXT = " Two thousand"
# Of the encoder's 1500 rows: from the speech, and from the silence behind it.
ROWS = [*range(3, 150, 12), 160, 300, 700, 1100, 1499]
# Every so manyth of the vocabulary's columns, and every so manyth frame of a mel.
COLUMNS, FRAMES = 131, 3
# Of the encoder's rows, what the decoder is given: those of the speech.
N_AUDIO = 100
_models = {}


def model(name, double=False):
    """openai-whisper's model; `double`: every number of it in float64."""
    if (name, double) not in _models:
        loaded = checkpoint.load(name)
        if double:
            loaded = loaded.double()
            for module in loaded.modules():
                if isinstance(module, torch.nn.LayerNorm):
                    # whisper.model.LayerNorm computes in float32 whatever it is given.
                    module.forward = torch.nn.LayerNorm.forward.__get__(module)
        _models[name, double] = loaded
    return _models[name, double]


def clip(file):
    """Where a port finds the samples, and their hash, so that it knows that it has them."""
    samples = record_inputs.read_file(record_inputs.DEBIAN / file)[:N_SAMPLES]
    digest = hashlib.sha256(samples.astype("<i2").tobytes()).hexdigest()
    return {"file": file, "samples": N_SAMPLES, "sha256": digest}


def samples(file):
    return record_inputs.read_file(record_inputs.DEBIAN / file)[:N_SAMPLES].astype(np.float32) / 32768.0


def mels():
    """Spectrograms of both clips in steps of f16, without what pads them. [2, frames, 80]"""
    found = [whisper.log_mel_spectrogram(samples(file)).T.numpy() for file in FILES]
    return np.stack(found).astype(np.float16)


def window(mel, dtype=torch.float32):
    """What the encoder takes of such a spectrogram. [B, 80, 3000]"""
    given = torch.from_numpy(mel.astype(np.float32)).to(dtype).permute(0, 2, 1)
    return whisper.pad_or_trim(given, whisper.audio.N_FRAMES).contiguous()


def features(name, mel):
    """The audio features that the decoder is given, in steps of f16."""
    return model(name).encoder(window(mel))[:, :N_AUDIO].numpy().astype(np.float16)


def steps(name, batch):
    """Tokens that are fed one after another: the beginning and a text, then single ones."""
    tokenizer = whisper.tokenizer.get_tokenizer(
        model(name).is_multilingual, num_languages=model(name).num_languages, language="en", task="transcribe"
    )
    text = tokenizer.encode(TEXT)
    other = tokenizer.encode(" He was not an")
    begin = list(tokenizer.sot_sequence) + [tokenizer.timestamp_begin]
    rows = [[begin + t[:1], t[1:2], t[2:3] or t[:1]] for t in (text, other)][:batch]
    return [[row[i] for row in rows] for i in range(3)]


def encoder(name, mel, double=False):
    dtype = torch.float64 if double else torch.float32
    return model(name, double).encoder(window(mel, dtype))[:, ROWS]


def decoder(name, xa, fed, cached, double=False):
    """Logits of each step; with `cached` over one cache, else of the first step alone."""
    m = model(name, double)
    given = torch.from_numpy(xa.astype(np.float32)).to(torch.float64 if double else torch.float32)
    kept = []
    # The reference rounds logits to float32: they are made from what goes before.
    hook = m.decoder.ln.register_forward_hook(lambda _, __, output: kept.append(output))
    cache, hooks = m.install_kv_cache_hooks() if cached else ({}, [])
    out = []
    for step in fed if cached else fed[:1]:
        logits = m.decoder(torch.tensor(step), given, kv_cache=cache if cached else None)
        out.append((kept[-1] @ m.decoder.token_embedding.weight.T if double else logits)[..., ::COLUMNS])
    for h in (hook, *hooks):
        h.remove()
    return out
