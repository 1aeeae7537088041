# SPDX-License-Identifier: MIT
"""mlx-audio 0.6.2 and mlx-audio-plus 0.1.8: a weight's layout is guessed from its shape."""
import mlx.core as mx
from mlx_audio.tts.models.base import check_array_shape

# PyTorch's [in, out, kernel] of a transposed convolution; both are to be turned round.
for shape in ((16, 8, 20), (16, 8, 8)):
    print(shape, "stays as it is:", check_array_shape(mx.zeros(shape)))
