# SPDX-License-Identifier: MIT
"""`evaluate` and `evaluate-compare`."""

import json
import os
import signal
import subprocess
import unittest

import program
import sounds
import toy_model
from program import (DONE, INPUT, INTERRUPTED, OUTPUT, SOME_FAILED, USAGE,
                     CliTest, heed_signals)

KEYS = ["kind", "version", "program", "manifest", "complete", "model",
        "options", "normalization", "totals", "files"]
FILE_KEYS = ["id", "audio", "line", "language", "duration", "seconds",
             "real_time_factor", "words", "characters", "reference",
             "hypothesis", "normalizer", "normalized_reference",
             "normalized_hypothesis"]


class EvaluateTest(CliTest):
    def setUp(self):
        super().setUp()
        sounds.write_tone(self.folder / "a.wav")
        sounds.write_tone(self.folder / "b.wav", seconds=3)

    def manifest(self, *entries, name="m.jsonl"):
        path = self.folder / name
        path.write_text("".join(
            e + "\n" if isinstance(e, str) else json.dumps(e) + "\n"
            for e in entries), "utf-8")
        return name

    def two(self):
        return self.manifest({"audio": "a.wav", "text": "ten of clubs"},
                             {"audio": "b.wav", "text": "five", "id": "second"})

    def evaluate(self, *arguments, **more):
        return self.run_program(
            "evaluate", "--model", toy_model.english(), *arguments, **more)

    def result(self, *arguments, code=DONE):
        result = self.evaluate(*arguments, "--json")
        self.assertEqual(result.code, code, result.err)
        return json.loads(result.out)


