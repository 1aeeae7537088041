# SPDX-License-Identifier: MIT
"""`make test-all` goes on where it stopped, and passes over only what is the same."""

import os
import pathlib
import signal
import subprocess
import sys
import tempfile
import time
import unittest

TOOL = pathlib.Path(__file__).resolve().parent.parent / "test_all.py"

# A test case in a program, as far as the tool can see: it notes that it ran.
CASE = """#!/bin/sh
echo "$1" >> ran
test ! -e "fail-${1#--gtest_filter=}"
"""
MAKE = """#!/bin/sh
echo "make $2" >> build/ran
test ! -e "build/fail-$2"
"""

SANITIZERS = ["make sanitize", "make tsan"]


class TestAll(unittest.TestCase):

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.root = pathlib.Path(folder.name)
        self.build = self.root / "build"
        self.build.mkdir()
        (self.root / "tests/golden").mkdir(parents=True)
        (self.root / ".gitignore").write_text("build\n")
        self.write("notes.md", "as it was\n")
        self.write("tests/golden/a.json", "1\n")
        self.write("check.sh", '#!/bin/sh\necho script >> ran\n')
        self.write("build/one_test", CASE)
        self.write("build/two_test", CASE)
        self.write("build/make", MAKE)
        lines = []
        for program, name in (("one_test", "A.B/c  # GetParam() = (\"base\", 1)"), ("one_test", "A.D"),
                              ("two_test", "E.F"), ("two_test", "Quick.G")):
            case = name.split()[0].replace("/", "_")
            lines.append(f'add_test([=[{name}]=] "{self.build}/{program}" "--gtest_filter={case}")')
            if not name.startswith("Quick"):
                lines.append(f'set_tests_properties([=[{name}]=] PROPERTIES LABELS slow '
                             f'WORKING_DIRECTORY "{self.build}")')
        lines.append(f'add_test(script "/bin/sh" "{self.root}/check.sh")')
        lines.append(f'set_tests_properties(script PROPERTIES LABELS slow WORKING_DIRECTORY "{self.build}")')
        (self.build / "CTestTestfile.cmake").write_text("\n".join(lines) + "\n")
        subprocess.run(["git", "init", "-q"], cwd=self.root, check=True)

    def write(self, name, text):
        path = self.root / name
        path.write_text(text)
        path.chmod(0o755)

    def command(self):
        return [sys.executable, str(TOOL), str(self.build), "--root", str(self.root), "--jobs", "1"]

    def environment(self):
        return {**os.environ, "MAKE": str(self.build / "make"), "MLXAUDIO_CACHE": str(self.root / "build/cache")}

    def ran(self):
        """What has run since the last call, in order."""
        path = self.build / "ran"
        names = path.read_text().split("\n")[:-1] if path.exists() else []
        path.unlink(missing_ok=True)
        return [n.replace("--gtest_filter=", "") for n in names]

    def run_all(self, code=0):
        done = subprocess.run(self.command(), env=self.environment(), capture_output=True, text=True, check=False)
        self.assertEqual(done.returncode, code, done.stdout + done.stderr)
        return done, self.ran()

    def test_all_runs_once(self):
        done, ran = self.run_all()
        self.assertEqual(ran[:1] + ran[-2:], ["make test", *SANITIZERS])
        self.assertEqual(sorted(ran[1:-2]), ["A.B_c", "A.D", "E.F", "script"])
        self.assertIn("4 slow tests: 0 passed before, 4 to run", done.stderr)
        done, ran = self.run_all()
        self.assertEqual(ran, [])
        self.assertIn("4 slow tests: 4 passed before, 0 to run", done.stderr)
        self.assertIn("`make test` passed before", done.stderr)

    def test_what_failed_is_shown_and_runs_again(self):
        (self.build / "fail-A.B_c").touch()
        done, ran = self.run_all(code=8)
        self.assertEqual(len(ran), 5, ran)  # all four tests ran, and no sanitizer
        self.assertIn("***Failed", done.stdout)
        (self.build / "fail-A.B_c").unlink()
        done, ran = self.run_all()
        self.assertEqual(ran, ["A.B_c", *SANITIZERS])
        self.assertIn("3 passed before, 1 to run", done.stderr)

    def test_another_program_runs_its_cases_again(self):
        self.run_all()
        self.write("build/two_test", CASE + "\n# another\n")
        _, ran = self.run_all()
        self.assertEqual(sorted(ran), sorted(["E.F", "make test", "script", *SANITIZERS]))

    def test_other_golden_data_run_every_case_again(self):
        self.run_all()
        self.write("tests/golden/a.json", "2\n")
        _, ran = self.run_all()
        self.assertEqual(len(ran), 7)

    def test_another_file_runs_scripts_again_but_no_case(self):
        self.run_all()
        for name, text in (("notes.md", "changed\n"), ("new.md", "not in git\n")):
            with self.subTest(name):
                self.write(name, text)
                _, ran = self.run_all()
                self.assertEqual(ran, ["make test", "script", *SANITIZERS])

    def test_another_library_or_setting_runs_all_again(self):
        self.run_all()
        self.write("build/libmlxaudio.so", "another")
        self.assertEqual(len(self.run_all()[1]), 7)
        os.environ["MLXAUDIO_ISA"] = "other"
        self.addCleanup(os.environ.pop, "MLXAUDIO_ISA", None)
        self.assertEqual(len(self.run_all()[1]), 7)

    def test_make_that_fails_ends_it(self):
        (self.build / "fail-test").touch()
        self.assertEqual(self.run_all(code=1)[1], ["make test"])

    def test_a_file_that_changes_meanwhile_is_not_recorded(self):
        self.write("build/make", MAKE + '\ntest "$2" != test || date >> notes.md\n')
        done, _ = self.run_all()
        self.assertIn("files changed while `make test` ran", done.stderr)
        self.write("build/make", MAKE)
        self.assertIn("make test", self.run_all()[1])

    def test_goes_on_after_an_interrupt_and_after_a_kill(self):
        for number, code in ((signal.SIGINT, 130), (signal.SIGKILL, -signal.SIGKILL)):
            with self.subTest(number):
                (self.build / "test-all.json").unlink(missing_ok=True)
                self.write("check.sh", '#!/bin/sh\necho script >> ran\nsleep 60\n')  # the last of the tests
                child = subprocess.Popen(self.command(), env=self.environment(), text=True, stdout=subprocess.PIPE,
                                         stderr=subprocess.PIPE, start_new_session=True)
                deadline = time.monotonic() + 60
                while time.monotonic() < deadline and "script" not in self._so_far():
                    time.sleep(0.02)
                time.sleep(1)  # until the results before it are read
                os.killpg(child.pid, number)
                out, err = child.communicate(timeout=30)
                self.assertEqual(child.returncode, code, out + err)
                self.assertNotIn("Traceback", err)
                if number == signal.SIGINT:
                    self.assertIn("run `make test-all` again to go on", err)
                self.ran()
                self.write("check.sh", '#!/bin/sh\necho script >> ran\n')
                _, ran = self.run_all()
                self.assertEqual(ran, ["make test", "script", *SANITIZERS])  # check.sh was changed

    def _so_far(self):
        path = self.build / "ran"
        return path.read_text() if path.exists() else ""

    def test_without_git_it_says_what_to_do(self):
        subprocess.run(["rm", "-r", str(self.root / ".git")], check=True)
        done, _ = self.run_all(code=1)
        self.assertIn("git cannot list the files", done.stderr)
        self.assertNotIn("Traceback", done.stderr)


if __name__ == "__main__":
    unittest.main()
