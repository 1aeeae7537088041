# SPDX-License-Identifier: MIT
"""Models that are damaged, wrong or malicious."""

import json
import os
import pickle
import shutil
import struct
import unittest
import zipfile

import program
import sounds
import toy_model
from program import DONE, MODEL, OUTPUT, USAGE, CliTest


class ModelTest(CliTest):
    def setUp(self):
        super().setUp()
        self.audio = sounds.write_tone(self.folder / "a.wav")
        self.model = self.folder / "model"

    def assert_refused(self, *parts, model=None):
        """Refused by transcribing and by importing, which writes nothing."""
        cache = self.folder / "cache"
        result = self.run_program(
            "transcribe", "--model", model or self.model, self.audio,
            "-o", "out")
        self.assert_fails(result, MODEL, *parts)
        self.assertEqual(self.files_below(self.folder / "out"), [])
        environment = dict(self.environment(), MLXAUDIO_CACHE=str(cache))
        vocabulary = program.CACHE / "vocab"
        if vocabulary.is_dir():
            cache.mkdir(exist_ok=True)
            if not (cache / "vocab").exists():
                os.symlink(vocabulary, cache / "vocab")
        result = self.run_program(
            "models", "import", model or self.model, "--name", "mine",
            env=environment)
        self.assert_fails(result, MODEL, *parts)
        self.assertEqual(self.files_below(cache / "models"), [])


