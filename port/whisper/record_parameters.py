# SPDX-License-Identifier: MIT
"""Records names and shapes of mlx-audio's Whisper parameters.

    python port/whisper/record_parameters.py

writes tests/golden/whisper/parameters.json, for sizes that differ in kind.
It needs mlx and mlx-audio 0.6.2, and no weights.
"""

import importlib.metadata
import json
import sys
from pathlib import Path
from unittest import mock

# mlx-audio imports these to download and to convert, which is not done here.
for module in ("huggingface_hub", "transformers"):
    sys.modules.setdefault(module, mock.MagicMock())

from mlx.utils import tree_flatten
from mlx_audio.stt.models.whisper.whisper import Model, ModelDimensions

OUTPUT = Path(__file__).resolve().parents[2] / "tests/golden/whisper/parameters.json"


def dims(n_mels, n_vocab, n_state, n_head, n_layer, n_text_layer=None):
    return ModelDimensions(
        n_mels=n_mels,
        n_audio_ctx=1500,
        n_audio_state=n_state,
        n_audio_head=n_head,
        n_audio_layer=n_layer,
        n_vocab=n_vocab,
        n_text_ctx=448,
        n_text_state=n_state,
        n_text_head=n_head,
        n_text_layer=n_text_layer or n_layer,
    )


SIZES = {
    "tiny": dims(80, 51865, 384, 6, 4),
    "tiny.en": dims(80, 51864, 384, 6, 4),
    "base": dims(80, 51865, 512, 8, 6),
    "small": dims(80, 51865, 768, 12, 12),
    "large-v3": dims(128, 51866, 1280, 20, 32),
    "turbo": dims(128, 51866, 1280, 20, 32, 4),
}


def main():
    models = {}
    for name, size in SIZES.items():
        parameters = tree_flatten(Model(size).parameters())
        models[name] = {
            "dims": vars(size),
            "parameters": {k: list(v.shape) for k, v in sorted(parameters)},
        }
    recorded = {
        "recorded_by": "port/whisper/record_parameters.py",
        "reference": {"package": "mlx-audio", "version": importlib.metadata.version("mlx-audio")},
        "models": models,
    }
    OUTPUT.parent.mkdir(parents=True, exist_ok=True)
    OUTPUT.write_text(json.dumps(recorded, separators=(",", ":")) + "\n")
    print(OUTPUT, OUTPUT.stat().st_size)


if __name__ == "__main__":
    main()
