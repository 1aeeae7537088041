# SPDX-License-Identifier: MIT
"""Who takes part, and the commands that start each."""

import os
import sys
from dataclasses import dataclass, field
from typing import Callable

from harness import packages
from harness.paths import BENCH, CACHE

OURS = "mlx-audio"
# What the switches are called by which programs take less than the processor has.
ISA_SWITCHES = {
    "avx2": {"MLXAUDIO_ISA": "avx2", "CT2_FORCE_CPU_ISA": "AVX2", "ONEDNN_MAX_CPU_ISA": "AVX2"},
    "avx512": {"MLXAUDIO_ISA": "avx512", "CT2_FORCE_CPU_ISA": "AVX512"},
}


@dataclass(frozen=True)
class Contestant:
    name: str
    # (case, clip's path, runs) -> command; runs is None for a whole process,
    # else how many transcriptions to time in a session.
    command: Callable
    environment: dict = field(hash=False, compare=False)
    ours: bool = False
    variant: str = ""  # of ours: what `--compute` is given; empty: nothing
    compute: str = ""  # of ours: what that is
    beams: bool = True  # whether it has a beam search


def compute_option(variant):
    return ["--compute", variant] if variant else []


def our_command(program, case, clip, threads, variant, runs):
    verb = ["transcribe", "--no-config", "--format", "txt"]
    if runs is not None:
        verb = ["bench", "--json", "--session-only", "--runs", str(runs)]
    command = [program, *verb, "--model", case.model, "--language", "en", "--threads", str(threads)]
    # As the peers decode; the program's default tries other temperatures too.
    command += ["--beam-size", str(case.beam), "--temperature-increment-on-fallback", "None"]
    return [*command, *compute_option(variant), clip]


def peer_command(python, script, model, case, clip, threads, runs, more=()):
    command = [python, BENCH / "peers" / script, "--model", model, "--clip", clip, "--threads", str(threads)]
    command += ["--beam", str(case.beam), *more]
    return command + (["--warm", str(runs)] if runs is not None else [])


def without_defaults(environment):
    """Without what gives our program other defaults."""
    return {k: v for k, v in environment.items() if not k.startswith("MLXAUDIO_TRANSCRIBE_")}


def ours(program, threads, variants, forced):
    """Our program in each variant of `--compute`; without any, as it is."""
    environment = {**without_defaults(dict(os.environ)), **forced}

    def one(variant):
        return Contestant(
            f"{OURS} {variant}".strip(),
            lambda case, clip, runs: our_command(program, case, clip, threads, variant, runs),
            environment, True, variant, variant or "f32",
        )  # fmt: skip

    return [one(variant) for variant in variants or [""]]


def peers(threads, environment, forced, openai_python=None):
    environment = {**environment, **forced}

    def peer(name, script, model_of, more=(), beams=True, python=sys.executable, own=environment):
        return Contestant(
            name,
            lambda case, clip, runs: peer_command(
                python, script, model_of(case.model), case, clip, threads, runs, more
            ),
            own, beams=beams,
        )  # fmt: skip

    def ggml(kind):
        return lambda model: packages.ggml_file(model, kind, environment)

    def ct2(model):
        return CACHE / "weights" / model

    all_of_them = [
        peer("transcribe-cpp f16", "transcribe_cpp_peer.py", ggml("f16"), beams=False),
        peer("faster-whisper f32", "faster_whisper_peer.py", ct2, ("--compute", "float32")),
        peer("faster-whisper int8", "faster_whisper_peer.py", ct2, ("--compute", "int8")),
        peer("pywhispercpp f16", "pywhispercpp_peer.py", ggml("f16")),
        peer("pywhispercpp q8_0", "pywhispercpp_peer.py", ggml("q8_0")),
    ]
    if openai_python:
        all_of_them.append(
            peer("openai-whisper f32", "openai_whisper_peer.py", lambda m: packages.openai_file(m, openai_python),
                 python=openai_python, own={**os.environ, **forced})
        )  # fmt: skip
    return all_of_them


def chosen(contestants, only):
    """Ours, and the peers whose name has one of the words of `only`."""
    if not only:
        return contestants
    words = only.split(",")
    return [c for c in contestants if c.ours or any(w in c.name for w in words)]
