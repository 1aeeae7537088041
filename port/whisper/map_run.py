# SPDX-License-Identifier: MIT
"""Whisper base with random weights transcribes five seconds, four tokens of them."""

import pathlib
import tomllib

import numpy as np

REFERENCE = tomllib.loads((pathlib.Path(__file__).parent / "reference.toml").read_text())
DIMS = REFERENCE["base"]["dims"]
TOKENS = 4
AUDIO = (np.random.default_rng(1).standard_normal(5 * 16000) * 0.1).astype(np.float32)


def torch():
    import torch

    from whisper import model, transcribe

    torch.manual_seed(1)
    torch.set_grad_enabled(False)
    m = model.Whisper(model.ModelDimensions(**DIMS))
    torch.nn.init.normal_(m.decoder.positional_embedding, std=0.02)
    return m.eval(), lambda: transcribe(
        m,
        AUDIO,
        language="en",
        fp16=False,
        temperature=0.0,
        sample_len=TOKENS,
        no_speech_threshold=None,
        logprob_threshold=None,
        compression_ratio_threshold=None,
    )


def mlx():
    import mlx.core as mx
    from mlx_audio.stt.models.whisper import audio, decoding, whisper

    from whisper import tokenizer

    mx.set_default_device(mx.cpu)
    mx.random.seed(1)
    m = whisper.Model(whisper.ModelDimensions(**DIMS), dtype=mx.float32)
    # Its own needs the files of a checkpoint; the tokens are the same.
    whisper.Model.get_tokenizer = lambda self, language=None, task="transcribe": (
        tokenizer.get_tokenizer(
            True, num_languages=self.num_languages, language=language, task=task
        )
    )

    def run():
        mel = audio.log_mel_spectrogram(AUDIO, n_mels=DIMS["n_mels"], padding=audio.N_SAMPLES)
        window = audio.pad_or_trim(mel, audio.N_FRAMES, axis=-2)
        options = decoding.DecodingOptions(language="en", fp16=False, sample_len=TOKENS)
        return decoding.decode(m, window, options)

    return m, run
