# SPDX-License-Identifier: MIT
"""Where results go, and what happens if they cannot."""

import json
import os
import subprocess
import unittest

import program
import sounds
import toy_model
from program import (DONE, OUTPUT, SOME_FAILED, CliTest)

FORMATS = ("json", "srt", "tsv", "txt", "vtt")


class Formats(CliTest):
    def setUp(self):
        super().setUp()
        self.audio = sounds.write_tone(self.folder / "a.wav")

    def test_files_and_standard_output_agree(self):
        result = self.transcribe("a.wav", "-o", "deep/out")
        self.assertEqual(result.code, DONE, result.err)
        self.assertEqual((result.out, result.err), ("", ""))
        out = self.folder / "deep/out"
        self.assertEqual(self.files_below(out), [f"a.{f}" for f in FORMATS])
        for name in FORMATS:
            with self.subTest(name):
                shown = self.transcribe("a.wav", "-f", name)
                self.assertEqual(shown.code, DONE, shown.err)
                written = (out / f"a.{name}").read_text("utf-8")
                end = "\n" if name == "json" else ""
                self.assertEqual(shown.out, written + end)
        self.assertEqual(self.transcribe("a.wav").out,
                         (out / "a.txt").read_text("utf-8"))

    def test_lyrics(self):
        result = self.transcribe("a.wav", "-f", "lrc")
        self.assertEqual(result.code, DONE, result.err)
        self.assertRegex(result.out, r"\A(\[\d\d:\d\d\.\d\d\]\S.*\n)+\Z")
        self.transcribe("a.wav", "-f", "lrc", "-o", "out")
        self.assertEqual((self.folder / "out/a.lrc").read_text("utf-8"),
                         result.out)

    def test_words(self):
        words = ("--word-timestamps", "True")
        whole = json.loads(self.transcribe("a.wav", *words, "-f", "json").out)
        spoken = [w for s in whole["segments"] for w in s["words"]]
        self.assertTrue(spoken)
        self.assertEqual(list(spoken[0]), ["word", "start", "end",
                                           "probability"])
        line = json.loads(self.transcribe("a.wav", *words, "--json").out)
        self.assertEqual([w for s in line["segments"] for w in s["words"]],
                         spoken)
        lyrics = self.transcribe("a.wav", *words, "-f", "lrc").out
        self.assertEqual(lyrics.count("<"),
                         len(spoken) + len(lyrics.splitlines()))
        for name in ("srt", "vtt"):
            plain = self.transcribe("a.wav", *words, "-f", name)
            few = self.transcribe("a.wav", *words, "-f", name,
                                  "--max-words-per-line", "1")
            self.assertEqual(few.code, DONE, few.err)
            self.assertGreaterEqual(few.out.count(" --> "),
                                    plain.out.count(" --> "))
            shown = self.transcribe("a.wav", *words, "-f", name,
                                    "--highlight-words", "True")
            self.assertIn("<u>", shown.out)
            narrow = self.transcribe("a.wav", *words, "-f", name,
                                     "--max-line-width", "1")
            self.assertEqual(narrow.code, DONE, narrow.err)
            filed = self.transcribe("a.wav", *words, "-f", name, "-o", "out",
                                    "--max-words-per-line", "1")
            self.assertEqual(filed.code, DONE, filed.err)
            self.assertEqual(
                (self.folder / f"out/a.{name}").read_text("utf-8"), few.out)

    def test_a_dash_is_the_standard_output(self):
        shown = self.transcribe("a.wav", "-o", "out", "-o", "-")
        self.assertEqual(shown.out, self.transcribe("a.wav").out)
        self.assertFalse((self.folder / "out").exists())

    def test_json_has_the_references_keys_in_its_order(self):
        result = json.loads(self.transcribe("a.wav", "-f", "json").out)
        self.assertEqual(list(result), ["text", "segments", "language"])
        self.assertEqual(
            list(result["segments"][0]),
            ["id", "seek", "start", "end", "text", "tokens", "temperature",
             "avg_logprob", "compression_ratio", "no_speech_prob"])

    def test_json_of_many_is_a_line_for_each(self):
        sounds.write_tone(self.folder / "b.wav")
        result = self.transcribe("a.wav", "b.wav", "-f", "json")
        lines = result.out.splitlines()
        self.assertEqual(len(lines), 2)
        self.assertEqual(lines[0], lines[1])
        json.loads(lines[0])

    def test_verbose_prints_times(self):
        shown = self.transcribe("a.wav", "--verbose", "True")
        self.assertRegex(shown.out, r"\A\[00:\d\d\.\d{3} --> 00:\d\d\.\d{3}\] ")
        aside = self.transcribe("a.wav", "--verbose", "True", "-f", "txt")
        self.assertEqual(aside.err, shown.out)
        self.assertEqual(aside.out, self.transcribe("a.wav").out)
        filed = self.transcribe("a.wav", "--verbose", "True", "-o", "out")
        self.assertEqual(filed.out, shown.out)

    def test_verbose_names_the_language(self):
        result = self.run_program(
            "transcribe", "--model", toy_model.multilingual(), "a.wav",
            "--verbose", "True")
        self.assertEqual(result.code, DONE, result.err)
        self.assertRegex(result.err, r"a\.wav: language detected: \w+")

    def test_stats(self):
        result = self.transcribe("a.wav", "--stats")
        self.assertRegex(
            result.err, r"\A2\.0 s of audio in [\d.]+ s \(real-time factor ")
        self.assertIn(" MB", result.err)

    def test_an_older_file_is_replaced(self):
        out = self.folder / "out"
        out.mkdir()
        (out / "a.txt").write_text("old")
        self.transcribe("a.wav", "-o", "out", "-f", "txt")
        self.assertEqual((out / "a.txt").read_text("utf-8"),
                         self.transcribe("a.wav").out)


