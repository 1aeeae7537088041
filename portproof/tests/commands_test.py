# SPDX-License-Identifier: MIT
"""Runs `portproof` on small projects: what its commands print, write and refuse.

    commands_test.py PORTPROOF
"""

import json
import os
import pathlib
import subprocess
import sys
import tempfile
import unittest

REFERENCE = """
model = "fake"
[[reference]]
key = "torch"
decides = true
package = "fake"
version = "1"
file = "fake-1.tar.gz"
sha256 = "abc"
url = "https://example.org"
sources = ["fake/net.py"]
[environment]
python = "3.11"
[port]
sources = ["src"]
[[stage]]
name = "Core"
match = ["*"]
why = "all"
"""

MODES = """
[[mode]]
name = "load"
kind = "loading"
tests = ["Load.*"]
[[mode]]
name = "say"
kind = "inference"
text = "hello"
tests = ["Say.It"]
generates = "portproof-commands-test/say.wav"
"""

ROW = {
    "name": "fake.net.double", "kind": "function", "file": "fake/net.py", "line": 1, "end_line": 2,
    "sha256": "0", "signature": "(x: Tensor, by: int=2)", "items": [], "counterparts": [],
}


def sealed(value):
    """As portproof seals its files: the hash of everything else, dumped without blanks."""
    import hashlib

    text = json.dumps(value, separators=(",", ":"), ensure_ascii=False)
    return {"sha256": hashlib.sha256(text.encode()).hexdigest(), **value}


