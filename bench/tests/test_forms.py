# SPDX-License-Identifier: MIT
"""The forms that a report is read in."""

import json
import tempfile
import unittest
from pathlib import Path
from xml.etree import ElementTree

import made
from harness import report
from harness.cases import Case
from harness.markdown import markdown
from harness.paths import Refused
from harness.svg import svg

SVG = "{http://www.w3.org/2000/svg}"


class Markdown(unittest.TestCase):
    def test_has_a_row_for_each_program_the_fastest_first(self):
        text = markdown(made.document())
        self.assertIn("## Encoder of base\n\n", text)
        rows = [line for line in text.splitlines() if line.startswith(("| mlx-audio", "| peer"))]
        self.assertEqual(rows.pop(), "| mlx-audio | 0.60 (0.50 to 0.70) | 50 |")
        self.assertEqual([r.split(" | ")[0][2:] for r in rows],
                         2 * ["mlx-audio int8", "mlx-audio", "peer <a>", "peer b"])  # fmt: skip
        self.assertIn("| mlx-audio | 1.10 (1.00 to 1.20) | 0.100 | 0.55 (0.50 to 0.60) | 2.20 | 100 | same |", rows)
        self.assertIn("| peer b | 3.00 (3.00 to 3.00) | 0.273 | 1.50 (1.50 to 1.50) | - | 0.25 (0.25 to 0.25) | 90 |",
                      rows)  # fmt: skip
        self.assertTrue(rows[3].endswith("| 2 of 2 differ |"), rows[3])

    def test_sets_clips_together_beside_one_by_one(self):
        text = markdown(made.together())
        row = "| mlx-audio | 4.00 (4.00 to 4.00) | 3.00 (3.00 to 3.00) | 0.75 | 90 | 90 | same |"
        self.assertIn("## base, greedy, dense clips\n\njfk; jfk: 22.0 s.", text)
        self.assertIn(row, text.splitlines())
        self.assertIn("| differ |", markdown(made.together("ask not that")))

    def test_rows_are_as_wide_as_their_heads(self):
        width = None
        for line in markdown(made.document()).splitlines():
            if not line.startswith("|"):
                width = None
                continue
            width = width or line.count("|")
            self.assertEqual(line.count("|"), width, line)

    def test_says_what_it_was_measured_on_and_what_is_missing(self):
        text = markdown(made.document())
        for part in ("A processor, 2 cores, avx2", "Commit abc", "OMP_WAIT_POLICY=passive", "mlx-audio 0.1.0",
                     "**Skipped**: mlx-audio bf16: no such products", "not here: peer c", "products f32 100 Gflop/s",
                     "memory 20.0 GB/s", "| encoder | 500.00 | 80 % | 1 % |", "| mel | 10.00 | - | - |",
                     "- peer b: beam_size 1", "| not measured |", "| missed |"):  # fmt: skip
            self.assertIn(part, text)


    def test_of_words_alone_speaks_of_no_rounds_and_no_settings_that_are_not_there(self):
        words = {"words": 200, "words_differ": 1, "clips_differ": 1, "known_words": 0, "error_rate": None,
                 "error_rate_f32": None}  # fmt: skip
        document = {**made.document(), "suite": "words", "cases": [], "phases": [],
                    "words": {"figures": {"mlx-audio int8": {"base, greedy": words}}, "texts": {}}}  # fmt: skip
        for contestant in document["contestants"]:
            contestant["settings"] = {}
        text = markdown(document)
        self.assertIn("suite words, 2 threads.\n", text)
        self.assertIn("| mlx-audio int8 | base, greedy | 200 | 1 | 5.00 | 1 | 0 | - | - |", text)
        self.assertNotIn("Settings", text)
        self.assertNotIn("\n\n\n", text)


