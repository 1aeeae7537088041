// SPDX-License-Identifier: MIT
// Files that are decoded together come to what each comes to alone, with real
// weights and real speech.

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <iostream>
#include <string>
#include <vector>

#include "support.h"

namespace mlxaudio::e2e {
namespace {

/// Speech of several lengths, the longest clips first.
std::vector<std::filesystem::path> clips() {
  std::vector<std::filesystem::path> found;
  for (const auto& folder :
       {debian_audio_dir() / "librivox", shared_audio_dir()}) {
    if (!std::filesystem::is_directory(folder)) {
      std::cerr << "NOT TESTED: " << folder << " is missing\n";
      continue;
    }
    for (const auto& file : std::filesystem::directory_iterator(folder)) {
      if (file.path().extension() == ".wav") {
        found.push_back(file.path());
      }
    }
  }
  const auto size = [](const auto& file) {
    return std::filesystem::file_size(file);
  };
  std::sort(found.begin(), found.end(), [&](const auto& a, const auto& b) {
    return size(a) != size(b) ? size(a) > size(b) : a < b;
  });
  return found;
}

/// Whatever is in them, to the last bit.
void expect_equal_bits(const Transcription& got, const Transcription& alone) {
  EXPECT_EQ(got.language, alone.language);
  EXPECT_EQ(got.text, alone.text);
  ASSERT_EQ(got.segments.size(), alone.segments.size());
  for (std::size_t i = 0; i < got.segments.size(); ++i) {
    const Segment& a = got.segments[i];
    const Segment& b = alone.segments[i];
    EXPECT_EQ(a.tokens, b.tokens);
    EXPECT_EQ(a.seek, b.seek);
    EXPECT_EQ(a.start, b.start);
    EXPECT_EQ(a.end, b.end);
    EXPECT_EQ(a.temperature, b.temperature);
    EXPECT_EQ(a.avg_logprob, b.avg_logprob);
    EXPECT_EQ(a.no_speech_prob, b.no_speech_prob);
    EXPECT_EQ(a.compression_ratio, b.compression_ratio);
    ASSERT_EQ(a.words.has_value(), b.words.has_value());
    if (a.words) {
      ASSERT_EQ(a.words->size(), b.words->size());
      for (std::size_t k = 0; k < a.words->size(); ++k) {
        EXPECT_EQ((*a.words)[k].word, (*b.words)[k].word);
        EXPECT_EQ((*a.words)[k].start, (*b.words)[k].start);
        EXPECT_EQ((*a.words)[k].end, (*b.words)[k].end);
        EXPECT_EQ((*a.words)[k].probability, (*b.words)[k].probability);
      }
    }
  }
}

void expect_same_together(
    const std::string& name,
    const TranscribeOptions& options,
    std::size_t most_files) {
  MLXAUDIO_NEEDS(lack_of_model(name));
  auto files = clips();
  MLXAUDIO_NEEDS(std::string(files.size() < 2 ? "too few clips" : ""));
  files.resize(std::min(files.size(), most_files));
  const auto& m = model(name);
  const auto outcomes = m.transcribe_all(files, 4, options);
  ASSERT_EQ(outcomes.size(), files.size());
  for (std::size_t i = 0; i < files.size(); ++i) {
    SCOPED_TRACE(files[i]);
    ASSERT_TRUE(outcomes[i].transcription);
    EXPECT_FALSE(outcomes[i].transcription->text.empty());
    expect_equal_bits(
        *outcomes[i].transcription,
        m.transcribe(files[i], options));
  }
}

TEST(Batch, GreedyTextsAreThoseOfEachFileAlone) {
  TranscribeOptions options;
  options.temperature = {0};
  expect_same_together("base", options, 3);
}

TEST(Batch, WordsAndBeamsAreThoseOfEachFileAlone) {
  TranscribeOptions options;
  options.beam_size = 2;
  options.word_timestamps = true;
  options.initial_prompt = "A reading of Sense and Sensibility.";
  expect_same_together("tiny.en", options, 5);
}

TEST(Batch, FallbacksAreThoseOfEachFileAlone) {
  TranscribeOptions options;
  options.language = "en";
  options.logprob_threshold = -0.2; // which few windows reach
  options.temperature = {0, 0.6, 1};
  options.best_of = 3;
  options.seed = 7;
  expect_same_together("tiny.en", options, 4);
}

} // namespace
} // namespace mlxaudio::e2e