class Results(EvaluateTest):
    def test_a_line_for_each_file_and_totals(self):
        result = self.evaluate(self.two())
        self.assertEqual(result.code, DONE, result.err)
        self.assertEqual(result.err, "")
        lines = result.out.splitlines()
        self.assertEqual(lines[0].split(),
                         ["file", "audio", "time", "RTF", "WER", "CER"])
        self.assertRegex(lines[1], r"\Aa\.wav +2\.0 s +[\d.]+ s +[\d.]+ +[\d.]+% +")
        self.assertRegex(lines[2], r"\Asecond +3\.0 s ")
        self.assertRegex(lines[4], r"\A2 files, 5\.0 s of audio in [\d.]+ s ")
        self.assertRegex(lines[5], r"\AWER [\d.]+% \(\d+ of 4 words: ")
        self.assertRegex(lines[6], r"\ACER [\d.]+% \(\d+ of 12 characters: ")
        self.assertEqual(len(lines), 7)

    def test_json(self):
        result = self.result(self.two())
        self.assertEqual(list(result), KEYS)
        self.assertTrue(result["complete"])
        first, second = result["files"]
        self.assertEqual(list(first), FILE_KEYS)
        self.assertEqual((first["id"], second["id"]), ("a.wav", "second"))
        self.assertEqual((first["line"], second["line"]), (1, 2))
        self.assertEqual(first["normalizer"], "english")
        self.assertEqual(first["normalized_reference"], "10 of clubs")
        self.assertEqual(
            first["hypothesis"],
            json.loads(self.transcribe("a.wav", "-f", "json").out)["text"])
        for unit in ("words", "characters"):
            total = result["totals"][unit]
            for key in ("hits", "substitutions", "deletions", "insertions"):
                self.assertEqual(
                    total[key], first[unit][key] + second[unit][key])
            edits = total["substitutions"] + total["deletions"] \
                + total["insertions"]
            self.assertAlmostEqual(
                total["error_rate"], edits / total["reference"])
        self.assertEqual(result["totals"]["words"]["reference"], 4)
        self.assertAlmostEqual(result["totals"]["duration"], 5.0)
        self.assertAlmostEqual(
            first["real_time_factor"], first["seconds"] / first["duration"])

    def test_the_file_holds_what_the_standard_output_shows(self):
        shown = self.evaluate(self.two(), "--json", "-o", "out.json")
        self.assertEqual(shown.code, DONE, shown.err)
        self.assertEqual((self.folder / "out.json").read_text("utf-8"),
                         shown.out)
        table = self.evaluate(self.two(), "--output", "out.json")
        self.assertTrue(table.out.startswith("file "), table.out)
        self.assertEqual(
            list(json.loads((self.folder / "out.json").read_text("utf-8"))),
            KEYS)

    def test_what_the_model_says_is_no_error(self):
        said = json.loads(self.transcribe("a.wav", "-f", "json").out)["text"]
        result = self.result(
            self.manifest({"audio": "a.wav", "text": said}))
        words = result["totals"]["words"]
        self.assertEqual(words["hits"], words["reference"])
        self.assertEqual(words["error_rate"], 0.0)
        self.assertEqual(result["totals"]["characters"]["error_rate"], 0.0)
        shown = self.evaluate("m.jsonl", "--diff")
        self.assertNotIn("{+", shown.out)

    def test_diff_shows_words(self):
        shown = self.evaluate(self.two(), "--diff", "--limit", 1)
        self.assertIn("[-", shown.out)
        self.assertIn("{+", shown.out)

    def test_normalizers(self):
        self.manifest({"audio": "a.wav", "text": "Ten, CAFÉ"})
        for options, reference in (
                (("--normalizer", "english"), "10 cafe"),
                (("--normalizer", "basic"), "ten café"),
                (("--normalizer", "basic", "--remove-diacritics", "True"),
                 "ten cafe"),
                (("--normalizer", "basic", "--split-letters", "True"),
                 "t e n c a f é"),
                (("--normalizer", "none"), "Ten, CAFÉ")):
            with self.subTest(options):
                result = self.result("m.jsonl", *options)
                self.assertEqual(
                    result["files"][0]["normalized_reference"], reference)
                self.assertEqual(
                    result["normalization"]["normalizer"], options[1])

    def test_other_languages_get_the_basic_normalizer(self):
        self.manifest({"audio": "a.wav", "text": "Zwei", "language": "de-AT"})
        result = self.run_program(
            "evaluate", "--model", toy_model.multilingual(), "m.jsonl",
            "--json")
        self.assertEqual(result.code, DONE, result.err)
        file = json.loads(result.out)["files"][0]
        self.assertEqual(file["language"], "de")
        self.assertEqual(file["normalizer"], "basic")

    def test_a_language_by_its_name(self):
        self.manifest({"audio": "a.wav", "text": "Ten"})
        (self.folder / "models").mkdir()
        (self.folder / "models/distil-small.en").symlink_to(toy_model.english())
        for model in (("--model", toy_model.multilingual()),
                      ("--model", toy_model.english()),
                      ("--model", "distil-small.en", "--model-dir", "models")):
            for language in ("English", "en"):
                with self.subTest(model=model, language=language):
                    result = self.run_program(
                        "evaluate", *model, "m.jsonl", "--json",
                        "--language", language)
                    self.assertEqual(result.code, DONE, result.err)
                    file = json.loads(result.out)["files"][0]
                    self.assertEqual(file["language"], "en")
                    self.assertEqual(file["normalizer"], "english")

    def test_json_is_asked_for_by_each_line(self):
        self.two()
        env = {**self.environment(), "MLXAUDIO_EVALUATE_JSON": "1"}
        self.assert_fails(self.evaluate("m.jsonl", env=env), USAGE,
                          "MLXAUDIO_EVALUATE_JSON")
        env = {**self.environment(), "MLXAUDIO_EVALUATE_FORMAT": "json"}
        shown = self.evaluate("m.jsonl", "--format", "table", env=env)
        self.assertTrue(shown.out.startswith("file "), shown.out)
        json.loads(self.evaluate("m.jsonl", env=env).out)
        env["MLXAUDIO_EVALUATE_FORMAT"] = "table"
        json.loads(self.evaluate("m.jsonl", "--json", env=env).out)
        self.assert_fails(
            self.evaluate("m.jsonl", "--json", "--format", "table"), USAGE,
            "--json", "--format")

    def test_limit_and_audio_dir(self):
        (self.folder / "deep").mkdir()
        sounds.write_tone(self.folder / "deep/a.wav", seconds=1)
        result = self.result(self.two(), "--limit", 1, "--audio-dir", "deep")
        self.assertEqual(len(result["files"]), 1)
        self.assertAlmostEqual(result["files"][0]["duration"], 1.0)

    def test_tables(self):
        self.manifest("audio,text", 'a.wav,"one, two"', name="m.csv")
        self.assertEqual(
            self.result("m.csv")["files"][0]["reference"], "one, two")
        self.manifest("path\tsentence", 'a.wav\t"One," two', name="m.tsv")
        self.assertEqual(
            self.result("m.tsv")["files"][0]["reference"], '"One," two')

    def test_nothing_said(self):
        self.manifest({"audio": "a.wav", "text": ""})
        words = self.result("m.jsonl")["totals"]["words"]
        self.assertEqual(words["reference"], 0)
        self.assertIsNone(words["error_rate"])
        self.assertRegex(self.evaluate("m.jsonl").out, r"WER - \(")

    def test_a_length_that_the_manifest_does_not_say(self):
        self.manifest({"audio": "a.wav", "text": "x", "duration": 30})
        result = self.evaluate("m.jsonl")
        self.assertEqual(result.code, DONE)
        self.assertIn("m.jsonl, line 1: ", result.err)
        self.assertIn("has 2.00 s of audio, the manifest says 30.00 s",
                      result.err)


