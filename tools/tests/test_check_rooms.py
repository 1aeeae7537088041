# SPDX-License-Identifier: MIT
"""Plants breaches in a small tree and expects each to be named."""

import pathlib
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
import check_rooms  # pylint: disable=wrong-import-position

SPDX = "// SPDX-License-Identifier: MIT\n"
PORTED = (SPDX + "// Ported from x, Copyright (c) 2022 OpenAI\n"
          "// https://github.com/openai/whisper, licenses/whisper.txt\n")
CLEAN = {
    "include/mlxaudio/error.h": SPDX + "#pragma once\n#include <string>\n",
    "src/core/json.h": SPDX + '#pragma once\n#include "mlxaudio/error.h"\n',
    "src/ops/linear.h": SPDX + '#pragma once\n#include "mlx/array.h"\n',
    "src/text/bpe.cpp": SPDX + '#include "core/json.h"\n',
    "src/models/whisper/audio.h": SPDX + "#pragma once\n",
    "src/models/whisper/audio.cpp":
        SPDX + '#include "models/whisper/audio.h"\n#include "ops/linear.h"\n',
    "port/whisper/probe.cpp": SPDX + '#include "models/whisper/audio.h"\n',
    "licenses/whisper.txt": "MIT\n",
}


class CheckRooms(unittest.TestCase):

    def check(self, **planted):
        """What is said of the clean tree with `path: text` planted in it."""
        with tempfile.TemporaryDirectory() as folder:
            root = pathlib.Path(folder)
            for name, text in {**CLEAN, **planted}.items():
                path = root / name
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(text, encoding="utf-8")
            return [
                message for path in check_rooms.sources(root)
                for _, message in check_rooms.check_file(root, path)
            ]

    def planted(self, name, text, rule):
        said = self.check(**{name: text})
        self.assertEqual(len(said), 1, said)
        self.assertTrue(said[0].startswith(rule + ":"), said)

    def test_a_clean_tree_has_no_breach(self):
        self.assertEqual(self.check(), [])

    def test_direction(self):
        for name, include in (
            ("src/core/a.cpp", "ops/linear.h"),
            ("src/text/a.cpp", "ops/linear.h"),
            ("src/audio/a.cpp", "models/whisper/audio.h"),
            ("src/ops/a.cpp", "models/whisper/audio.h"),
            ("portproof/a.cpp", "ops/linear.h"),
            ("src/engine/a.cpp", "port/whisper/probe.cpp"),
        ):
            with self.subTest(name=name, include=include):
                self.planted(name, f'{SPDX}#include "{include}"\n', "direction")

    def test_a_model_may_not_include_another(self):
        self.planted("src/models/kokoro/a.cpp",
                     SPDX + '#include "models/whisper/audio.h"\n', "direction")

    def test_an_unknown_room(self):
        self.planted("src/attic/a.cpp", SPDX, "direction")

    def test_public_headers_stand_alone(self):
        for include in ('"mlx/array.h"', "<mlx/array.h>", "<fmt/format.h>"):
            with self.subTest(include=include):
                self.planted("include/mlxaudio/a.h",
                             f"{SPDX}#pragma once\n#include {include}\n",
                             "public")

    def test_core_knows_nothing_of_mlx(self):
        self.planted("src/core/a.cpp", SPDX + "#include <mlx/array.h>\n",
                     "mlx")

    def test_includes_are_qualified_and_exist(self):
        self.planted("src/core/a.cpp", SPDX + '#include "json.h"\n',
                     "qualified")
        self.planted("src/core/a.cpp", SPDX + '#include "core/gone.h"\n',
                     "qualified")
        self.planted("src/text/a.cpp", SPDX + '#include "core/../core/json.h"\n',
                     "qualified")

    def test_licences(self):
        self.planted("src/core/a.cpp", "int a;\n", "licence")
        tag = "/// \\port whisper.audio.pad_or_trim\n"
        self.assertEqual(self.check(**{"src/core/a.cpp": PORTED + tag}), [])
        self.assertEqual(len(self.check(**{"src/core/a.cpp": SPDX + tag})), 3)
        self.planted("src/core/a.cpp",
                     PORTED.replace("whisper.txt", "gone.txt") + tag,
                     "licence")

    def test_guard(self):
        self.planted("src/core/a.h", SPDX, "guard")


if __name__ == "__main__":
    unittest.main()
