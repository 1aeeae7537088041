#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Traces the known faults of these ports down to their components, and checks what is found.

    check.py PORTPROOF [MODEL...]

Needs what `portproof fetch MODEL` gets; a model that was not fetched is passed over.
"""

import json
import os
import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent

# Model: components that must fail, and the places at fault in each run that is followed.
# Everything else must pass.
EXPECTED = {
    "snac": (
        {
            "attention.LocalMHA", "attention.rotate_half", "attention.apply_rotary_pos_emb",
            "layers.Encoder", "layers.Decoder", "layers.NoiseBlock", "layers.DecoderBlock",
            "layers.WNConvTranspose1d", "snac.SNAC",
        },
        {
            "decode": {"decoder.model.2.block.1", "decoder.model.3.block.1"},
            "decode with odd rates": set(),
            "encode": set(),
            "forward": {"decoder.model.0"},
        },
    ),
    "dac-plus": (
        {
            "nn.layers.WNConvTranspose1d", "model.dac.DecoderBlock", "model.dac.Decoder",
            "model.dac.DAC",
        },
        {"decode": {"decoder.model.1.block.1", "decoder.model.2.block.1"}, "encode": set()},
    ),
    "whisper-rules": (
        {"decoding.ApplyTimestampRules", "decoding.LogitFilter"},
        {"twelve steps": {"ApplyTimestampRules"}},
    ),
    "kokoro": (
        {
            "istftnet.Generator", "istftnet.Decoder", "modules.TextEncoder",
            "modules.AdaLayerNorm", "modules.CustomAlbert", "model.KModel",
        },
        {
            "6": {"reflection_pad"},
            "equal sizes": {"ups.0", "ups.1", "reflection_pad"},
            "plain": set(), "shortcut": set(), "upsampling": set(), "F0Ntrain": set(),
            "abba": {
                "bert.encoder.albert_layer_groups.0.albert_layers.0.activation",
                "decoder.generator.reflection_pad",
            },
        },
    ),
    "kokoro-plus": (
        {
            "istftnet.TorchSTFT", "istftnet.SineGen", "istftnet.SourceModuleHnNSF",
            "istftnet.Generator", "istftnet.AdainResBlk1d", "istftnet.Decoder",
            "modules.TextEncoder", "modules.AdaLayerNorm", "modules.ProsodyPredictor",
            "modules.CustomAlbert", "model.KModel",
        },
        {
            "6": {"m_source.l_sin_gen", "stft.transform", "reflection_pad", "stft.inverse"},
            "equal sizes": {
                "m_source.l_sin_gen", "stft.transform", "ups.0", "ups.1", "reflection_pad",
                "stft.inverse",
            },
            "plain": set(), "shortcut": set(), "upsampling": {"conv1"},
            "F0Ntrain": {"F0.1.conv1", "N.1.conv1"},
            "abba": {
                "bert.encoder.albert_layer_groups.0.albert_layers.0.activation",
                "predictor.F0.1.conv1", "predictor.N.1.conv1", "decoder.decode.3.conv1",
                "decoder.generator.m_source.l_sin_gen", "decoder.generator.stft.transform",
                "decoder.generator.reflection_pad", "decoder.generator.stft.inverse",
            },
        },
    ),
}


def ask(program, *args):
    done = subprocess.run(
        [program, "--root", str(ROOT), *args], capture_output=True, text=True, check=False
    )
    if done.returncode not in (0, 1) or not done.stdout:
        sys.exit(f"{' '.join(args)} ended with {done.returncode}: {done.stderr}")
    return done.stdout


def check(program, model):
    failing, faults = EXPECTED[model]
    ask(program, "trace", model)
    rows = [line.split() for line in ask(program, "verify", model, "--no-record").splitlines()]
    found = {r[1].partition(".")[2] for r in rows if r and r[0] in ("FAIL", "missing", "stale")}
    passed = [r[1] for r in rows if r and r[0] == "pass"]
    wrong = []
    if found != failing:
        wrong.append(f"verify: fails {sorted(found - failing)}, not {sorted(failing - found)}")
    for run in json.loads(ask(program, "bisect", model, "--json")):
        at = {t["path"] for t in run["taps"] if t["verdict"] in ("CAUSE", "AROUND", "STOPS")}
        if at != faults[run["call"]]:
            wrong.append(f"bisect, {run['call']}: {sorted(at)}, not {sorted(faults[run['call']])}")
    print(f"{model}: {len(failing)} components fail, {len(passed)} pass; "
          f"{'as known' if not wrong else wrong}", flush=True)
    return not wrong


def main():
    program, models = sys.argv[1], sys.argv[2:] or list(EXPECTED)
    base = pathlib.Path(os.environ.get("PORTPROOF_DIR", "/tmp/portproof"))
    there = [m for m in models if (base / m / "fetch.json").exists()]
    if not there:
        print("skipped: none of these was fetched: portproof fetch " + models[0])
        return
    results = [check(program, m) for m in there]
    sys.exit(0 if all(results) else 1)


if __name__ == "__main__":
    main()
