# SPDX-License-Identifier: MIT
"""Stopping `make demo` in any of its steps: one line, exit code 130, no child left."""

import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import unittest
import wave

TOOLS = pathlib.Path(__file__).resolve().parent.parent

# Stands for a program that takes long, and heeds neither signal.
LONG = """#!{python}
import os, signal, time
for number in (signal.SIGINT, signal.SIGTERM):
    signal.signal(number, signal.SIG_IGN)
with open("{root}/pid.new", "w") as f:
    f.write(str(os.getpid()))
os.rename("{root}/pid.new", "{root}/pid")
time.sleep(120)
"""
# Stands for one that transcribes.
QUICK = """#!{python}
import json, pathlib, sys
folder, audio = sys.argv[sys.argv.index("--output-dir") + 1], pathlib.Path(sys.argv[-1])
result = {{"language": "en", "segments": [{{"start": 0.0, "end": 1.0, "text": " Said."}}]}}
pathlib.Path(folder, audio.stem + ".json").write_text(json.dumps(result))
"""


def runs(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


class Stopping(unittest.TestCase):

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.root = pathlib.Path(folder.name)
        shutil.copytree(TOOLS, self.root / "tools", ignore=shutil.ignore_patterns("tests", "__pycache__"))
        self.cache = self.root / "cache"
        audio = self.cache / "audio/librivox"
        audio.mkdir(parents=True)
        with wave.open(str(audio / "a.wav"), "wb") as f:
            f.setparams((1, 2, 16000, 0, "NONE", ""))
            f.writeframes(bytes(32000))
        for name in ("base", "tiny.en"):
            weights = self.cache / "weights" / name
            weights.mkdir(parents=True)
            (weights / ".setup.json").write_text(json.dumps({"product": name}))
        (self.root / "build/release").mkdir(parents=True)

    def program(self, name, text):
        path = self.root / "build/release" / name
        path.write_text(text.format(python=sys.executable, root=self.root))
        path.chmod(0o755)

    def stop(self, *command):
        """Stops the command by each signal while its child runs."""
        for number in (signal.SIGINT, signal.SIGTERM):
            for whole_group in (False, True):  # a terminal's Ctrl-C reaches all
                with self.subTest(number, whole_group=whole_group):
                    (self.root / "pid").unlink(missing_ok=True)
                    child = subprocess.Popen(
                        [sys.executable, *command], cwd=self.root, text=True, stdout=subprocess.PIPE,
                        stderr=subprocess.PIPE, start_new_session=True,
                        env={**os.environ, "MLXAUDIO_CACHE": str(self.cache),
                             "MLXAUDIO_SHARED": str(self.root / "none")},
                        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler))
                    for _ in range(1000):
                        if (self.root / "pid").exists():
                            break
                        time.sleep(0.02)
                    else:
                        child.kill()
                        self.fail("it never began: " + child.communicate()[1])
                    (os.killpg if whole_group else os.kill)(child.pid, number)
                    _, err = child.communicate(timeout=30)
                    self.assertEqual(child.returncode, 130, err)
                    self.assertNotIn("Traceback", err)
                    self.assertRegex(err.splitlines()[-1], r"\A\w+: stopped; .* again")
                    self.assertFalse(runs(int((self.root / "pid").read_text())))

    def test_demo_while_it_transcribes(self):
        self.program("mlx-audio", LONG)
        self.stop("tools/demo.py")

    def test_demo_while_it_verifies(self):
        self.program("mlx-audio", QUICK)
        self.program("portproof", LONG)
        self.stop("tools/demo.py")

    def test_models_while_one_is_converted(self):
        self.program("mlx-audio", LONG)
        self.stop("tools/models.py", "build/release/mlx-audio")
        self.assertEqual(list(self.cache.rglob(".import.json")), [])


if __name__ == "__main__":
    unittest.main()
