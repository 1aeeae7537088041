// SPDX-License-Identifier: MIT
#include "engine/checkpoint.h"

#include <fmt/format.h>

#include <array>
#include <filesystem>
#include <system_error>

#include "core/json.h"
#include "mlxaudio/error.h"
#include "models/whisper/audio.h"
#include "models/whisper/tokenizer.h"

namespace mlxaudio::engine {

namespace {

struct Mend {
  std::string_view where; ///< how the message begins
  std::string_view what;  ///< and what it has in it
  std::string_view mend;
};

constexpr std::string_view kAgain = "get the checkpoint again";
constexpr std::string_view kWhispers = "use a checkpoint of Whisper's";

/// The first that fits counts.
constexpr std::array<Mend, 19> kMends{{
    {"[whisper.config]", ": expected ", ""},
    {"[whisper.config]",
     ", not a number",
     "give a whole number, or get the checkpoint again, with its "
     "configuration"},
    {"[whisper.config]",
     "",
     "get the checkpoint again, with its configuration"},
    {"[whisper.load]", "save the model with", ""},
    {"[whisper.load]", ": no config.json", "get all files of the model"},
    {"[whisper.load]", ": no weights.", "get all files of the model"},
    {"[whisper.load]", "a CTranslate2 model, but of", kWhispers},
    {"[whisper.load]", "not one of OpenAI's checkpoints", kWhispers},
    {"[whisper.load]", "there is no such file", "check its path"},
    {"[whisper.weights]",
     ": the tensors are not those of",
     "use the weights and the configuration of one checkpoint"},
    {"[whisper.weights]",
     "holds NaN or infinity: the file is damaged",
     "get it again"},
    {"[whisper.weights]", "no configuration says how", "add that"},
    {"[whisper.weights]", "not the weights of a Whisper model", kWhispers},
    {"[whisper.weights]", "Whisper's output is its embedding", kWhispers},
    {"[whisper.weights]", "for every Whisper model", kWhispers},
    {"[whisper.weights]", " comes twice", kAgain},
    {"[whisper.weights]", " does not divide into ", kAgain},
    {"[whisper.weights]", "which Whisper's keys have not", kAgain},
    {"[whisper.transcribe]",
     "is past the end of the audio",
     "give times within it"},
}};

/// A field's names in MLX's configuration and in that of Transformers.
struct FieldNames {
  std::string_view mlx;
  std::string_view transformers;
};

/// The file that says what the dimensions are.
std::filesystem::path source_of_dims(
    const whisper::LoadedCheckpoint& checkpoint) {
  const auto& path = checkpoint.path;
  if (checkpoint.layout == whisper::Layout::ctranslate2) {
    return path;
  }
  std::error_code ec;
  if (std::filesystem::is_directory(path, ec)) {
    return path / "config.json";
  }
  const auto kind = path.extension();
  return kind == ".safetensors" || kind == ".npz" || kind == ".json"
             ? path.parent_path() / "config.json"
             : path;
}

[[noreturn]] void refuse_field(
    const whisper::LoadedCheckpoint& checkpoint,
    const FieldNames& names,
    const std::string& what) {
  const auto source = source_of_dims(checkpoint);
  const bool theirs = source.filename() == "config.json" &&
                      read_json(source).contains(names.transformers);
  throw ConfigError(fmt::format(
      "[engine.models] {}: {} {}: mend it, or get the checkpoint again",
      source.string(),
      theirs ? names.transformers : names.mlx,
      what));
}

} // namespace

std::string_view mend_for(std::string_view message) {
  for (const auto& [where, what, mend] : kMends) {
    if (message.starts_with(where) && message.find(what) != message.npos) {
      return mend;
    }
  }
  return {};
}

whisper::LoadedCheckpoint load_checkpoint(const std::filesystem::path& path) {
  return with_mends([&] { return whisper::load_checkpoint(path); });
}

void check_usable(const whisper::LoadedCheckpoint& checkpoint) {
  // The encoder halves the frames of a window.
  constexpr int kPositions = static_cast<int>(whisper::kNFrames / 2);
  const auto& dims = checkpoint.dims;
  if (dims.n_audio_ctx != kPositions) {
    refuse_field(
        checkpoint,
        {"n_audio_ctx", "max_source_positions"},
        fmt::format(
            "is {}, and 30 s of audio make {} positions",
            dims.n_audio_ctx,
            kPositions));
  }
  constexpr int kMostLanguages = static_cast<int>(whisper::kLanguages.size());
  if (dims.num_languages() < 0 || dims.num_languages() > kMostLanguages) {
    refuse_field(
        checkpoint,
        {"n_vocab", "vocab_size"},
        fmt::format(
            "is {}, and Whisper's vocabularies have 51864 tokens (English "
            "only), 51865 or 51866",
            dims.n_vocab));
  }
}

} // namespace mlxaudio::engine