class Failures(EvaluateTest):
    def test_a_file_that_fails_does_not_stop_the_others(self):
        self.manifest({"audio": "a.wav", "text": "x"},
                      {"audio": "missing.wav", "text": "x"},
                      {"audio": "broken.wav", "text": "x"},
                      {"audio": "b.wav", "text": "x"})
        (self.folder / "broken.wav").write_bytes(b"RIFF no more")
        result = self.evaluate("m.jsonl", "-o", "out.json")
        self.assertEqual(result.code, SOME_FAILED)
        errors = result.err.splitlines()
        self.assertEqual(len(errors), 2, result.err)
        self.assertTrue(errors[0].startswith("mlx-audio: m.jsonl, line 2: "))
        self.assertIn("missing.wav", errors[0])
        self.assertTrue(errors[1].startswith("mlx-audio: m.jsonl, line 3: "))
        self.assertRegex(result.out, r"(?m)^missing\.wav +failed$")
        self.assertIn("2 files (2 more failed), 5.0 s", result.out)
        written = json.loads((self.folder / "out.json").read_text("utf-8"))
        self.assertEqual(written["totals"]["failed"], 2)
        self.assertEqual(
            ["error" in file for file in written["files"]],
            [False, True, True, False])

    def test_all_files_fail(self):
        self.manifest({"audio": "missing.wav", "text": "x"})
        self.assert_fails(self.evaluate("m.jsonl"), INPUT,
                          "m.jsonl, line 1: ", "missing.wav")

    def test_a_language_that_the_model_does_not_have(self):
        self.manifest({"audio": "a.wav", "text": "x", "language": "de"},
                      {"audio": "b.wav", "text": "x"})
        (self.folder / "models").mkdir()
        (self.folder / "models/distil-small.en").symlink_to(toy_model.english())
        for model in (("--model", toy_model.english()),
                      ("--model", "distil-small.en", "--model-dir", "models"),
                      ("--model", "models/distil-small.en")):
            with self.subTest(model):
                result = self.run_program("evaluate", *model, "m.jsonl")
                self.assert_fails(result, SOME_FAILED, "m.jsonl, line 1: ",
                                  "English-only")
                self.assertIn("1 file (1 more failed)", result.out)
                # What is asked for goes before what the manifest says.
                result = self.run_program("evaluate", *model, "m.jsonl",
                                          "--language", "en")
                self.assertEqual(result.code, DONE, result.err)

    def test_an_option_that_one_file_cannot_serve(self):
        self.two()
        result = self.evaluate("m.jsonl", "--clip-timestamps", "2.5", "-o",
                               "out.json")
        self.assert_fails(result, SOME_FAILED, "m.jsonl, line 1: ",
                          "past the end")
        written = json.loads((self.folder / "out.json").read_text("utf-8"))
        self.assertTrue(written["complete"])
        self.assertEqual(["error" in file for file in written["files"]],
                         [True, False])

    def test_an_option_that_no_file_can_serve(self):
        self.two()
        for option, value, part in (
                ("--task", "translate", "English-only"),
                ("--initial-prompt", "<|endoftext|>", "<|endoftext|>"),
                ("--clip-timestamps", "2,1", "clip_timestamps")):
            with self.subTest(option):
                result = self.evaluate("m.jsonl", option, value)
                self.assert_fails(result, USAGE, part)
                self.assertEqual(result.out, "")

    def test_the_result_does_not_replace_what_it_is_about(self):
        self.two()
        before = (self.folder / "a.wav").read_bytes()
        (self.folder / "other").symlink_to("b.wav")
        for name, meant in (("a.wav", "a.wav"), ("other", "b.wav"),
                            ("b.wav", "b.wav")):
            with self.subTest(name):
                self.assert_fails(
                    self.evaluate("m.jsonl", "-o", name, "--limit", 1), USAGE,
                    f"would overwrite {meant}")
        self.assertEqual((self.folder / "a.wav").read_bytes(), before)
        self.assertTrue((self.folder / "other").is_symlink())

    def test_bad_manifests(self):
        good = '{"audio": "a.wav", "text": "x"}\n'
        for name, data, part in (
                ("m.jsonl", good + "\n{bad}\n", "m.jsonl, line 3: "),
                ("m.jsonl", good + good, "line 2: \"a.wav\" is on line 1"),
                ("m.jsonl", '{"audio": "a.wav"}', "line 1: no text"),
                ("m.jsonl", '{"text": "x"}', "line 1: no audio"),
                ("m.jsonl", "", "names no audio"),
                ("m.jsonl", good + "{\"audio\": \"b\0\", \"text\": \"\"}",
                 "line 2: a NUL byte"),
                ("m.jsonl", b'{"audio": "\xff", "text": ""}',
                 "line 1: bytes that are not UTF-8"),
                ("m.jsonl",
                 '{"audio": "a.wav", "text": "x", "language": "klingon"}',
                 "line 1: unknown language \"klingon\""),
                ("m.csv", "audio,words\na.wav,x\n", "line 1: no column"),
                ("m.csv", "audio,text\na.wav,x\nb.wav\n", "line 3: 1 fields"),
                ("m.csv", 'audio,text\na.wav,"x\n', "line 2: a quote"),
                ("m.txt", "a.wav x\n", "end in .jsonl"),
                ("m.jsonl", "\x1b[2J", "line 1: ")):
            with self.subTest(data):
                if isinstance(data, str):
                    data = data.encode()
                (self.folder / name).write_bytes(data)
                result = self.evaluate(name)
                self.assert_fails(result, INPUT, name, part)
                self.assertNotIn("\x1b", result.err)
                self.assertEqual(result.out, "")
        self.assert_fails(self.evaluate("missing.jsonl"), INPUT,
                          "missing.jsonl")
        (self.folder / "folder.jsonl").mkdir()
        self.assert_fails(self.evaluate("folder.jsonl"), INPUT,
                          "folder.jsonl is a folder: give a list")

    def test_usage(self):
        self.two()
        for arguments, part in (
                ((), "MANIFEST is missing"),
                (("m.jsonl", "a.wav"), "unexpected argument"),
                (("m.jsonl", "--limit", "0"), "--limit: expected"),
                (("m.jsonl", "--limit", "-1"), "--limit: expected"),
                (("m.jsonl", "--normalizer", "german"), "--normalizer: "),
                (("m.jsonl", "--format", "srt"), "--format: "),
                (("m.jsonl", "--audio-dir", ""), "--audio-dir: "),
                (("m.jsonl", "--output", ""), "--output: "),
                (("m.jsonl", "--output", "m.jsonl"), "would overwrite"),
                (("m.jsonl", "--normalizer", "english", "--split-letters",
                  "True"), "--split-letters is of --normalizer basic"),
                (("m.jsonl", "--normalizer", "none", "--remove-diacritics",
                  "True"), "--remove-diacritics is of --normalizer basic"),
                (("m.jsonl", "--json", "--diff"), "--diff adds to the table"),
                (("m.jsonl", "--output-dir", "x"), "unknown option")):
            with self.subTest(arguments):
                self.assert_fails(self.evaluate(*arguments), USAGE, part)

    def test_output_that_cannot_be_written(self):
        self.two()
        self.assert_fails(
            self.evaluate("m.jsonl", "-o", "no/such/out.json"), OUTPUT,
            "no/such")
        (self.folder / "taken").mkdir()
        self.assert_fails(self.evaluate("m.jsonl", "-o", "taken"), OUTPUT,
                          "a folder has that name")
        if os.path.exists("/dev/full"):
            with open("/dev/full", "wb") as full:
                result = self.evaluate("m.jsonl", stdout=full)
            self.assertEqual(result.code, OUTPUT, result.err)

    def test_a_reader_that_goes_away(self):
        self.two()
        read, write = os.pipe()
        os.close(read)
        with os.fdopen(write, "wb") as pipe:
            result = self.evaluate("m.jsonl", stdout=pipe)
        self.assertEqual(result.code, OUTPUT)
        self.assertEqual(result.err, "")

    def test_what_was_done_when_the_reader_went_away(self):
        sounds.write_tone(self.folder / "long.wav", seconds=300)
        self.manifest({"audio": "a.wav", "text": "x"},
                      {"audio": "long.wav", "text": "x"},
                      {"audio": "b.wav", "text": "x"})
        child = subprocess.Popen(
            self.command("evaluate", "--model", toy_model.english(),
                         "m.jsonl", "-o", "out.json"),
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, cwd=self.folder, env=self.environment(),
            preexec_fn=heed_signals)
        child.stdout.readline()
        child.stdout.readline()
        child.stdout.close()
        err = child.stderr.read()
        child.stderr.close()
        self.assertEqual(child.wait(timeout=120), OUTPUT, err)
        self.assertEqual(err, b"")
        written = json.loads((self.folder / "out.json").read_text("utf-8"))
        self.assertFalse(written["complete"])
        self.assertEqual([f["id"] for f in written["files"]],
                         ["a.wav", "long.wav"])

    def test_interrupted(self):
        sounds.write_tone(self.folder / "long.wav", seconds=1800)
        self.manifest({"audio": "a.wav", "text": "x"},
                      {"audio": "long.wav", "text": "x"},
                      {"audio": "b.wav", "text": "x"})
        child = subprocess.Popen(
            self.command("evaluate", "--model", toy_model.english(),
                         "m.jsonl", "-o", "out.json"),
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, cwd=self.folder, env=self.environment(),
            preexec_fn=heed_signals)
        try:
            child.stdout.readline()
            self.assertTrue(child.stdout.readline().startswith(b"a.wav "))
            child.send_signal(signal.SIGINT)
            out, err = child.communicate(timeout=60)
        finally:
            if child.poll() is None:
                child.kill()
                child.communicate()
        self.assertEqual(child.returncode, INTERRUPTED, err)
        self.assertIn(b"1 file, 2.0 s of audio", out)
        self.assertEqual(
            err, b"mlx-audio: interrupted: 1 of 3 files are done\n")
        written = json.loads((self.folder / "out.json").read_text("utf-8"))
        self.assertFalse(written["complete"])
        self.assertEqual([f["id"] for f in written["files"]], ["a.wav"])


