# SPDX-License-Identifier: MIT
"""mlx-audio 0.6.2: two settings of the streaming decoder are never read."""
import inspect

from mlx_audio.stt.models.whisper import streaming, whisper

text = inspect.getsource(streaming) + inspect.getsource(whisper)
for setting in ("frame_threshold", "min_chunk_duration", "emit_partial"):
    print(setting, "is read", text.count(f"config.{setting}"), "times")
