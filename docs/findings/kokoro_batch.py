# SPDX-License-Identifier: MIT
"""mlx-audio 0.6.2: Kokoro's text encoder lets the padding of a batch into the texts."""
import mlx.core as mx
from mlx.utils import tree_map
from mlx_audio.tts.models.kokoro.modules import TextEncoder

mx.random.seed(0)
encoder = TextEncoder(8, 3, 1, 20)
encoder.update(tree_map(lambda p: mx.random.normal(p.shape) * 0.3, encoder.parameters()))
encoder.eval()
short, n = [1, 2, 3], 6
alone = encoder(mx.array([short]), mx.array([3]), mx.array([[False] * 3]))
both = encoder(
    mx.array([[4, 5, 6, 7, 8, 9], short + [0] * 3]), mx.array([6, 3]),
    mx.array([[False] * 6, [False] * 3 + [True] * 3]),
)
off = mx.linalg.norm(both[1, :, :3] - alone[0]) / mx.linalg.norm(alone[0])
print("the shorter text, in a batch and alone, differs:", f"{off.item():.1%}")
