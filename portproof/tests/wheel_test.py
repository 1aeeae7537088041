# SPDX-License-Identifier: MIT
"""Builds the wheel, installs it in an environment of its own, and uses it on a
project that is not this one."""

import pathlib
import subprocess
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]


def run(*command, **more):
    return subprocess.run(
        [str(c) for c in command], stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT, text=True, check=False, **more)


class Wheel(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.scratch = tempfile.TemporaryDirectory()
        folder = pathlib.Path(cls.scratch.name)
        built = run(sys.executable, ROOT / "tools/portproof_wheel.py",
                    folder / "wheel")
        assert built.returncode == 0, built.stdout
        made = run(sys.executable, "-m", "venv", folder / "env")
        assert made.returncode == 0, made.stdout
        done = run(folder / "env/bin/pip", "install", "--quiet", "--no-index",
                   built.stdout.strip().splitlines()[-1])
        assert done.returncode == 0, done.stdout
        cls.program = folder / "env/bin/portproof"
        cls.packages = next((folder / "env").glob(
            "lib/python*/site-packages/portproof"))

    @classmethod
    def tearDownClass(cls):
        cls.scratch.cleanup()

    def test_it_needs_nothing_but_the_c_library(self):
        said = run("ldd", self.packages / "bin/portproof")
        self.assertNotIn("not found", said.stdout)
        for line in said.stdout.splitlines():
            name = line.split()[0]
            if "portproof/bin/../lib/" in line:  # what the wheel brings
                continue
            self.assertRegex(
                name, r"linux-vdso|ld-linux|lib(c|m|z|dl|pthread)\.so", line)

    def test_it_begins_a_project(self):
        with tempfile.TemporaryDirectory() as project:
            begun = run(self.program, "init", "toy", cwd=project)
            self.assertEqual(begun.returncode, 0, begun.stdout)
            self.assertTrue(
                (pathlib.Path(project) / "port/toy/reference.toml").is_file())

    def test_the_recorder_is_found(self):
        self.assertTrue(
            (self.packages / "share/portproof/recorder/fetch.py").is_file())

    def test_it_reads_this_project_as_the_build_does(self):
        """What the document says is what the program from the build wrote: so
        libclang and its headers are there."""
        said = run(self.program, "--root", ROOT, "status", "--check",
                   "--build", pathlib.Path(sys.argv[1]))
        self.assertEqual(said.returncode, 0, said.stdout)


if __name__ == "__main__":
    unittest.main(argv=[sys.argv[0]])