class Svg(unittest.TestCase):
    def test_has_a_bar_for_each_program_and_way(self):
        root = ElementTree.fromstring(svg(made.document()))
        kinds = [e.get("class") for e in root.iter(f"{SVG}rect")]
        self.assertEqual((kinds.count("ours"), kinds.count("peer")), (5, 5))
        self.assertEqual(len(list(root.iter(f"{SVG}line"))), 10)
        texts = [e.text for e in root.iter(f"{SVG}text")]
        self.assertIn("peer <a>", texts)
        self.assertIn("base, greedy, short clip (11 s), whole process", texts)
        self.assertIn("prefers-color-scheme: dark", root.find(f"{SVG}style").text)

    def test_bars_are_as_long_as_their_times(self):
        root = ElementTree.fromstring(svg(made.document()))
        widths = [float(e.get("width")) for e in root.iter(f"{SVG}rect") if e.get("class") in ("ours", "peer")]
        for width, seconds in zip(widths, (0.8, 1.1, 2.2, 4.0)):
            self.assertAlmostEqual(width / widths[3], seconds / 4.0, places=2)

    def test_nothing_lies_outside(self):
        root = ElementTree.fromstring(svg(made.document()))
        width, height = float(root.get("width")), float(root.get("height"))
        for line in root.iter(f"{SVG}line"):
            self.assertLessEqual(float(line.get("x2")), width)
        for text in root.iter(f"{SVG}text"):
            self.assertLessEqual(float(text.get("x")) + 50, width + 50)
            self.assertLess(float(text.get("y")), height)


    def test_has_bars_for_clips_one_by_one_and_together(self):
        texts = [e.text for e in ElementTree.fromstring(svg(made.together())).iter(f"{SVG}text")]
        self.assertIn("base, greedy, dense clips (22 s), one by one", texts)
        self.assertIn("base, greedy, dense clips (22 s), together", texts)


class Joined(unittest.TestCase):
    def test_samples_of_earlier_runs_count(self):
        earlier = made.document()
        raw = {"mlx-audio": {"whole": [made.whole(9.0)]}, "somebody new": {"whole": [made.whole(8.0)]}}
        report.join(raw, Case("base", "short", 0), [earlier, earlier])
        self.assertEqual([s["wall"] for s in raw["mlx-audio"]["whole"]], [9.0] + 2 * [1.0, 1.2, 1.1])
        self.assertEqual(len(raw["somebody new"]["whole"]), 1)
        self.assertEqual(list(raw["mlx-audio"]), ["whole"])
        report.join(raw, Case("base", "long", 0), [earlier])
        self.assertEqual(len(raw["mlx-audio"]["whole"]), 7)

    def test_runs_of_other_kinds_are_refused(self):
        here = made.document()
        report.check_alike(here, [made.document()])
        for change, word in (({"threads": 4}, "threads"), ({"forced": {"MLXAUDIO_ISA": "avx2"}}, "instruction sets"),
                             ({"machine": dict(here["machine"], cpu="another")}, "processor")):  # fmt: skip
            with self.assertRaisesRegex(Refused, f"other {word}"):
                report.check_alike(here, [dict(made.document(), **change)])

    def test_the_table_says_so(self):
        document = dict(made.document(), joined=[{"date": "2026-01-01", "commit": "old"}])
        self.assertIn("Samples of earlier runs count too: 2026-01-01 (commit old).", markdown(document))

    def test_what_is_no_report_is_named(self):
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "x.json"
            for text in (None, "no JSON", "[]", "{}", '{"cases": [{"name": "n"}]}'):
                if text is not None:
                    path.write_text(text)
                with self.assertRaisesRegex(Refused, "x.json: no results of a run"):
                    report.read(path)
            report.write(made.document(), Path(folder))
            self.assertEqual(report.read(Path(folder) / "results.json")["commit"], "abc")


class Files(unittest.TestCase):
    def test_are_written_side_by_side(self):
        with tempfile.TemporaryDirectory() as folder:
            report.write(made.document(), Path(folder))
            self.assertEqual(sorted(p.name for p in Path(folder).iterdir()),
                             ["results.json", "results.md", "results.svg"])  # fmt: skip
            self.assertEqual(json.loads((Path(folder) / "results.json").read_text())["commit"], "abc")


if __name__ == "__main__":
    unittest.main()