class Project(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.root = pathlib.Path(self.folder.name)
        self.write("port/fake/reference.toml", REFERENCE)
        self.write("port/fake/inventory.json", json.dumps(sealed({
            "format": 1, "model": "fake", "references": {"torch": {"sha256": "abc"}},
            "components": [ROW],
        })))
        self.write("src/net.cpp", "int main() {}\n")

    def tearDown(self):
        self.folder.cleanup()

    def write(self, name, text):
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def run_(self, *args, code=0):
        done = subprocess.run(
            [PORTPROOF, "--root", str(self.root), *map(str, args)],
            capture_output=True, text=True, check=False, timeout=120,
        )
        self.assertEqual(done.returncode, code, done.stdout + done.stderr)
        if code and not done.stdout:
            self.assertEqual(done.stderr.count("\n"), 1, done.stderr)
        return done.stdout + done.stderr


class Tests(Project):
    """`portproof tests`, over a build folder that ctest takes."""

    def build(self, say="true"):
        self.write("port/fake/reference.toml", REFERENCE + MODES)
        self.write("build/CTestTestfile.cmake", f"""
add_test(Load.A true)
add_test(Load.B true)
add_test("Say.It" sh "-c" "{say}")
add_test(Other.C false)
""")
        return ["tests", "fake", "--build", self.root / "build"]

    def test_registered_tests_are_enough_until_they_are_run(self):
        said = self.run_(*self.build(say="false"))
        self.assertIn("2 modes, 0 red", said)
        self.assertIn("say", self.run_(*self.build(say="false"), "--run", code=1))

    def test_a_mode_without_a_test_is_red_and_gets_a_skeleton(self):
        command = self.build()
        self.write("build/CTestTestfile.cmake", "add_test(Load.A true)\n")
        out = self.root / "say_test.cpp"
        said = self.run_(*command, "--skeleton", out, code=1)
        self.assertIn("RED  say", said)
        self.assertIn("no test is called `Say.It`", said)
        self.assertIn("PORT THIS", out.read_text())
        self.assertIn("exists already", self.run_(*command, "--skeleton", out, code=1))

    def test_a_run_must_leave_its_sound(self):
        sound = pathlib.Path("/tmp/test/portproof-commands-test/say.wav")
        sound.unlink(missing_ok=True)
        self.assertIn("was not made", self.run_(*self.build(), "--run", code=1))
        header = "RIFF....WAVEfmt ....................data....12345678"
        make = f"mkdir -p {sound.parent} && printf '{header}' > {sound}"
        self.assertIn("2 modes, 0 red", self.run_(*self.build(say=make), "--run"))
        # What an earlier run left proves nothing.
        self.assertIn("is of an earlier run", self.run_(*self.build(), "--run", code=1))

    def test_a_report_of_another_runner_will_do(self):
        command = self.build()
        self.write("list.json", json.dumps({"tests": [{"name": "Load.A"}, {"name": "Say.It"}]}))
        self.write("r.xml", '<testcase name="Load.A"/><testcase name="Say.It"><failure/></testcase>')
        said = self.run_(
            "tests", "fake", "--list", self.root / "list.json", "--junit", self.root / "r.xml",
            code=1,
        )
        self.assertIn("Say.It failed", said)
        modes = json.loads(self.run_(*command, "--json"))
        self.assertEqual([m["mode"] for m in modes], ["load", "say"])
        self.assertEqual(modes[0]["tests"], ["Load.A", "Load.B"])

    def in_round(self):
        """The same in an open round that asks for the modes; the tests say what they run with."""
        seen = self.root / "seen"
        command = self.build(say=f"echo ${{NARROW:-no}} >> {seen}")
        toml = REFERENCE.replace("[port]", '[port]\nexecutable = "probes.sh"')
        modes = MODES.replace('generates = "portproof-commands-test/say.wav"', "")
        rounds = '[round]\nslower = 0\n[round.1]\nenvironments = { narrow = { NARROW = "yes" } }\nmodes = ["usual", "narrow"]\n'
        self.write("port/fake/reference.toml", toml + modes + rounds)
        self.run_("stamp", "fake", "--out", self.root / "stamp.json")
        stamp = json.loads((self.root / "stamp.json").read_text())
        described = json.dumps({"protocol": 1, "components": [], "stamp": stamp, "about": {}})
        self.write("build/probes.sh", f"#!/bin/sh\necho '{described}'\n")
        (self.root / "build/probes.sh").chmod(0o755)
        self.run_("round", "fake", "open")
        return command, seen

    def test_a_round_records_the_modes_in_each_environment(self):
        command, seen = self.in_round()
        self.assertIn("mode say (narrow): its tests were not run", self.run_("round", "fake", "close", code=1))
        self.run_(*command, "--run")
        self.assertEqual(seen.read_text().split(), ["no", "yes"])
        lines = [json.loads(line) for line in (self.root / "port/fake/modes.jsonl").read_text().splitlines()]
        self.assertEqual(
            [(line["mode"], line["environment"], line["pass"]) for line in lines],
            [("load", "usual", True), ("say", "usual", True), ("load", "narrow", True), ("say", "narrow", True)],
        )
        self.assertEqual(json.loads(self.run_("round", "fake", "--json"))["modes"], [])
        self.assertIn("round 1 is closed", self.run_("round", "fake", "close"))

    def test_one_mode_and_one_environment_run_alone(self):
        command, seen = self.in_round()
        self.run_(*command, "--run", "--mode", "say", "--environment", "narrow")
        self.assertEqual(seen.read_text().split(), ["yes"])
        lines = [json.loads(line) for line in (self.root / "port/fake/modes.jsonl").read_text().splitlines()]
        self.assertEqual([(line["mode"], line["environment"]) for line in lines], [("say", "narrow")])
        self.assertIn("no [[mode]] named `sing`", self.run_(*command, "--run", "--mode", "sing", code=1))
        self.assertIn("environment `wide`", self.run_(*command, "--run", "--environment", "wide", code=1))

    def test_a_build_of_other_sources_records_nothing(self):
        command, _ = self.in_round()
        self.write("src/net.cpp", "int main() { return 1; }\n")
        self.assertIn("src/net.cpp changed since", self.run_(*command, "--run", code=1))
        self.assertFalse((self.root / "port/fake/modes.jsonl").exists())

    def test_a_report_counts_for_its_round_and_environment(self):
        command, _ = self.in_round()
        report = self.root / "r.xml"
        self.write("r.xml", '<testcase name="Load.A"/><testcase name="Load.B"/><testcase name="Say.It"/>')
        self.run_(*command, "--junit", report, "--environment", "narrow")
        self.assertIn('"environment":"narrow"', (self.root / "port/fake/modes.jsonl").read_text())
        said = self.run_(*command, "--junit", report, "--environment", "wide", code=1)
        self.assertIn("environment `wide`", said)
        os.utime(report, (0, 0))
        self.assertIn("before round 1 was opened", self.run_(*command, "--junit", report, code=1))

    def test_no_build_is_said(self):
        self.build()
        said = self.run_("tests", "fake", "--build", self.root / "nowhere", code=1)
        self.assertIn("has no tests", said)


class Views(Project):
    def test_scaffold_writes_and_never_overwrites(self):
        out = self.root / "out"
        self.run_("scaffold", "fake", "double", "--out", out)
        self.assertIn("PORT THIS: fake.net.double", (out / "net.cpp").read_text())
        self.assertIn("\\port fake.net.double", (out / "net.h").read_text())
        self.assertIn("fake.net.double", (out / "probes" / "net.cpp").read_text())
        before = {p: p.read_text() for p in out.rglob("*.*")}
        self.assertIn("exists already", self.run_("scaffold", "fake", "double", "--out", out, code=1))
        self.assertEqual(before, {p: p.read_text() for p in out.rglob("*.*")})
        self.assertIn("def double(x, by=2)", self.run_("scaffold", "fake", "--file", "fake/net.py", "--language", "python"))

    def test_scaffold_names_what_is_wrong(self):
        self.assertIn("names no component", self.run_("scaffold", "fake", "triple", code=1))
        self.assertIn("name a component", self.run_("scaffold", "fake", code=1))
        self.assertIn("no skeletons", self.run_("scaffold", "fake", "double", "--language", "x", code=1))

    def test_map_says_how_it_is_made(self):
        self.assertIn("run `portproof map fake --record`", self.run_("map", "fake", code=1))
        self.assertIn("holds no references", self.run_("map", "fake", "--record", "--dir", self.root / "w", code=1))

    def test_audit_is_red_while_a_finding_is_open(self):
        self.assertIn("1 file: 0 open", self.run_("audit", "fake"))
        self.write("src/noise.cpp", "void f() {\n  mx::random::seed(1);\n}\n")
        said = self.run_("audit", "fake", code=1)
        self.assertIn("src/noise.cpp:2: global-random: ", said)
        self.assertIn("mend: take a key", said)
        found = json.loads(self.run_("audit", "fake", "--json", code=1))
        self.assertEqual((found["open"], found["findings"][0]["line"]), (1, 2))
        self.write("src/noise.cpp", "void f() {\n  // AUDIT(global-random): once\n  mx::random::seed(1);\n}\n")
        self.assertIn("1 answered", self.run_("audit", "fake"))
        self.assertIn("answered: once", self.run_("audit", "fake", "--answered"))
        self.assertIn("sync-in-loop", self.run_("audit", "fake", "--list"))
        self.assertIn(" 1. ", self.run_("audit", "fake", "--questions"))

    def test_a_report_is_written_whole(self):
        out = self.root / "r.html"
        self.run_("report", "fake", "--out", out, "--dir", self.root / "w")
        self.assertTrue(out.read_text().rstrip().endswith("</html>"))
        self.assertIn("cannot be written", self.run_("report", "fake", "--out", self.root / "no" / "r.html", code=1))


if __name__ == "__main__":
    PORTPROOF = sys.argv.pop(1)
    unittest.main()