class Unwritable(CliTest):
    def setUp(self):
        super().setUp()
        self.audio = sounds.write_tone(self.folder / "a.wav")

    def assert_refused_before_work(self, *arguments, names, **more):
        # The model is not even looked for.
        result = self.run_program(
            "transcribe", "--model", "no such model", "a.wav", *arguments,
            **more)
        self.assert_fails(result, OUTPUT, names)

    def test_a_file_where_the_folder_should_be(self):
        (self.folder / "out").write_text("in the way")
        self.assert_refused_before_work("-o", "out", names="out is a file")
        self.assert_refused_before_work(
            "-o", "out/deeper", names="the folder out/deeper: out is a file")

    def test_a_folder_where_the_file_should_be(self):
        (self.folder / "out/a.txt").mkdir(parents=True)
        self.assert_refused_before_work(
            "-o", "out", "-f", "txt", names="out/a.txt")

    def test_a_place_where_nothing_can_be_made(self):
        self.assert_refused_before_work("-o", "/proc/nothing",
                                        names="/proc/nothing")

    def test_a_folder_without_permission(self):
        (self.folder / "out").mkdir(mode=0o555)
        self.assert_refused_before_work(
            "-o", "out", names="out: no file can be made in this folder",
            before=program.bound_by_permissions())

    def test_full_standard_output(self):
        for name in ("txt", "json", "vtt"):
            with self.subTest(name), open("/dev/full", "wb") as full:
                result = self.transcribe("a.wav", "-f", name, stdout=full)
                self.assert_fails(result, OUTPUT, "No space left")
        with open("/dev/full", "wb") as full:
            result = self.run_program("models", "list", stdout=full)
            self.assert_fails(result, OUTPUT, "No space left")

    def test_full_disk(self):
        out = self.folder / "out"
        out.mkdir()
        (out / "a.txt").write_text("old")
        for name in (*FORMATS, "all"):
            with self.subTest(name):
                result = self.transcribe("a.wav", "-o", "out", "-f", name,
                                         preexec_fn=program.no_room)
                self.assert_fails(result, OUTPUT, "out/a.", "make room there")
                self.assertEqual(self.files_below(out), ["a.txt"])
                self.assertEqual((out / "a.txt").read_text(), "old")

    def test_one_file_of_many(self):
        # A name too long for the file system fails at the end only.
        long = "x" * 250 + ".wav"
        os.link(self.audio, self.folder / long)
        result = self.transcribe(long, "a.wav", "-o", "out", "-f", "json")
        self.assertEqual(result.code, SOME_FAILED, result.err)
        self.assertEqual(self.files_below(self.folder / "out"), ["a.json"])

    def test_reader_that_went_away(self):
        reader, writer = os.pipe()
        os.close(reader)
        try:
            result = self.transcribe("a.wav", stdout=writer)
        finally:
            os.close(writer)
        self.assertEqual(result.code, OUTPUT)
        self.assertEqual(result.err, "")

    def test_closed_standard_output(self):
        done = subprocess.run(
            ["sh", "-c", '"$@" >&-', "sh",
             *self.command("transcribe", "--model", toy_model.english(),
                           "a.wav")],
            stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, cwd=self.folder,
            env=self.environment(), timeout=120, check=False)
        self.assert_fails(program.Result(done), OUTPUT, "standard output")


if __name__ == "__main__":
    unittest.main()
