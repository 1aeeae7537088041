// SPDX-License-Identifier: MIT
#include "engine/checkpoint.h"

#include <fmt/format.h>

#include <array>

#include "mlxaudio/error.h"
#include "models/whisper/audio.h"

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
constexpr std::array<Mend, 18> kMends{{
    {"[whisper.config]", ": expected ", ""},
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

void check_window(const whisper::LoadedCheckpoint& checkpoint) {
  // The encoder halves the frames of a window.
  constexpr int kPositions = static_cast<int>(whisper::kNFrames / 2);
  if (checkpoint.dims.n_audio_ctx == kPositions) {
    return;
  }
  const auto config = checkpoint.path / "config.json";
  std::error_code ec;
  const bool has_config = std::filesystem::exists(config, ec);
  throw ConfigError(fmt::format(
      "[engine.models] {}: n_audio_ctx is {}, and 30 s of audio make {} "
      "positions: mend it, or get the checkpoint again",
      (has_config ? config : checkpoint.path).string(),
      checkpoint.dims.n_audio_ctx,
      kPositions));
}

} // namespace mlxaudio::engine
