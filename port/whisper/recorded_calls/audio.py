# SPDX-License-Identifier: MIT
"""Calls of audio.py and of what is used in it."""

import struct
import tempfile

import mlx.core as mx
import numpy as np
from mlx_audio import dsp
from mlx_audio.stt.models.whisper import audio as ma_audio
from portproof_trace import Random, attempt, seed_of

from whisper import audio

from .common import MLX, TORCH, arr, component, own, ten


@component("whisper.audio")
def _(calls, name):
    names = (
        "SAMPLE_RATE N_FFT HOP_LENGTH CHUNK_LENGTH N_SAMPLES N_FRAMES "
        "N_SAMPLES_PER_TOKEN FRAMES_PER_SECOND TOKENS_PER_SECOND"
    ).split()
    calls.add("constants", TORCH, {}, {n: getattr(audio, n) for n in names})


def wav(samples, rate, channels):
    data = np.asarray(samples, np.int16).tobytes()
    head = struct.pack(
        "<4sI4s4sIHHIIHH4sI",
        b"RIFF", 36 + len(data), b"WAVE", b"fmt ", 16, 1, channels, rate,
        rate * channels * 2, channels * 2, 16, b"data", len(data),
    )
    return head + data


def sweep(rate, n, channels):
    """Up to a third of 16 kHz, or of the rate, swelling from silence and back.

    The second channel is another tone, so that a mix of both is neither.
    """
    t, length = np.arange(n) / rate, n / rate
    low, high = 200.0, min(rate, 16000) / 3
    swell = np.sin(np.pi * t / length) ** 2
    up = 0.6 * np.sin(2 * np.pi * (low * t + (high - low) / (2 * length) * t * t))
    tone = 0.3 * np.sin(2 * np.pi * 1000 * t)
    sound = np.stack([up, tone][:channels], 1) * swell[:, None]
    return np.round(sound * 32767).astype(np.int16)


@component("whisper.audio.load_audio")
def _(calls, name):
    # What ffmpeg does to 16 kHz mono is known without it: nothing. The result
    # is the reference's own conversion of the same bytes.
    mono = np.concatenate(
        [np.array([0, 1, -1, 32767, -32768], np.int16),
         (Random(5, [300]).value * 20000).astype(np.int16)]
    )
    from unittest import mock

    class Done:
        stdout = mono.tobytes()

    with mock.patch.object(audio, "run", lambda *a, **k: Done):
        result = audio.load_audio("mono.wav")
    numbers = [int(v) for v in result * 32768]  # plain numbers must be equal
    calls.add("mono", TORCH, {"hex": wav(mono, 16000, 1).hex(), "numbers": True}, numbers)

    # Other rates go through ffmpeg's resampler there, and through soxr here.
    # The two differ above two thirds of the band and at abrupt ends, so these
    # sounds have neither; rate, delay, length, gain and mixing must agree.
    for id, rate, n, channels in (
        ("44100", 44100, 3528, 1),
        ("48000 stereo", 48000, 3840, 2),
        ("8000", 8000, 640, 1),
        ("22050 stereo", 22050, 1501, 2),
    ):
        data = wav(sweep(rate, n, channels), rate, channels)
        with tempfile.NamedTemporaryFile(suffix=".wav") as f:
            f.write(data)
            f.flush()
            calls.add(id, TORCH, {"hex": data.hex()}, audio.load_audio(f.name))


@component("whisper.audio.pad_or_trim")
def _(calls, name):
    x = own([2, 30], name)
    for id, length, axis in (("trim", 20, -1), ("pad", 41, -1), ("same", 30, -1), ("axis0", 5, 0)):
        args = {"array": x, "length": length, "axis": axis}
        calls.add(f"mlx-{id}", MLX, args, ma_audio.pad_or_trim(arr(x), length, axis=axis))
        calls.add(f"torch-{id}", TORCH, args, audio.pad_or_trim(ten(x), length, axis=axis))
    y = own([1000], name + "default")
    calls.add("default", TORCH, {"array": y}, audio.pad_or_trim(ten(y)))


@component("whisper.audio.mel_filters")
def _(calls, name):
    for n in (80, 128):
        calls.add(f"{n}", TORCH, {"n_mels": n}, audio.mel_filters("cpu", n))
    for n in (0, 1, 79, 81):
        calls.add(f"{n}", TORCH, {"n_mels": n}, attempt(lambda: audio.mel_filters("cpu", n)))


@component("whisper.audio.log_mel_spectrogram")
def _(calls, name):
    noise = own([8000], name)
    loud = Random(seed_of("loud"), [4000], 2.0**-10)
    for id, x, n_mels, padding in (
        ("noise", noise, 80, 0),
        ("padded", noise, 80, 4800),
        ("128", noise, 128, 0),
        ("quiet", loud, 80, 1600),
        ("short", own([201], name + "short"), 80, 0),
    ):
        args = {"audio": x, "n_mels": n_mels, "padding": padding}
        y = audio.log_mel_spectrogram(ten(x), n_mels, padding)
        calls.add(f"torch-{id}", TORCH, args, y.T.contiguous())
        filters = dsp.mel_filters(16000, 400, n_mels, norm="slaney", mel_scale=None)
        args = {"audio": x, "padding": padding, "filters": filters}
        y = ma_audio.log_mel_spectrogram(arr(x), n_mels, padding)
        calls.add(f"mlx-{id}", MLX, args, y)


@component("mlx_audio.dsp.hanning")
def _(calls, name):
    for periodic in (True, False):
        args = {"size": 400, "periodic": periodic}
        calls.add(f"{periodic}", MLX, args, dsp.hanning(400, periodic=periodic))


@component("mlx_audio.dsp.stft")
def _(calls, name):
    # The last window is narrower by an odd number, so its sides differ.
    for id, n_fft, hop, n, width in (("400", 400, 160, 1600, 400), ("64", 64, 16, 100, 64), ("narrow", 64, 16, 100, 49)):
        x = own([n], f"{name}{n}")
        window = dsp.hanning(width, periodic=True)
        y = dsp.stft(arr(x), window=window, n_fft=n_fft, hop_length=hop)
        args = {"x": x, "window": window, "n_fft": n_fft, "hop_length": hop}
        calls.add(id, MLX, args, {"real": mx.real(y), "imag": mx.imag(y)})


@component("mlx_audio.dsp.mel_filters")
def _(calls, name):
    for n_mels, scale, norm in ((80, None, "slaney"), (128, None, "slaney"), (40, "htk", None)):
        y = dsp.mel_filters(16000, 400, n_mels, norm=norm, mel_scale=scale)
        args = {
            "sample_rate": 16000, "n_fft": 400, "n_mels": n_mels,
            "mel_scale": scale or "slaney", "norm": norm,
        }
        calls.add(f"{n_mels}", MLX, args, y)
    # Odd sizes: a rate whose half is broken, a last frequency below it, one
    # filter, one frequency, and filters that no frequency falls into.
    for rate, n_fft, n_mels, scale, norm in (
        (22051, 401, 13, "slaney", "slaney"),
        (11025, 63, 7, "htk", "slaney"),
        (8001, 33, 1, "slaney", None),
        (16000, 1, 3, "htk", None),
        (16000, 17, 31, "slaney", "slaney"),
    ):
        y = dsp.mel_filters(rate, n_fft, n_mels, norm=norm, mel_scale=scale)
        args = {
            "sample_rate": rate, "n_fft": n_fft, "n_mels": n_mels, "mel_scale": scale, "norm": norm,
        }
        calls.add(f"odd-{rate}-{n_fft}-{n_mels}", MLX, args, y)
