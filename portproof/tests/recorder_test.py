# SPDX-License-Identifier: MIT
"""Tests of the recorder that need no reference: only Python's own library."""

import hashlib
import json
import os
import pathlib
import subprocess
import sys
import tarfile
import tempfile
import unittest

RECORDER = pathlib.Path(__file__).parent.parent / "recorder"
sys.path.insert(0, str(RECORDER))
import inventory  # noqa: E402
import reference as ref  # noqa: E402

SOURCE = '''
import torch

RATE = 16000
HOP = RATE // 100
TABLE = {"a": 1, "b": 2, "c": 3}
try:
    FAST = True
except ImportError:
    FAST = False


@dataclass
class Options:
    task: str = "transcribe"
    language: Optional[str] = None


class Block(nn.Module):
    use = True

    def __init__(self, n, bias=True):
        pass

    @property
    def size(self):
        return 1

    def forward(self, x, mask=None):
        def inside(y):
            return y
        return x


def run(x, *, beam: int = 5, **rest):
    """Text."""
    # a comment
    parser.add_argument("--model", default="base")
    return x
'''

REFERENCE = """
model = "fake"
[[reference]]
key = "torch"
decides = true
package = "portproof-no-such-package"
version = "1"
file = "fake-1.tar.gz"
sha256 = "{sha256}"
root = "fake-1"
sources = ["fake/math.py"]
[environment]
python = "3.11"
"""


class Inventory(unittest.TestCase):
    def rows(self, text):
        with tempfile.TemporaryDirectory() as folder:
            root = pathlib.Path(folder)
            (root / "pkg").mkdir()
            (root / "pkg" / "mod.py").write_text(text)
            return {r["name"]: r for r in inventory.rows_of_file(root, "pkg/mod.py")}

    def test_lists_everything(self):
        rows = self.rows(SOURCE)
        kinds = {name: r["kind"] for name, r in rows.items()}
        self.assertEqual(
            kinds,
            {
                "pkg.mod": "constants",
                "pkg.mod.TABLE": "table",
                "pkg.mod.Options": "dataclass",
                "pkg.mod.Block": "module",
                "pkg.mod.run": "function",
            },
        )
        items = lambda name: [(i["name"], i["kind"]) for i in rows[name]["items"]]  # noqa: E731
        self.assertEqual(
            items("pkg.mod"), [("RATE", "constant"), ("HOP", "constant"), ("FAST", "constant")]
        )
        self.assertEqual(
            items("pkg.mod.Options"), [("task", "field"), ("language", "field")]
        )
        self.assertEqual(
            items("pkg.mod.Block"),
            [
                ("use", "constant"),
                ("__init__", "method"),
                ("__init__.bias", "option"),
                ("size", "property"),
                ("forward", "method"),
                ("forward.mask", "option"),
                ("forward.inside", "inner function"),
            ],
        )
        self.assertEqual(items("pkg.mod.run"), [("beam", "option"), ("--model", "option")])
        self.assertEqual(rows["pkg.mod.run"]["items"][0]["value"], "5")

    def test_a_comment_does_not_change_the_hash_and_code_does(self):
        before = self.rows(SOURCE)["pkg.mod.run"]["sha256"]
        commented = self.rows(SOURCE.replace("# a comment", "# another\n\n"))
        self.assertEqual(commented["pkg.mod.run"]["sha256"], before)
        edited = self.rows(SOURCE.replace("beam: int = 5", "beam: int = 6"))
        self.assertNotEqual(edited["pkg.mod.run"]["sha256"], before)
        self.assertEqual(
            edited["pkg.mod.Block"]["sha256"], self.rows(SOURCE)["pkg.mod.Block"]["sha256"]
        )

    def test_shapes_are_read_back_into_names(self):
        sizes = {"n_state": 66, "n_head": 11, "bias": True}
        self.assertEqual(
            inventory.symbolic([66, 264, 3, 11], sizes), ["n_state", "4*n_state", "3", "n_head"]
        )


class Fetch(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.root = pathlib.Path(self.folder.name)
        source = self.root / "fake-1" / "fake"
        source.mkdir(parents=True)
        (source / "math.py").write_text("X = 1\n")
        self.archive = self.root / "fake-1.tar.gz"
        with tarfile.open(self.archive, "w:gz") as t:
            t.add(self.root / "fake-1", "fake-1")
        self.write_reference(hashlib.sha256(self.archive.read_bytes()).hexdigest())

    def tearDown(self):
        self.folder.cleanup()

    def write_reference(self, sha256):
        (self.root / "reference.toml").write_text(REFERENCE.format(sha256=sha256))

    def fetch(self):
        return subprocess.run(
            [
                sys.executable, str(RECORDER / "fetch.py"), "--no-env",
                "--reference", str(self.root / "reference.toml"),
                "--work", str(self.root / "work"), "--find-links", str(self.root),
            ],
            capture_output=True, text=True, check=False,
            env={**os.environ, "PIP_NO_INDEX": "1"},
        )

    def check(self):
        reference = ref.load(self.root / "reference.toml")
        return ref.check_sources(self.root / "work", reference["reference"][0])

    def test_unpacks_what_is_locked(self):
        self.assertEqual(self.fetch().returncode, 0)
        self.assertIn("fake/math.py", self.check()["references"]["torch"]["files"])
        state = json.loads((self.root / "work" / "fetch.json").read_text())
        self.assertIsNone(state["python"])

    def test_another_archive_is_refused_with_one_line(self):
        self.write_reference("0" * 64)
        done = self.fetch()
        self.assertEqual(done.returncode, 1)
        self.assertEqual(done.stderr.count("\n"), 1, done.stderr)
        self.assertIn("[portproof]", done.stderr)
        self.assertFalse((self.root / "work" / "fetch.json").exists())

    def test_an_edited_source_is_refused(self):
        self.fetch()
        path = self.root / "work" / "src" / "torch" / "fake-1" / "fake" / "math.py"
        path.write_text("X = 2\n")
        with self.assertRaisesRegex(ref.Trouble, "was edited since it was unpacked"):
            self.check()
        self.assertEqual(self.fetch().returncode, 0)  # unpacks it anew
        self.check()

    def test_nothing_fetched_is_said(self):
        with self.assertRaisesRegex(ref.Trouble, "run `portproof fetch` first"):
            self.check()


if __name__ == "__main__":
    unittest.main()
