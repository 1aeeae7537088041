// SPDX-License-Identifier: MIT
#include "support.h"

#include <gtest/gtest.h>
#include <mlx/ops.h>
#include <mlx/transforms.h>
#include <stdlib.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <map>
#include <system_error>
#include <vector>

#include "core/paths.h"
#include "models/whisper/audio.h"

namespace mlxaudio::e2e {

namespace fs = std::filesystem;

namespace {

// What remains open between two float32 computations of the same numbers, in
// another order.
constexpr double kTime = 1e-6;
constexpr double kLogprob = 1e-3;
constexpr double kProbability = 1e-3;
constexpr double kRatio = 1e-6;

std::string environment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

template <typename T>
std::optional<T> optional_of(const Json& value) {
  return value.is_null() ? std::nullopt : std::optional(value.get<T>());
}

} // namespace

Json read_golden(const std::string& name) {
  return read_json(
      fs::path(MLXAUDIO_SOURCE_DIR) / "tests/golden/whisper" / name);
}

fs::path shared_audio_dir() {
  const std::string given = environment("MLXAUDIO_SHARED");
  const fs::path root =
      given.empty() ? fs::path(MLXAUDIO_SOURCE_DIR).parent_path() / "shared"
                    : fs::path(given);
  return root / "audio";
}

fs::path debian_audio_dir() {
  return cache_dir() / "audio";
}

bool in_ci() {
  return environment("CI") == "true";
}

fs::path model_dir(const std::string& name) {
  return cache_dir() / "models" / name;
}

std::string lack_of_model(const std::string& name) {
  const fs::path weights = model_dir(name) / "model.safetensors";
  if (fs::exists(weights)) {
    return {};
  }
  return "NOT TESTED: " + weights.string() + " is missing: run `make models`";
}

const SpeechToText& model(const std::string& name) {
  static std::map<std::string, SpeechToText> loaded;
  const auto found = loaded.find(name);
  if (found != loaded.end()) {
    return found->second;
  }
  return loaded.emplace(name, SpeechToText::load(name)).first->second;
}

mlx::core::array first_window(const Audio& audio, int n_mels) {
  const mlx::core::array samples(
      audio.samples.data(),
      {static_cast<int>(audio.samples.size())},
      mlx::core::float32);
  return whisper::pad_or_trim(
      whisper::log_mel_spectrogram(samples, n_mels, whisper::kNSamples),
      whisper::kNFrames,
      0);
}

TranscribeOptions read_options(const Json& arguments) {
  TranscribeOptions options;
  for (const auto& [key, value] : arguments.items()) {
    if (key == "task") {
      options.task = value;
    } else if (key == "language") {
      options.language = value.get<std::string>();
    } else if (key == "initial_prompt") {
      options.initial_prompt = value.get<std::string>();
    } else if (key == "carry_initial_prompt") {
      options.carry_initial_prompt = value;
    } else if (key == "word_timestamps") {
      options.word_timestamps = value;
    } else if (key == "prepend_punctuations") {
      options.prepend_punctuations = value;
    } else if (key == "append_punctuations") {
      options.append_punctuations = value;
    } else if (key == "clip_timestamps") {
      options.clip_timestamps = value.get<std::vector<double>>();
    } else if (key == "hallucination_silence_threshold") {
      options.hallucination_silence_threshold = optional_of<double>(value);
    } else if (key == "condition_on_previous_text") {
      options.condition_on_previous_text = value;
    } else if (key == "temperature") {
      options.temperature = value.is_array() ? value.get<std::vector<double>>()
                                             : std::vector{value.get<double>()};
    } else if (key == "seed") {
      options.seed = value;
    } else if (key == "best_of") {
      options.best_of = optional_of<int>(value);
    } else if (key == "beam_size") {
      options.beam_size = optional_of<int>(value);
    } else if (key == "patience") {
      options.patience = optional_of<double>(value);
    } else if (key == "length_penalty") {
      options.length_penalty = optional_of<double>(value);
    } else if (key == "prefix") {
      options.prefix = value.get<std::string>();
    } else if (key == "compression_ratio_threshold") {
      options.compression_ratio_threshold = optional_of<double>(value);
    } else if (key == "no_speech_threshold") {
      options.no_speech_threshold = optional_of<double>(value);
    } else if (key == "logprob_threshold") {
      options.logprob_threshold = optional_of<double>(value);
    } else if (key == "suppress_tokens") {
      options.suppress_tokens = value.get<std::vector<int>>();
    } else if (key == "suppress_blank") {
      options.suppress_blank = value;
    } else if (key == "without_timestamps") {
      options.without_timestamps = value;
    } else if (key == "max_initial_timestamp") {
      options.max_initial_timestamp = optional_of<double>(value);
    } else if (key == "sample_len") {
      options.sample_len = optional_of<int>(value);
    } else {
      ADD_FAILURE() << "the recording uses an unknown option: " << key;
    }
  }
  return options;
}

void expect_equal(const Transcription& got, const Json& expected) {
  EXPECT_TRUE(got.complete);
  EXPECT_EQ(got.language, expected["language"]);
  EXPECT_EQ(got.text, expected["text"]);
  const Json& segments = expected["segments"];
  ASSERT_EQ(got.segments.size(), segments.size());
  for (std::size_t i = 0; i < segments.size(); ++i) {
    SCOPED_TRACE("segment " + std::to_string(i));
    const Segment& ours = got.segments[i];
    const Json& theirs = segments[i];
    EXPECT_EQ(ours.id, theirs["id"]);
    EXPECT_EQ(ours.seek, theirs["seek"]);
    EXPECT_EQ(ours.tokens, theirs["tokens"].get<std::vector<int>>());
    EXPECT_EQ(ours.text, theirs["text"]);
    EXPECT_NEAR(ours.start, theirs["start"].get<double>(), kTime);
    EXPECT_NEAR(ours.end, theirs["end"].get<double>(), kTime);
    EXPECT_EQ(ours.temperature, theirs.value("temperature", 0.0));
    EXPECT_NEAR(
        ours.avg_logprob,
        theirs["avg_logprob"].get<double>(),
        kLogprob);
    EXPECT_NEAR(
        ours.no_speech_prob,
        theirs["no_speech_prob"].get<double>(),
        kProbability);
    EXPECT_NEAR(
        ours.compression_ratio,
        theirs["compression_ratio"].get<double>(),
        kRatio);
  }
}

void expect_same_tokens(const Transcription& a, const Transcription& b) {
  EXPECT_EQ(a.text, b.text);
  EXPECT_EQ(a.language, b.language);
  ASSERT_EQ(a.segments.size(), b.segments.size());
  for (std::size_t i = 0; i < a.segments.size(); ++i) {
    EXPECT_EQ(a.segments[i].tokens, b.segments[i].tokens) << "segment " << i;
  }
}

std::string identifier(std::string name) {
  std::replace_if(
      name.begin(),
      name.end(),
      [](char c) { return c == '.' || c == '-'; },
      '_');
  return name;
}

double l2_norm(const mlx::core::array& x) {
  namespace mx = mlx::core;
  const mx::array flat =
      mx::contiguous(mx::reshape(mx::astype(x, mx::float32), {-1}));
  mx::eval(flat);
  const float* data = flat.data<float>();
  double sum = 0;
  for (std::size_t i = 0; i < flat.size(); ++i) {
    sum += double{data[i]} * double{data[i]};
  }
  return std::sqrt(sum);
}

TemporaryFolder::TemporaryFolder() {
  std::string name = (fs::temp_directory_path() / "mlxaudio-XXXXXX").string();
  if (::mkdtemp(name.data()) == nullptr) {
    throw std::system_error(errno, std::generic_category(), name);
  }
  path_ = name;
}

TemporaryFolder::~TemporaryFolder() {
  std::error_code ignored;
  fs::remove_all(path_, ignored);
}

} // namespace mlxaudio::e2e