class BadModel(ModelTest):
    def write(self, tensors):
        toy_model.write(self.model, tensors=tensors)

    def test_the_toy_itself_is_good(self):
        result = self.run_program("transcribe", "--model",
                                  toy_model.copy(self.model), self.audio)
        self.assertEqual(result.code, DONE, result.err)
        self.assertTrue(result.out)

    def test_truncated_weights(self):
        toy_model.copy(self.model)
        path = self.model / "model.safetensors"
        whole = path.read_bytes()
        for size in (0, 7, 100, len(whole) // 2, len(whole) - 1):
            with self.subTest(size=size):
                path.write_bytes(whole[:size])
                self.assert_refused(path)
        path.unlink()
        for name, part in (("weights.npz", "save it anew"),
                           ("model.bin", "get the file again")):
            for size in (0, 100):
                with self.subTest(name=name, size=size):
                    (self.model / name).write_bytes(b"\6\0\0\0"[:size] * 9)
                    self.assert_refused(self.model / name, part)
            (self.model / name).unlink()

    def test_weights_that_are_text(self):
        toy_model.copy(self.model)
        (self.model / "model.safetensors").write_text("version https://git-lfs")
        self.assert_refused("model.safetensors")

    def test_no_weights(self):
        toy_model.copy(self.model)
        (self.model / "model.safetensors").unlink()
        self.assert_refused(self.model)

    def test_missing_tensor(self):
        tensors = toy_model.weights()
        del tensors["decoder.blocks.0.mlp1.bias"]
        self.write(tensors)
        self.assert_refused("model", "decoder.blocks.0.mlp1.bias")

    def test_extra_tensor(self):
        tensors = toy_model.weights()
        tensors["decoder.blocks.7.mlp1.bias"] = ((2,), b"\0" * 4)
        self.write(tensors)
        self.assert_refused("model", "decoder.blocks.7.mlp1.bias")

    def test_misshapen_tensor(self):
        tensors = toy_model.weights()
        _, data = tensors["encoder.ln_post.weight"]
        tensors["encoder.ln_post.weight"] = ((2, 8), data)
        self.write(tensors)
        self.assert_refused("model", "encoder.ln_post.weight")

    def test_nan_tensor(self):
        tensors = toy_model.weights()
        shape, data = tensors["encoder.ln_post.bias"]
        tensors["encoder.ln_post.bias"] = (
            shape, struct.pack("<e", float("nan")) + data[2:])
        self.write(tensors)
        self.assert_refused("model", "encoder.ln_post.bias", "damaged: get ")

    def test_a_shard_is_missing(self):
        toy_model.copy(self.model)
        os.rename(self.model / "model.safetensors",
                  self.model / "one.safetensors")
        (self.model / "model.safetensors.index.json").write_text(json.dumps(
            {"weight_map": {"a": "two.safetensors"}}))
        self.assert_refused("its shard two.safetensors is missing",
                            "get all files")

    def test_config_without_a_field(self):
        config = toy_model.dims()
        del config["n_text_head"]
        toy_model.write(self.model, config=config)
        self.assert_refused("config.json", "n_text_head")

    def test_config_with_an_absurd_field(self):
        for value in (0, -4, 10 ** 12, "many", 3.5, None, [2]):
            with self.subTest(value=value):
                toy_model.write(
                    self.model, config=dict(toy_model.dims(),
                                            n_audio_layer=value))
                self.assert_refused("config.json", "n_audio_layer")

    def test_config_with_a_number_that_is_not_whole(self):
        toy_model.write(
            self.model, config=dict(toy_model.dims(), n_audio_layer=3.5))
        self.assert_refused("config.json", '"n_audio_layer" is 3.5',
                            "give a whole number")

    def test_config_with_another_window(self):
        for value in (3, 1499, 3000):
            with self.subTest(value=value):
                toy_model.write(
                    self.model, config=dict(toy_model.dims(),
                                            n_audio_ctx=value))
                self.assert_refused("config.json", f"n_audio_ctx is {value}",
                                    "1500")
        for command in (("models", "info", self.model),
                        ("bench", "--session-only", "--model", self.model,
                         self.audio),
                        ("bench", "--encoder-only", "--model", self.model,
                         self.audio)):
            with self.subTest(command=command):
                self.assert_fails(self.run_program(*command), MODEL,
                                  "config.json", "n_audio_ctx is 3000")

    def test_config_with_no_vocabulary_of_whispers(self):
        for value in (1, 50257, 51867):
            with self.subTest(value=value):
                toy_model.write(self.model, n_vocab=value)
                self.assert_refused("config.json", f"n_vocab is {value}",
                                    "51864")

    def test_config_with_another_vocabulary_than_the_weights(self):
        for value in (1, toy_model.MULTILINGUAL):
            with self.subTest(value=value):
                toy_model.write(
                    self.model, config=dict(toy_model.dims(), n_vocab=value))
                self.assert_refused("model.safetensors", str(value))

    def test_config_that_is_not_json(self):
        toy_model.copy(self.model)
        (self.model / "config.json").write_text("{'n_mels': 80,")
        self.assert_refused("config.json")

    def test_config_is_missing(self):
        toy_model.copy(self.model)
        (self.model / "config.json").unlink()
        self.assert_refused(self.model)

    def test_pickle_that_calls_code(self):
        mark = self.folder / "called"

        class Evil:
            def __reduce__(self):
                return os.system, (f"touch {mark}",)

        path = self.folder / "evil.pt"
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("evil/data.pkl", pickle.dumps(
                {"dims": toy_model.dims(), "model_state_dict": Evil()},
                protocol=2))
            archive.writestr("evil/version", "3\n")
        self.assert_refused("evil.pt", "system", model=path)
        self.assertFalse(mark.exists())

    def test_pickle_with_other_dimensions(self):
        path = self.folder / "other.pt"
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("other/data.pkl", pickle.dumps(
                {"dims": dict(toy_model.dims(), n_more=1),
                 "model_state_dict": {}},
                protocol=2))
            archive.writestr("other/version", "3\n")
        self.assert_refused("other.pt", '"n_more" is no dimension', model=path)

    def test_file_that_is_no_model(self):
        path = self.folder / "model.pt"
        for data in (b"", b"not a model"):
            path.write_bytes(data)
            self.assert_refused("model.pt", model=path)


class QuantizedModel(ModelTest):
    """In MLX's quantization: good ones, and what does not fit in them."""

    def write_quantized(self, bits=4, group_size=32, spoil=None, config=()):
        tensors = toy_model.quantized_weights(bits, group_size)
        if spoil:
            spoil(tensors)
        said = toy_model.quantization(bits, group_size)
        said["quantization"].update(config)
        toy_model.write(self.model, tensors=tensors,
                        config=dict(toy_model.dims(), **said))

    def test_it_is_transcribed_and_described(self):
        for bits, group_size in ((4, 32), (8, 64)):
            with self.subTest(bits=bits, group_size=group_size):
                self.write_quantized(bits, group_size)
                for compute in ("f32", "int8"):
                    result = self.run_program(
                        "transcribe", "--model", self.model, self.audio,
                        "--compute", compute)
                    self.assertEqual(result.code, DONE, result.err)
                    self.assertTrue(result.out)
                result = self.run_program("models", "info", self.model)
                self.assertIn(
                    f"{bits} bits in groups of {group_size} (affine), "
                    "else f16", result.out)
                plain = toy_model.copy(self.folder / f"plain{bits}")
                told = [json.loads(self.run_program(
                    "models", "info", "--json", model).out)
                    for model in (self.model, plain)]
                self.assertEqual(told[0]["quantization"], {
                    "group_size": group_size, "bits": bits, "mode": "affine"})
                self.assertIsNone(told[1]["quantization"])
                self.assertEqual(told[0]["parameters"], told[1]["parameters"])

    def test_other_bits_groups_and_modes(self):
        for entry, part in (({"bits": 3}, "only 8, 4 are read"),
                            ({"group_size": 16}, "only 32, 64, 128 are read"),
                            ({"mode": "mxfp4"}, "--q-mode affine"),
                            ({"bits": None}, "misshapen"),
                            ({"bits": "4"}, "not a whole number")):
            with self.subTest(entry=entry):
                self.write_quantized(8, config=entry)
                self.assert_refused(
                    "model.safetensors" if part == "misshapen"
                    else "config.json", part)

    def test_no_word_of_it_in_the_configuration(self):
        toy_model.write(self.model,
                        tensors=toy_model.quantized_weights(4, 32))
        self.assert_refused("model.safetensors", "config.json", "group_size")

    def test_missing_and_misshapen_parts(self):
        layer = "decoder.blocks.0.mlp2"

        def without(kind):
            return lambda tensors: tensors.pop(f"{layer}.{kind}")

        def halved(tensors):
            (rows, groups), data = tensors[f"{layer}.scales"]
            tensors[f"{layer}.scales"] = (rows, 1), data[:len(data) // 2]

        for spoil, part in ((without("scales"), "1 missing"),
                            (without("biases"), "1 missing"),
                            (halved, "1 misshapen")):
            with self.subTest(part=part):
                self.write_quantized(spoil=spoil)
                self.assert_refused("model.safetensors", part, layer)


class BadVocabulary(CliTest):
    def setUp(self):
        super().setUp()
        self.audio = sounds.write_tone(self.folder / "a.wav")
        self.model = toy_model.copy(self.folder / "model")
        if not (program.CACHE / "vocab/multilingual.tiktoken").is_file():
            program.lacks("no vocabularies: run `make setup`")

    def transcribe_it(self):
        return self.run_program(
            "transcribe", "--model", self.model, self.audio)

    def test_of_another_checkpoint(self):
        shutil.copy(program.CACHE / "vocab/multilingual.tiktoken",
                    self.model / "gpt2.tiktoken")
        self.assert_fails(self.transcribe_it(), MODEL, "gpt2.tiktoken",
                          self.model, "51865", "51864")

    def test_damaged(self):
        whole = (program.CACHE / "vocab/gpt2.tiktoken").read_text("ascii")
        lines = whole.splitlines(keepends=True)
        lines[6] = "!!!! 6\n"
        (self.model / "gpt2.tiktoken").write_text("".join(lines))
        self.assert_fails(self.transcribe_it(), MODEL, "gpt2.tiktoken",
                          "line 7")

    def test_truncated(self):
        whole = (program.CACHE / "vocab/gpt2.tiktoken").read_bytes()
        (self.model / "gpt2.tiktoken").write_bytes(whole[:len(whole) // 2])
        self.assert_fails(self.transcribe_it(), MODEL, "gpt2.tiktoken")

    def test_none(self):
        empty = dict(self.environment(),
                     MLXAUDIO_CACHE=str(self.folder / "cache"))
        result = self.run_program(
            "transcribe", "--model", self.model, self.audio, env=empty)
        self.assert_fails(result, MODEL, "gpt2.tiktoken")


class EnglishOnly(CliTest):
    def test_cannot_translate(self):
        audio = sounds.write_tone(self.folder / "a.wav")
        self.assert_fails(
            self.transcribe(audio, "--task", "translate"), USAGE, "English")
        for language in ("en", "English"):
            self.assertEqual(
                self.transcribe(audio, "--language", language).code, DONE)

    def test_languages_that_a_checkpoint_lacks(self):
        audio = sounds.write_tone(self.folder / "a.wav")
        result = self.run_program(
            "transcribe", "--model", toy_model.multilingual(), audio,
            "--language", "yue")
        self.assert_fails(result, USAGE, "yue")


class Import(CliTest):
    def test_a_full_disk_leaves_nothing(self):
        cache = self.empty_cache()
        result = self.run_program(
            "models", "import", toy_model.english(), "--name", "toy",
            env=dict(self.environment(), MLXAUDIO_CACHE=str(cache)),
            preexec_fn=program.no_room)
        self.assert_fails(result, OUTPUT,
                          cache / "models/toy/model.safetensors",
                          "make room there")
        self.assertEqual(self.files_below(cache / "models"), [])

    def test_then_use_by_name(self):
        cache = self.empty_cache()
        environment = dict(self.environment(), MLXAUDIO_CACHE=str(cache))
        audio = sounds.write_tone(self.folder / "a.wav")
        done = self.run_program("models", "import", toy_model.english(),
                                "--name", "toy", env=environment)
        self.assertEqual(done.code, DONE, done.err)
        by_name = self.run_program(
            "transcribe", "--model", "toy", audio, env=environment)
        self.assertEqual(by_name.code, DONE, by_name.err)
        self.assertEqual(by_name.out, self.transcribe(audio).out)
        listed = json.loads(self.run_program(
            "models", "list", "--json", env=environment).out)
        self.assertTrue(any(
            m["name"] == "toy" and m["installed"] for m in listed))

    def test_names_that_are_paths(self):
        for name in ("../up", "a/b", "", ".", ".."):
            with self.subTest(name=name):
                result = self.run_program(
                    "models", "import", toy_model.english(), "--name", name)
                self.assertEqual(result.code, USAGE, result.err)


if __name__ == "__main__":
    unittest.main()
