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
import upgrade  # noqa: E402

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


class Places(unittest.TestCase):
    """References in a git repository and in a folder."""

    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.root = pathlib.Path(self.folder.name)
        self.source = self.root / "repository" / "fake"
        self.source.mkdir(parents=True)
        (self.source / "math.py").write_text("X = 1\n")
        (self.root / "port").mkdir()

    def tearDown(self):
        self.folder.cleanup()

    def git(self, *args):
        done = subprocess.run(
            ["git", "-c", "user.name=t", "-c", "user.email=t@t", "-C", str(self.root / "repository"),
             *args],
            capture_output=True, text=True, check=True,
        )
        return done.stdout.strip()

    def commit(self, text):
        if not (self.root / "repository" / ".git").exists():
            self.git("init", "--quiet")
        (self.source / "math.py").write_text(text)
        self.git("add", ".")
        self.git("commit", "--quiet", "-m", text)
        return self.git("rev-parse", "HEAD")

    def fetch(self, place):
        (self.root / "port" / "reference.toml").write_text(
            f'model = "fake"\n[[reference]]\nkey = "torch"\ndecides = true\n{place}\n'
            f'sources = ["fake/math.py"]\n[environment]\npython = "3.11"\n'
        )
        return subprocess.run(
            [sys.executable, str(RECORDER / "fetch.py"), "--no-env",
             "--reference", str(self.root / "port" / "reference.toml"),
             "--work", str(self.root / "work")],
            capture_output=True, text=True, check=False,
        )

    def got(self):
        return (self.root / "work" / "src" / "torch" / "fake" / "math.py").read_text()

    def state(self):
        return json.loads((self.root / "work" / "fetch.json").read_text())["references"]["torch"]

    def refused(self, done, text):
        self.assertEqual(done.returncode, 1, done.stdout)
        self.assertEqual(done.stderr.count("\n"), 1, done.stderr)
        self.assertIn(text, done.stderr)

    def test_a_commit_is_checked_out_whatever_the_branch_is_now(self):
        first = self.commit("X = 1\n")
        second = self.commit("X = 2\n")
        for commit, text in ((first, "X = 1\n"), (second, "X = 2\n")):
            done = self.fetch(f'git = "../repository"\ncommit = "{commit}"')
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertEqual(self.got(), text)
            self.assertEqual(self.state()["tree"], self.git("rev-parse", f"{commit}^{{tree}}"))
        self.refused(
            self.fetch(f'git = "../repository"\ncommit = "{second}"\ntree = "{"0" * 40}"'),
            "has the tree",
        )

    def test_a_commit_that_is_gone_is_said(self):
        self.commit("X = 1\n")
        done = self.fetch(f'git = "../repository"\ncommit = "{"1" * 40}"')
        self.refused(done, f"has no commit {'1' * 40}")
        self.assertFalse((self.root / "work" / "fetch.json").exists())

    def test_a_repository_that_is_not_there_is_said(self):
        self.refused(self.fetch(f'git = "../nowhere"\ncommit = "{"1" * 40}"'), "is not there")
        self.refused(self.fetch(f'git = "--upload-pack=x"\ncommit = "{"1" * 40}"'), "give an address")

    def test_a_folder_is_pinned_by_its_content(self):
        self.refused(self.fetch('folder = "../repository"\nsha256 = ""'), "pins nothing")
        sum_, _ = ref.content(self.root / "repository")
        pinned = f'folder = "../repository"\nsha256 = "{sum_}"'
        self.assertEqual(self.fetch(pinned).returncode, 0)
        self.assertEqual(self.got(), "X = 1\n")
        # What Python leaves behind is no change; an edit is one.
        (self.source / "__pycache__").mkdir()
        (self.source / "__pycache__" / "math.pyc").write_bytes(b"1")
        self.assertEqual(self.fetch(pinned).returncode, 0)
        (self.source / "math.py").write_text("X = 3\n")
        self.refused(self.fetch(pinned), "(fake/math.py)")
        reference = ref.load(self.root / "port" / "reference.toml")
        with self.assertRaisesRegex(ref.Trouble, "look at the change"):
            ref.check_sources(self.root / "work", reference["reference"][0])

    def test_what_is_missing_of_a_reference_is_said(self):
        self.refused(self.fetch('folder = "../repository"'), "lacks `sha256`")
        self.refused(self.fetch('package = "p"\nversion = "1"\nfile = "f"'), "lacks `sha256`")


