# SPDX-License-Identifier: MIT
"""Measures how exact openai-whisper is on the calls with packaged weights.

    python port/whisper/measure_real_weights.py

runs what `recorded_calls/real_weights.py` records once in float32 and once in
float64 and prints the error of each call: what their tolerances in
reference.toml rest on.
"""

import numpy as np
import torch
import whisper

import real_runs as real
from record_float64 import mel64


SPOKEN = " He was not an ill-disposed young man."


def tell(call, single, double):
    single, double = (np.concatenate([p.double().numpy().ravel() for p in parts]) for parts in (single, double))
    error = single - double
    print(
        f"{call}: relative L2 {np.linalg.norm(error) / np.linalg.norm(double):.2g}, "
        f"largest difference {np.abs(error).max():.2g}, largest value {np.abs(double).max():.3g}",
        flush=True,
    )


def probabilities(size, mel, double):
    """Of the tokens of a text, as find_alignment() has them."""
    m = real.model(size, double)
    tokenizer = whisper.tokenizer.get_tokenizer(
        m.is_multilingual, num_languages=m.num_languages, language="en", task="transcribe"
    )
    text = tokenizer.encode(SPOKEN)
    begin = tokenizer.sot_sequence
    kept = []
    hook = m.decoder.ln.register_forward_hook(lambda _, __, output: kept.append(output))
    features = m.encoder(real.window(mel[:1], torch.float64 if double else torch.float32))
    m.decoder(torch.tensor([[*begin, tokenizer.no_timestamps, *text, tokenizer.eot]]), features)
    hook.remove()
    logits = (kept[0] @ m.decoder.token_embedding.weight.T)[0, len(begin) :, : tokenizer.eot]
    return logits[: len(text)].softmax(-1)[range(len(text)), text]


def main():
    torch.set_grad_enabled(False)
    for number, file in enumerate(real.FILES):
        audio = real.samples(file)
        padded = whisper.log_mel_spectrogram(audio, 80, padding=whisper.audio.N_SAMPLES)
        # The frames of the speech alone: silence is exact, and would make the error small.
        frames = slice(0, len(audio) // whisper.audio.HOP_LENGTH)
        tell(f"log_mel_spectrogram {number}", [padded[:, frames]], [mel64(audio, 80)[:, frames]])
    mel = real.mels()
    for size in real.MODELS:
        for batch in (1, 2):
            pair = [[real.encoder(size, mel[:batch], double)] for double in (False, True)]
            tell(f"AudioEncoder {size}, batch {batch}", *pair)
            xa, fed = real.features(size, mel)[:batch], real.steps(size, batch)
            for cached in (False, True):
                pair = [real.decoder(size, xa, fed, cached, double) for double in (False, True)]
                tell(f"TextDecoder {size}, batch {batch}{', cached' * cached}", *pair)
        tell(f"probabilities of a text's tokens {size}", *([probabilities(size, mel, d)] for d in (False, True)))


if __name__ == "__main__":
    main()
