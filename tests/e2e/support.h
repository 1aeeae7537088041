// SPDX-License-Identifier: MIT
#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <string>

#include <mlx/array.h>

#include "core/json.h"
#include "mlxaudio/stt.h"

namespace mlxaudio::e2e {

/// A file of tests/golden/whisper.
Json read_golden(const std::string& name);

/// Where shared test speech lies: `$MLXAUDIO_SHARED`, else `../shared` beside
/// the repository.
std::filesystem::path shared_audio_dir();

/// Where set-up puts the speech of Debian's package.
std::filesystem::path debian_audio_dir();

/// Whether this run is one that must not skip anything (CI=true).
bool in_ci();

/// What the tests on a packaged model lack; empty if they can run.
std::string lack_of_model(const std::string& name);

/// Skips, or fails in CI, where something that set-up fetches is missing.
#define MLXAUDIO_NEEDS(lack)               \
  if (const auto l = (lack); !l.empty()) { \
    if (mlxaudio::e2e::in_ci()) {          \
      FAIL() << l;                         \
    }                                      \
    GTEST_SKIP() << l;                     \
  }

/// The converted model's folder in the cache.
std::filesystem::path model_dir(const std::string& name);

/// A model by name, loaded once for each process.
const SpeechToText& model(const std::string& name);

/// The spectrogram of an audio's first window, padded with silence.
/// \shape [whisper::kNFrames, n_mels]
mlx::core::array first_window(const Audio& audio, int n_mels);

/// Options from the reference's keyword arguments.
TranscribeOptions read_options(const Json& arguments);

/// Checks a transcription against a recorded one: tokens, texts and places
/// exactly, the floating-point figures to what float32 leaves open.
void expect_equal(const Transcription& got, const Json& expected);

/// Two transcriptions of our own that must be the same in every token.
void expect_same_tokens(const Transcription& a, const Transcription& b);

/// A name with underscores for what GoogleTest does not allow in one.
std::string identifier(std::string name);

/// Names a test by its string parameter.
inline std::string test_name(
    const testing::TestParamInfo<std::string>& parameters) {
  return identifier(parameters.param);
}

/// Norm of an array, summed in double: a plain sum of float32 loses digits that
/// these tests look at.
double l2_norm(const mlx::core::array& x);

/// A folder that goes away with the object.
class TemporaryFolder {
 public:
  TemporaryFolder();
  ~TemporaryFolder();
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;

  const std::filesystem::path& path() const {
    return path_;
  }

 private:
  std::filesystem::path path_;
};

} // namespace mlxaudio::e2e
