# SPDX-License-Identifier: MIT
"""8 bit blocks; needs numpy, as the file's maker does: the system's, or that of
the peers where `make bench` has installed them."""

import struct
import sys
import unittest

import bench_path  # noqa: F401
from harness.paths import CACHE

sys.path.extend(str(folder) for folder in (CACHE / "bench").glob("peers-*"))
try:
    import numpy as np
except ImportError:
    np = None


@unittest.skipUnless(np, "no numpy")
class GgmlFile(unittest.TestCase):
    def setUp(self):
        import ggml_file

        self.file = ggml_file

    def test_blocks_are_a_scale_and_bytes(self):
        values = np.zeros((2, 32), "<f4")
        values[0, :4] = [1.27, -1.27, 0.635, 0.0149]
        data = self.file.q8_0(values)
        self.assertEqual(len(data), 2 * 34)
        scale, = struct.unpack_from("<e", data)
        self.assertAlmostEqual(scale, 0.01, places=5)
        self.assertEqual(list(struct.unpack_from("<4b", data, 2)), [127, -127, 64, 1])
        self.assertEqual(data[34:], bytes(34))

    def test_values_come_back_within_half_a_step(self):
        values = np.random.default_rng(1).normal(size=(8, 64)).astype("<f4")
        blocks = np.frombuffer(self.file.q8_0(values), [("scale", "<f2"), ("values", "i1", 32)])
        back = blocks["scale"].astype("f4")[:, None] * blocks["values"]
        step = np.abs(values.reshape(-1, 32)).max(axis=1, keepdims=True) / 127
        self.assertTrue((np.abs(back - values.reshape(-1, 32)) <= 0.5 * step + 0.07 * step).all())

    def test_only_matrices_are_in_blocks(self):
        def kind(name, shape):
            head = self.file.tensor(name, np.ones(shape, "<f4"), "q8_0")
            return struct.unpack_from("<3i", head)[2]

        self.assertEqual(kind("decoder.token_embedding.weight", (3, 64)), self.file.Q8_0)
        self.assertEqual(kind("encoder.conv1.weight", (2, 32, 3)), self.file.F16)
        self.assertEqual(kind("decoder.positional_embedding", (4, 64)), self.file.F32)
        self.assertEqual(kind("encoder.ln_post.bias", (64,)), self.file.F32)


if __name__ == "__main__":
    unittest.main()
