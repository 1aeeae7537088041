# SPDX-License-Identifier: MIT
"""mlx-audio 0.6.2: a configuration that lacks sizes is taken for large-v3's."""
from mlx_audio.stt.models.whisper.whisper import ModelDimensions

try:
    print(ModelDimensions.from_dict({"d_model": 384, "encoder_layers": 4}))
except Exception as e:
    print(f"{type(e).__name__}: {e}")
