// SPDX-License-Identifier: MIT
// Beam search, draws and fallback: what openai-whisper transcribes when it
// makes the same draws (port/whisper/record_decoding.py).

#include <thread>

#include "decoding_runs.h"

namespace mlxaudio::e2e {
namespace {

TEST_P(DecodingRuns, AreTheReferencesTokenForToken) {
  expect_runs_equal(GetParam(), /*quick=*/true);
}

INSTANTIATE_TEST_SUITE_P(
    Whisper, DecodingRuns, testing::ValuesIn(decoding_run_groups()), run_name);

TEST(DecodingGroups, CoverEveryRecordedRunOnce) {
  for (const auto* name : {"base", "tiny.en"}) {
    const Json golden = read_golden(decoding_golden(name));
    for (const Json& run : golden["runs"]) {
      int groups = 0;
      for (const auto& [model_name, group] : decoding_run_groups()) {
        groups += model_name == name && is_of_group(run, group) ? 1 : 0;
      }
      EXPECT_EQ(groups, 1) << run["input"] << run["options"];
    }
  }
}

TEST(DecodingRecording, HasWhatItIsMeantToShow) {
  // Texts that were taken at the first, at a later and at the last temperature,
  // and windows that were silence.
  std::set<double> temperatures;
  int silent = 0;
  const Json golden = read_golden(decoding_golden("tiny.en"));
  for (const Json& run : golden["runs"]) {
    silent += run["segments"].empty() ? 1 : 0;
    for (const Json& segment : run["segments"]) {
      if (!run["options"].contains("temperature")) {
        temperatures.insert(segment["temperature"].get<double>());
      }
    }
  }
  EXPECT_TRUE(temperatures.contains(0.0));
  EXPECT_TRUE(temperatures.contains(1.0));
  EXPECT_GE(temperatures.size(), 3U);
  EXPECT_GE(silent, 1);
}

TEST(Decoding, TheSameSeedTheSameText) {
  MLXAUDIO_NEEDS(lack_of_model("tiny.en"));
  const Recipes recipes(read_golden(decoding_golden("tiny.en")));
  MLXAUDIO_NEEDS(recipes.lack_of("librivox-0880"));
  const Audio audio = recipes.make("librivox-0880");
  TranscribeOptions options;
  options.temperature = {1.0};
  options.sample_len = 30;
  const auto with = [&](std::uint64_t seed) {
    options.seed = seed;
    return model("tiny.en").transcribe(audio, options);
  };
  const auto first = with(1);
  expect_same_tokens(with(1), first);
  EXPECT_NE(with(2).text, first.text);
}

TEST(Decoding, EightThreadsGetWhatEachWouldGetAlone) {
  constexpr std::size_t kThreads = 8;
  MLXAUDIO_NEEDS(lack_of_model("tiny.en"));
  const Json golden = read_golden(decoding_golden("tiny.en"));
  const Recipes recipes(golden);
  std::vector<std::pair<Audio, Json>> runs;
  for (const Json& run : golden["runs"]) {
    const std::string input = run["input"];
    if (runs.size() < kThreads && recipes.lack_of(input).empty()) {
      runs.emplace_back(recipes.make(input), run);
    }
  }
  ASSERT_EQ(runs.size(), kThreads);
  const SpeechToText& shared = model("tiny.en");
  std::vector<std::thread> threads;
  for (const auto& [audio, run] : runs) {
    threads.emplace_back([&, &audio = audio, &run = run] {
      expect_equal(shared.transcribe(audio, read_options(run["options"])), run);
    });
  }
  for (std::thread& thread : threads) {
    thread.join();
  }
}

} // namespace
} // namespace mlxaudio::e2e
