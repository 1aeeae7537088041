// SPDX-License-Identifier: MIT
#include "models/whisper/batch.h"

#include <cmath>
#include <cstddef>
#include <stdexcept>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "core/fiber.h"
#include "models/whisper/decoding.h"
#include "models/whisper/toy_model.h"
#include "models/whisper/transcribe.h"

namespace mlxaudio::whisper {
namespace {

/// Some audio and what to do with it.
struct Job {
  double seconds;
  std::uint64_t seed;
  TranscribeOptions options;
};

TranscribeOptions greedy(int sample_len) {
  TranscribeOptions options;
  options.language = "en";
  options.temperature = {0};
  options.sample_len = sample_len;
  options.no_speech_threshold.reset();
  return options;
}

/// One job of every kind.
std::vector<Job> jobs() {
  std::vector<Job> all = {
      {3, 1, greedy(4)},
      {70, 2, greedy(9)},
      {31, 3, greedy(2)},
      {0, 4, greedy(5)}};
  Job beams{40, 5, greedy(5)};
  beams.options.beam_size = 3;
  all.push_back(beams);
  // A random model's text is improbable, so that all temperatures are tried.
  Job fallback{35, 6, greedy(4)};
  fallback.options.beam_size = 5;
  fallback.options.best_of = 4;
  fallback.options.temperature = {0, 0.4, 1.0};
  all.push_back(fallback);
  Job many{31, 7, greedy(3)};
  many.options.beam_size = 10;
  all.push_back(many);
  Job many_more = many;
  many_more.seed = 8;
  many_more.options.beam_size = 12;
  all.push_back(many_more);
  Job prompt{65, 9, greedy(6)};
  prompt.options.initial_prompt = "hihihihihihihi";
  prompt.options.carry_initial_prompt = true;
  all.push_back(prompt);
  Job words{33, 10, greedy(6)};
  words.options.word_timestamps = true;
  words.options.language.reset();
  all.push_back(words);
  Job clips{50, 11, greedy(5)};
  clips.options.clip_timestamps = {1, 4, 20.5};
  clips.options.without_timestamps = true;
  all.push_back(clips);
  return all;
}

MelFrames frames_of(const Job& job, std::vector<float>& samples) {
  samples =
      toy::noise(static_cast<std::size_t>(job.seconds * kSampleRate), job.seed);
  return mel_frames(samples, toy::shared_model().dims.n_mels);
}

Transcription alone(const Job& job) {
  std::vector<float> samples;
  return transcribe(toy::shared_model(), frames_of(job, samples), job.options);
}

/// A text of all that a transcription has, for comparison to the last bit.
std::string all_of(const Transcription& t) {
  std::string out = t.language + "|" + t.text + (t.complete ? "|" : "|cut ");
  const auto put = [&out](double value) {
    char buffer[40];
    std::snprintf(buffer, sizeof buffer, " %a", value);
    out += buffer;
  };
  for (const Segment& s : t.segments) {
    out += "\n" + std::to_string(s.id) + " " + std::to_string(s.seek) + s.text +
           s.cleared_text;
    for (const int token : s.tokens) {
      out += " " + std::to_string(token);
    }
    for (const double value :
         {s.start,
          s.end,
          s.temperature,
          s.avg_logprob,
          s.compression_ratio,
          s.no_speech_prob}) {
      put(value);
    }
    for (const Word& w : s.words.value_or(std::vector<Word>())) {
      out += " " + w.word;
      put(w.start);
      put(w.end);
      put(w.probability);
    }
  }
  return out;
}

std::vector<std::string> together(
    const std::vector<Job>& all, std::size_t size) {
  std::vector<std::string> results(all.size());
  run_batch(
      toy::shared_model(),
      all.size(),
      size,
      [&](std::size_t i, const MakeInference& inferences) {
        std::vector<float> samples;
        results[i] = all_of(transcribe(
            toy::shared_model(),
            inferences,
            frames_of(all[i], samples),
            all[i].options,
            {},
            {}));
      });
  return results;
}

TEST(RunBatch, EachComesToWhatItComesToAlone) {
  const auto all = jobs();
  std::vector<std::string> expected;
  for (const Job& job : all) {
    expected.push_back(all_of(alone(job)));
  }
  for (const std::size_t size : {3U, 16U}) {
    const auto results = together(all, size);
    for (std::size_t i = 0; i < all.size(); ++i) {
      EXPECT_EQ(results[i], expected[i]) << "job " << i << ", batch " << size;
    }
  }
}

TEST(RunBatch, OneThatFailsIsItsOwnAffair) {
  auto all = jobs();
  all.resize(3);
  const auto expected = all_of(alone(all[2]));
  std::string result;
  int failed = 0;
  run_batch(
      toy::shared_model(),
      3,
      3,
      [&](std::size_t i, const MakeInference& inferences) {
        std::vector<float> samples;
        TranscribeCallbacks callbacks;
        callbacks.on_segments = [i](const auto&) {
          if (i < 2) {
            throw std::domain_error("no more");
          }
        };
        try {
          result = all_of(transcribe(
              toy::shared_model(),
              inferences,
              frames_of(all[i], samples),
              all[i].options,
              callbacks,
              {}));
        } catch (const std::domain_error&) {
          ++failed;
        }
      });
  EXPECT_EQ(failed, 2);
  EXPECT_EQ(result, expected);
}

TEST(RunBatch, WhatEscapesWorkEndsAll) {
  const auto all = jobs();
  int ended = 0;
  struct Count {
    int& n;
    ~Count() {
      ++n;
    }
  };
  const auto work = [&](std::size_t i, const MakeInference& inferences) {
    const Count count{ended};
    if (i == 2) {
      throw std::domain_error("third");
    }
    std::vector<float> samples;
    transcribe(
        toy::shared_model(),
        inferences,
        frames_of(all[1], samples),
        all[1].options,
        {},
        {});
  };
  EXPECT_THROW(run_batch(toy::shared_model(), 4, 3, work), std::domain_error);
  EXPECT_EQ(ended, 3);
}

TEST(RunBatch, WorkThatCatchesEverythingIsUnwoundToo) {
  const auto all = jobs();
  int outcomes = 0;
  int abandoned = 0;
  const auto work = [&](std::size_t i, const MakeInference& inferences) {
    if (i == 2) {
      throw std::domain_error("third");
    }
    try {
      std::vector<float> samples;
      transcribe(
          toy::shared_model(),
          inferences,
          frames_of(all[1], samples),
          all[1].options,
          {},
          {});
    } catch (const FiberAbandoned&) {
      ++abandoned;
      throw;
    } catch (...) {
      ++outcomes;
    }
  };
  EXPECT_THROW(run_batch(toy::shared_model(), 4, 3, work), std::domain_error);
  EXPECT_EQ(abandoned, 2);
  EXPECT_EQ(outcomes, 0);
}

TEST(RunBatch, AtMostSoManyAtATimeInTheirOrder) {
  std::vector<std::size_t> begun;
  int running = 0;
  int most = 0;
  auto job = jobs().front();
  run_batch(
      toy::shared_model(),
      5,
      2,
      [&](std::size_t i, const MakeInference& inferences) {
        begun.push_back(i);
        most = std::max(most, ++running);
        std::vector<float> samples;
        transcribe(
            toy::shared_model(),
            inferences,
            frames_of(job, samples),
            job.options,
            {},
            {});
        --running;
      });
  EXPECT_EQ(begun, (std::vector<std::size_t>{0, 1, 2, 3, 4}));
  EXPECT_EQ(most, 2);
  run_batch(toy::shared_model(), 0, 2, [](std::size_t, const MakeInference&) {
    FAIL();
  });
}

TEST(RunBatch, AStopEndsEachAfterItsStep) {
  std::stop_source stop;
  const auto all = jobs();
  int interrupted = 0;
  int incomplete = 0;
  run_batch(
      toy::shared_model(),
      3,
      3,
      [&](std::size_t i, const MakeInference& inferences) {
        std::vector<float> samples;
        TranscribeCallbacks callbacks;
        callbacks.on_segments = [&](const auto&) { stop.request_stop(); };
        try {
          const auto result = transcribe(
              toy::shared_model(),
              inferences,
              frames_of(i == 0 ? all[2] : all[1], samples),
              i == 0 ? all[2].options : all[1].options,
              callbacks,
              stop.get_token());
          incomplete += result.complete ? 0 : 1;
        } catch (const InterruptedError&) {
          ++interrupted;
        }
      });
  // The first had its first window, of fewer tokens.
  EXPECT_EQ(incomplete, 1);
  EXPECT_EQ(interrupted, 2);
}

} // namespace
} // namespace mlxaudio::whisper