class Imports(unittest.TestCase):
    def test_a_reference_that_does_not_import_is_said(self):
        with tempfile.TemporaryDirectory() as folder:
            package = pathlib.Path(folder) / "portproof_broken"
            package.mkdir()
            (package / "__init__.py").write_text("import portproof_absent\n")
            (package / "other.py").write_text("raise RuntimeError('no such device')\n")
            sys.path.insert(0, folder)
            try:
                with self.assertRaisesRegex(ref.Trouble, "does not import: ModuleNotFoundError"):
                    inventory.symbol("portproof_broken.thing")
                (package / "__init__.py").write_text("")
                sys.modules.pop("portproof_broken", None)
                with self.assertRaisesRegex(ref.Trouble, "RuntimeError: no such device"):
                    inventory.symbol("portproof_broken.other.thing")
            finally:
                sys.path.remove(folder)


class RoundCalls(unittest.TestCase):
    def test_files_are_those_of_the_round(self):
        reference = {"round": {"2": {"calls": {"real.py": ["a.*"]}}}}
        self.assertEqual(ref.round_files(reference, 2), {"real.py": ["a.*"]})
        self.assertEqual(ref.round_files(reference, 3), {})
        self.assertEqual(ref.round_files({}, 2), {})

    def test_another_form_is_refused(self):
        for wrong in ("real.py", {"real.py": "a.*"}):
            with self.assertRaisesRegex(ref.Trouble, r"\[round.2\] `calls` is a table of files"):
                ref.round_files({"round": {"2": {"calls": wrong}}}, 2)

    def test_a_file_has_calls_of_what_is_said_and_of_nothing_else(self):
        makers = {"a.one": None, "a.two": None}
        ref.check_makers("real.py", makers, ["a.*"])
        with self.assertRaisesRegex(ref.Trouble, "real.py has no calls of b"):
            ref.check_makers("real.py", makers, ["a.*", "b"])
        with self.assertRaisesRegex(ref.Trouble, "real.py has calls of a.two, which"):
            ref.check_makers("real.py", makers, ["a.one"])


class Upgrade(unittest.TestCase):
    def test_a_docstring_is_no_code(self):
        code = lambda text: upgrade.code_hash(text)  # noqa: E731
        one = 'def f(x):\n    """One."""\n    return (x)\n'
        self.assertEqual(code(one), code('def f(x):\n    """Two."""\n    return x\n'))
        self.assertNotEqual(code(one), code("def f(x):\n    return x + 1\n"))

    def test_two_folders_are_listed(self):
        with tempfile.TemporaryDirectory() as folder:
            root = pathlib.Path(folder)
            for version, text in (("1", "RATE = 1\n"), ("2", "RATE = 2\n\ndef new():\n    pass\n")):
                (root / version / "fake").mkdir(parents=True)
                (root / version / "fake" / "math.py").write_text(text)
            (root / "2" / "fake" / "table.json").write_text("{}")
            (root / "reference.toml").write_text(
                'model = "fake"\n[[reference]]\nkey = "k"\ndecides = true\nfolder = "1"\n'
                'sha256 = ""\nsources = ["fake/math.py"]\n'
            )
            run = lambda old, new: subprocess.run(  # noqa: E731
                [sys.executable, str(RECORDER / "upgrade.py"), "--reference",
                 str(root / "reference.toml"), "--work", str(root / "work"),
                 "--from", str(old), "--to", str(new), "--out", str(root / "out.json")],
                capture_output=True, text=True, check=False,
            )
            done = run(root / "1", root / "2")
            self.assertEqual(done.returncode, 0, done.stderr)
            listed = json.loads((root / "out.json").read_text())
            names = lambda side: [r["name"] for r in listed[side]["components"]]  # noqa: E731
            self.assertEqual(names("from"), ["fake.math"])
            self.assertEqual(names("to"), ["fake.math", "fake.math.new"])
            self.assertEqual(list(listed["to"]["data"]), ["fake/table.json"])
            done = run(root / "1", "7")
            self.assertEqual(done.returncode, 1)
            self.assertEqual(done.stderr.count("\n"), 1, done.stderr)
            (root / "2" / "fake" / "math.py").write_text("def broken(:\n")
            self.assertIn("invalid syntax", run(root / "1", root / "2").stderr)


if __name__ == "__main__":
    unittest.main()