class Compare(EvaluateTest):
    def compare(self, *arguments):
        return self.run_program("evaluate-compare", *arguments)

    def runs(self):
        self.evaluate(self.two(), "-o", "before.json")
        document = json.loads((self.folder / "before.json").read_text("utf-8"))
        file = document["files"][0]
        file["hypothesis"] = " Ten of clubs."
        file["normalized_hypothesis"] = "10 of clubs"
        for unit, count in (("words", 3), ("characters", 11)):
            file[unit] = {"error_rate": 0.0, "reference": count, "hits": count,
                          "substitutions": 0, "deletions": 0, "insertions": 0}
        (self.folder / "after.json").write_text(json.dumps(document), "utf-8")
        return document

    def test_two_runs_of_the_same_agree(self):
        self.evaluate(self.two(), "-o", "one.json")
        self.evaluate("m.jsonl", "-o", "two.json")
        result = self.compare("one.json", "two.json")
        self.assertEqual(result.code, DONE, result.err)
        self.assertTrue(result.out.startswith("0 files differ, 2 agree"),
                        result.out)
        found = json.loads(self.compare("one.json", "two.json", "--json").out)
        self.assertEqual(found["differs"], False)
        self.assertEqual(found["files"], [])

    def test_words_that_differ(self):
        self.runs()
        result = self.compare("before.json", "after.json")
        self.assertEqual(result.code, SOME_FAILED)
        self.assertEqual(result.err, "")
        self.assertIn("a.wav: better\n  WER ", result.out)
        self.assertIn(" -> 0.00% (", result.out)
        self.assertIn("{+10 of clubs+}", result.out)
        self.assertIn("1 file differs, 1 agrees", result.out)
        for what, forth, back in (("differs", SOME_FAILED, SOME_FAILED),
                                  ("worse", DONE, SOME_FAILED),
                                  ("never", DONE, DONE)):
            with self.subTest(what):
                self.assertEqual(self.compare(
                    "before.json", "after.json", "--fail-if", what).code,
                    forth)
                self.assertEqual(self.compare(
                    "after.json", "before.json", "--fail-if", what).code, back)

    def test_json(self):
        self.runs()
        result = self.compare("before.json", "after.json", "--json")
        self.assertEqual(result.code, SOME_FAILED)
        found = json.loads(result.out)
        self.assertEqual(
            list(found),
            ["kind", "version", "differs", "worse", "same", "before", "after",
             "files"])
        self.assertEqual((found["differs"], found["worse"]), (True, False))
        file = found["files"][0]
        self.assertEqual(list(file), ["id", "what", "before", "after", "diff"])
        self.assertEqual(file["after"]["words"]["hits"], 3)
        self.assertEqual(found["same"], 1)

    def test_files_of_one_run_alone(self):
        document = self.runs()
        document["files"][1]["id"] = "third"
        (self.folder / "after.json").write_text(json.dumps(document), "utf-8")
        result = self.compare("before.json", "after.json")
        self.assertEqual(result.code, SOME_FAILED)
        self.assertIn("second: only in the first run\n", result.out)
        self.assertIn("third: only in the second run\n", result.out)

    def test_failures(self):
        document = self.runs()
        (self.folder / "same.json").write_text(json.dumps(document), "utf-8")
        document["files"][0] = {"id": "a.wav", "audio": "a.wav", "line": 1,
                                "reference": "x", "error": "gone"}
        (self.folder / "after.json").write_text(json.dumps(document), "utf-8")
        result = self.compare("same.json", "after.json", "--fail-if", "worse")
        self.assertEqual(result.code, SOME_FAILED)
        self.assertIn("a.wav: fails now\n", result.out)
        self.assertIn("a.wav: failed before\n",
                      self.compare("after.json", "same.json").out)

    def test_an_interrupted_run(self):
        document = self.runs()
        document["complete"] = False
        (self.folder / "after.json").write_text(json.dumps(document), "utf-8")
        self.assertIn("after.json was interrupted",
                      self.compare("before.json", "after.json").err)

    def test_what_is_no_result(self):
        document = self.runs()
        for change in (
                lambda d: d.pop("kind"), lambda d: d.update(version=2),
                lambda d: d.update(files={}), lambda d: d.update(files=[1]),
                lambda d: d["files"][0].pop("hypothesis"),
                lambda d: d["files"][0].update(words=[]),
                lambda d: d["files"][0]["words"].update(hits=-1),
                lambda d: d["files"][0]["words"].update(hits=1e300),
                lambda d: d["files"][0].update(seconds="1"),
                lambda d: d["files"][0].update(seconds=-1),
                lambda d: d["files"][1].update(id="a.wav"),
                lambda d: d.pop("model")):
            broken = json.loads(json.dumps(document))
            change(broken)
            text = json.dumps(broken)
            with self.subTest(text):
                (self.folder / "bad.json").write_text(text, "utf-8")
                self.assert_fails(self.compare("before.json", "bad.json"),
                                  INPUT, "bad.json")
        for data in (b"", b"[]", b"{", b"\xff\xfe", b"null"):
            with self.subTest(data):
                (self.folder / "bad.json").write_bytes(data)
                self.assert_fails(self.compare("bad.json", "before.json"),
                                  INPUT, "bad.json")
        self.assert_fails(self.compare("before.json", "missing.json"), INPUT,
                          "missing.json")
        self.assert_fails(self.compare("before.json"), USAGE,
                          "BEFORE AFTER is missing")
        self.assert_fails(
            self.compare("before.json", "after.json", "--fail-if", "better"),
            USAGE, "--fail-if: ")


class Real(EvaluateTest):
    def test_the_references_word_errors(self):
        model = program.real_model("tiny.en")
        program.real_audio()
        golden = json.loads(
            (program.ROOT / "tests/golden/whisper/word_errors.json")
            .read_text("utf-8"))
        runs = [run for run in golden["runs"]
                if run["model"] == model and not run["options"]
                and run["normalizer"] == "english"]
        self.assertEqual(len(runs), 2)
        for run in runs:
            with self.subTest(run["manifest"]):
                result = self.run_program(
                    "evaluate", "--model", model, "--temperature", 0,
                    "--beam-size", "None", "--json",
                    "--audio-dir", program.CACHE / "audio",
                    program.ROOT / "samples" / run["manifest"])
                self.assertEqual(result.code, DONE, result.err)
                got = json.loads(result.out)
                for ours, theirs in zip(got["files"], run["files"],
                                        strict=True):
                    self.assertEqual(ours["normalized_hypothesis"],
                                     theirs["hypothesis"])
                    for key, value in theirs["words"].items():
                        self.assertEqual(ours["words"][key], value)
                for key, value in run["totals"]["words"].items():
                    self.assertEqual(got["totals"]["words"][key], value)


if __name__ == "__main__":
    unittest.main()
