# SPDX-License-Identifier: MIT
"""Who takes part, and the commands that start each."""

import os
import sys
from dataclasses import dataclass, field
from typing import Callable

from harness import packages
from harness.cases import APART, ENCODER, LARGE, TOGETHER, WARM, WHOLE
from harness.paths import BENCH, CACHE

OURS = "mlx-audio"
# What the switches are called by which programs take less than the processor has.
ISA_SWITCHES = {
    "avx2": {"MLXAUDIO_ISA": "avx2", "CT2_FORCE_CPU_ISA": "AVX2", "ONEDNN_MAX_CPU_ISA": "AVX2",
             "MKL_ENABLE_INSTRUCTIONS": "AVX2"},
    "avx512": {"MLXAUDIO_ISA": "avx512", "CT2_FORCE_CPU_ISA": "AVX512"},
}


@dataclass(frozen=True)
class Contestant:
    name: str
    # (case, mode, clip's path) -> command
    command: Callable
    environment: dict = field(hash=False, compare=False)
    ours: bool = False
    variant: str = ""  # of ours: what `--compute` is given; empty: nothing
    compute: str = ""  # of ours: what that is
    beams: bool = True  # whether it has a beam search
    modes: tuple = (WHOLE, WARM)  # that it takes part in
    models: tuple = ()  # that it can run; empty: all


def our_options(model, beam, threads, variant):
    """How a program of ours is to work: as the peers decode, where its default
    tries other temperatures too."""
    return ["--model", model, "--language", "en", "--threads", str(threads), "--beam-size", str(beam),
            "--temperature-increment-on-fallback", "None", *(["--compute", variant] if variant else [])]  # fmt: skip


def our_command(program, model, case, mode, clip, threads, variant):
    verb = {
        WHOLE: ["transcribe", "--no-config", "--format", "txt"],
        # The first run of each session is not counted.
        WARM: ["bench", "--json", "--session-only", "--runs", "1"],
        ENCODER: ["bench", "--json", "--encoder-only", "--runs", "1"],
    }
    verb[APART] = verb[WARM]
    verb[TOGETHER] = [*verb[WARM], "--batch-size", "4"]
    clips = clip if isinstance(clip, tuple) else (clip,)
    return [program, *verb[mode], *our_options(model, case.beam, threads, variant), *clips]


def peer_command(python, script, model, case, mode, clip, threads, more=()):
    command = [python, BENCH / "peers" / script, "--model", model, "--clip", clip, "--threads", str(threads)]
    command += ["--beam", str(case.beam), *more]
    return command + (["--warm", "1"] if mode == WARM else [])


def encoder_command(python, package, model, threads, more=()):
    return [python, BENCH / "peers/encoder_peer.py", "--package", package, "--model", model, "--threads",
            str(threads), "--runs", "1", *more]  # fmt: skip


def without_defaults(environment):
    """Without what gives our program other defaults."""
    return {k: v for k, v in environment.items() if not k.startswith("MLXAUDIO_TRANSCRIBE_")}


def ours(program, threads, variants, forced, environment):
    """Our program in each variant of `--compute`; without any, as it is.
    \param environment that weights are made in"""
    own = {**without_defaults(dict(os.environ)), **forced}

    def model_of(name):
        return packages.large_folder(environment) if name == LARGE else name

    def one(variant):
        def command(case, mode, clip):
            return our_command(program, model_of(case.model), case, mode, clip, threads, variant)

        return Contestant(f"{OURS} {variant}".strip(), command, own, True, variant, variant or "f32",
                          modes=(WHOLE, WARM, ENCODER, APART, TOGETHER))  # fmt: skip

    return [one(variant) for variant in variants or [""]]


def ct2_folder(name, environment):
    return packages.large_folder(environment) if name == LARGE else CACHE / "weights" / name


def transcribers(threads, environment, openai_python):
    """Peers that turn speech into text."""

    def peer(name, script, model_of, more=(), beams=True, python=sys.executable, own=environment):
        def command(case, mode, clip):
            return peer_command(python, script, model_of(case.model), case, mode, clip, threads, more)

        return Contestant(name, command, own, beams=beams)

    def ggml(kind):
        return lambda model: packages.ggml_file(model, kind, environment)

    def ct2(model):
        return ct2_folder(model, environment)

    yield peer("transcribe-cpp f16", "transcribe_cpp_peer.py", ggml("f16"), beams=False)
    yield peer("faster-whisper f32", "faster_whisper_peer.py", ct2, ("--compute", "float32"))
    yield peer("faster-whisper int8", "faster_whisper_peer.py", ct2, ("--compute", "int8"))
    yield peer("pywhispercpp f16", "pywhispercpp_peer.py", ggml("f16"))
    yield peer("pywhispercpp q8_0", "pywhispercpp_peer.py", ggml("q8_0"))
    if openai_python:
        yield peer("openai-whisper f32", "openai_whisper_peer.py", lambda m: packages.openai_file(m, openai_python),
                   python=openai_python, own=without_packages(environment))  # fmt: skip


def encoders(threads, environment, openai_python):
    """Peers' encoders by themselves."""

    def ctranslate2(name, compute):
        def command(case, mode, clip):
            folder = ct2_folder(case.model, environment)
            return encoder_command(sys.executable, "ctranslate2", folder, threads, ("--compute", compute))

        return Contestant(name, command, environment, modes=(ENCODER,))

    yield ctranslate2("ctranslate2 f32", "float32")
    yield ctranslate2("ctranslate2 int8", "int8")
    if openai_python:

        def command(case, mode, clip):
            return encoder_command(openai_python, "torch", packages.openai_file(case.model, openai_python), threads)

        yield Contestant("pytorch f32", command, without_packages(environment), modes=(ENCODER,), models=("base",))


def without_packages(environment):
    """For a Python that has packages of its own."""
    return {k: v for k, v in environment.items() if k not in ("PYTHONPATH", "PYTHONNOUSERSITE")}


def peers(threads, environment, forced, openai_python=None):
    environment = {**environment, **forced}
    return [*transcribers(threads, environment, openai_python), *encoders(threads, environment, openai_python)]


def exact(ours):
    """That of ours whose words the others' are compared with: of f32, if it runs."""
    return next((c for c in ours if c.compute == "f32"), ours[0])


def chosen(contestants, only):
    """Ours, and the peers whose name has one of the words of `only`."""
    if not only:
        return contestants
    words = only.split(",")
    return [c for c in contestants if c.ours or any(w in c.name for w in words)]
