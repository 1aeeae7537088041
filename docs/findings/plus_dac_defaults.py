# SPDX-License-Identifier: MIT
"""mlx-audio-plus 0.1.8: DAC has other defaults than descript-audio-codec 1.0.0."""
import inspect

from mlx_audio.codec.models.descript.dac import DAC

defaults = {k: p.default for k, p in inspect.signature(DAC.__init__).parameters.items()}
theirs = {"encoder_rates": [2, 4, 8, 8], "decoder_rates": [8, 8, 4, 2], "n_codebooks": 9}
for name, value in theirs.items():
    print(name, defaults[name], "and in descript-audio-codec", value)
