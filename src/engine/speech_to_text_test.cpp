// SPDX-License-Identifier: MIT
#include <algorithm>
#include <cmath>
#include <cstring>
#include <fstream>
#include <limits>
#include <memory>
#include <stdexcept>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "audio/write_wav.h"
#include "core/expect_error.h"
#include "core/safetensors.h"
#include "core/temp_folder.h"
#include "kernels/compute.h"
#include "mlxaudio/stt.h"
#include "models/whisper/toy_model.h"

namespace mlxaudio {
namespace {

namespace toy = whisper::toy;

using Arrays = std::map<std::string, mx::array>;

void write_weights(const std::filesystem::path& path, const Arrays& arrays) {
  std::map<std::string, Tensor> tensors;
  for (const auto& [name, array] : arrays) {
    mx::array values = array;
    values.eval();
    const auto bytes =
        std::make_shared<std::vector<std::byte>>(values.nbytes());
    std::memcpy(bytes->data(), values.data<float>(), values.nbytes());
    tensors[name] = {
        .dtype = DType::f32,
        .shape = {values.shape().begin(), values.shape().end()},
        .bytes = *bytes,
        .owner = bytes};
  }
  write_safetensors(path, tensors);
}

/// A folder with a small random model, as a user has one on disk.
class ModelFolder {
 public:
  explicit ModelFolder(bool multilingual = true) {
    const auto d = toy::dims(multilingual);
    folder_.write("config.json", to_json(d).dump());
    write_weights(path() / "model.safetensors", toy::random_weights(d));
    toy::write_vocabulary(
        path() / (multilingual ? "multilingual.tiktoken" : "gpt2.tiktoken"),
        multilingual);
  }
  std::filesystem::path path() const {
    return folder_.path();
  }

 private:
  TempFolder folder_;
};

const SpeechToText& model() {
  static const ModelFolder folder;
  static const auto m = SpeechToText::load(folder.path().string());
  return m;
}

Audio noise(double seconds, int sample_rate = 16000) {
  return {
      toy::noise(static_cast<std::size_t>(seconds * sample_rate), 11),
      sample_rate};
}

/// Options with which a random model is done soon.
TranscribeOptions quick() {
  TranscribeOptions options;
  options.language = "en";
  options.temperature = {0};
  options.sample_len = 3;
  options.no_speech_threshold.reset();
  return options;
}

TEST(SpeechToText, SaysWhatItLoaded) {
  const auto& info = model().info();
  EXPECT_EQ(info.family, "whisper");
  EXPECT_EQ(info.weight_type, "f32");
  EXPECT_TRUE(info.multilingual);
  EXPECT_GT(info.parameters, 0U);
  ASSERT_EQ(info.config.size(), 10U);
  EXPECT_EQ(info.config[0].first, "n_mels");
  EXPECT_EQ(info.config[0].second, "80");
}

TEST(SpeechToText, Transcribes) {
  const auto result = model().transcribe(noise(2), quick());
  EXPECT_TRUE(result.complete);
  EXPECT_EQ(result.language, "en");
  ASSERT_FALSE(result.segments.empty());
  EXPECT_EQ(result.segments[0].id, 0);
  EXPECT_LT(result.segments[0].avg_logprob, 0);
}

TEST(SpeechToText, TakesNoAudioAndOneSample) {
  EXPECT_TRUE(model().transcribe(Audio{}, quick()).segments.empty());
  EXPECT_TRUE(model().transcribe(Audio{{0.5F}, 16000}, quick()).complete);
}

TEST(SpeechToText, TakesOtherRates) {
  const auto result = model().transcribe(noise(1, 8000), quick());
  EXPECT_TRUE(result.complete);
  EXPECT_THROW(model().transcribe(noise(1, 0), quick()), AudioError);
}

TEST(SpeechToText, AFileIsItsSamples) {
  const TempFolder folder;
  auto audio = noise(2);
  for (auto& x : audio.samples) {
    x = std::nearbyint(x * 32767) / 32768;
  }
  const auto path = folder.path() / "noise.wav";
  write_wav(path, audio);
  const auto from_file = model().transcribe(path, quick());
  const auto from_memory = model().transcribe(audio, quick());
  ASSERT_EQ(from_file.segments.size(), from_memory.segments.size());
  for (std::size_t i = 0; i < from_file.segments.size(); ++i) {
    EXPECT_EQ(from_file.segments[i].tokens, from_memory.segments[i].tokens);
    EXPECT_EQ(
        from_file.segments[i].avg_logprob,
        from_memory.segments[i].avg_logprob);
  }
}

TEST(SpeechToText, ServesEightThreads) {
  const auto audio = noise(2);
  const auto expected = model().transcribe(audio, quick());
  std::vector<std::thread> threads;
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([&] {
      // NOLINTNEXTLINE(performance-unnecessary-copy-initialization): its own.
      const SpeechToText copy = model();
      const auto thread = std::this_thread::get_id();
      int calls = 0;
      TranscribeCallbacks callbacks;
      callbacks.on_segments = [&](const auto&) {
        EXPECT_EQ(std::this_thread::get_id(), thread);
        ++calls;
      };
      const auto result = copy.transcribe(audio, quick(), callbacks);
      EXPECT_EQ(calls, 1);
      ASSERT_EQ(result.segments.size(), expected.segments.size());
      EXPECT_EQ(result.segments[0].tokens, expected.segments[0].tokens);
      EXPECT_EQ(
          result.segments[0].avg_logprob,
          expected.segments[0].avg_logprob);
    });
  }
  for (auto& thread : threads) {
    thread.join();
  }
}

TEST(SpeechToText, CallsBackInOrder) {
  std::vector<std::string> seen;
  TranscribeCallbacks callbacks;
  callbacks.on_language = [&](const auto& l) { seen.push_back("is " + l); };
  callbacks.on_segments = [&](const auto&) { seen.emplace_back("segments"); };
  callbacks.on_progress = [&](const auto& p) {
    EXPECT_DOUBLE_EQ(p.total, 2);
    seen.emplace_back(p.done < p.total ? "begun" : "done");
  };
  model().transcribe(noise(2), quick(), callbacks);
  EXPECT_EQ(
      seen,
      (std::vector<std::string>{"is en", "begun", "segments", "done"}));
}

TEST(SpeechToText, StopsBetweenWindows) {
  std::stop_source stop;
  TranscribeCallbacks callbacks;
  callbacks.on_segments = [&](const auto&) { stop.request_stop(); };
  const auto result =
      model().transcribe(noise(200), quick(), callbacks, stop.get_token());
  EXPECT_FALSE(result.complete);
  EXPECT_FALSE(result.segments.empty());
}

TEST(SpeechToText, AStopBeforeAnythingThrows) {
  std::stop_source stop;
  stop.request_stop();
  EXPECT_THROW(
      model().transcribe(noise(2), quick(), {}, stop.get_token()),
      InterruptedError);
}

TEST(SpeechToText, ThrowsWhatACallbackThrows) {
  TranscribeCallbacks callbacks;
  callbacks.on_segments = [](const auto&) {
    throw std::domain_error("enough");
  };
  EXPECT_THROW(
      model().transcribe(noise(90), quick(), callbacks),
      std::domain_error);
  EXPECT_TRUE(model().transcribe(noise(1), quick()).complete);
}

/// Files of noise, and one that is none.
class NoiseFiles {
 public:
  NoiseFiles() {
    for (const double seconds : {2.0, 200.0, 31.0}) {
      add(std::to_string(static_cast<int>(seconds)) + ".wav");
      write_wav(files.back(), noise(seconds));
    }
    add("missing.wav");
  }

  std::vector<std::filesystem::path> files;

 private:
  void add(const std::string& name) {
    files.push_back(folder_.path() / name);
  }

  TempFolder folder_;
};

TEST(SpeechToText, FilesTogetherComeToWhatEachComesTo) {
  const NoiseFiles noise_files;
  const auto& files = noise_files.files;
  std::vector<std::string> events(files.size());
  TranscribeAllCallbacks callbacks;
  const auto thread = std::this_thread::get_id();
  const auto note = [&](std::size_t file, char event) {
    EXPECT_EQ(std::this_thread::get_id(), thread);
    events.at(file) += event;
  };
  callbacks.on_start = [&](std::size_t file) { note(file, '('); };
  callbacks.on_language = [&](std::size_t file, const auto&) {
    note(file, 'l');
  };
  callbacks.on_segments = [&](std::size_t file, const auto& segments) {
    EXPECT_FALSE(segments.empty());
    note(file, 's');
  };
  callbacks.on_progress = [&](std::size_t file, const auto& progress) {
    EXPECT_GT(progress.total, 0);
    note(file, '.');
  };
  callbacks.on_done = [&](std::size_t file, const auto& outcome) {
    EXPECT_EQ(outcome.error != nullptr, file == 3);
    EXPECT_EQ(outcome.transcription.has_value(), file != 3);
    note(file, ')');
  };
  const auto outcomes = model().transcribe_all(files, 4, quick(), callbacks);
  ASSERT_EQ(outcomes.size(), 4U);
  for (std::size_t i = 0; i < 3; ++i) {
    const auto alone = model().transcribe(files[i], quick());
    ASSERT_TRUE(outcomes[i].transcription);
    const auto& segments = outcomes[i].transcription->segments;
    EXPECT_EQ(outcomes[i].transcription->text, alone.text);
    ASSERT_EQ(segments.size(), alone.segments.size());
    for (std::size_t k = 0; k < segments.size(); ++k) {
      EXPECT_EQ(segments[k].tokens, alone.segments[k].tokens);
      EXPECT_EQ(segments[k].end, alone.segments[k].end);
      EXPECT_EQ(segments[k].avg_logprob, alone.segments[k].avg_logprob);
    }
  }
  expect_error<AudioError>(
      [&] { std::rethrow_exception(outcomes[3].error); },
      {"missing.wav"});
  EXPECT_EQ(
      events,
      (std::vector<std::string>{
          "(l.s.)",
          "(l.s.s.s.s.s.s.s.)",
          "(l.s.s.)",
          "()"}));
}

TEST(SpeechToText, FilesTogetherInInt8ComeToWhatEachComesTo) {
  const ModelFolder folder;
  const auto int8 =
      SpeechToText::load(folder.path().string(), {.compute = Compute::int8});
  const NoiseFiles noise_files;
  const auto& files = noise_files.files;
  const auto outcomes = int8.transcribe_all(files, 3, quick());
  for (std::size_t i = 0; i < 3; ++i) {
    const auto alone = int8.transcribe(files[i], quick());
    ASSERT_TRUE(outcomes.at(i).transcription);
    const auto& segments = outcomes[i].transcription->segments;
    ASSERT_EQ(segments.size(), alone.segments.size());
    for (std::size_t k = 0; k < segments.size(); ++k) {
      EXPECT_EQ(segments[k].tokens, alone.segments[k].tokens);
      EXPECT_EQ(segments[k].avg_logprob, alone.segments[k].avg_logprob);
      EXPECT_EQ(segments[k].no_speech_prob, alone.segments[k].no_speech_prob);
    }
  }
}

TEST(SpeechToText, AStopEndsAllFiles) {
  const NoiseFiles noise_files;
  std::stop_source stop;
  TranscribeAllCallbacks callbacks;
  callbacks.on_segments = [&](std::size_t file, const auto&) {
    if (file == 1) {
      stop.request_stop();
    }
  };
  const auto transcribe_all = [&] {
    return model().transcribe_all(
        noise_files.files,
        4,
        quick(),
        callbacks,
        stop.get_token());
  };
  const auto outcomes = transcribe_all();
  ASSERT_TRUE(outcomes.at(1).transcription);
  EXPECT_FALSE(outcomes[1].transcription->complete);
  EXPECT_FALSE(outcomes[1].transcription->segments.empty());
  // From now on it is stopped before anything has begun.
  for (const auto& outcome : transcribe_all()) {
    ASSERT_TRUE(outcome.error);
    EXPECT_THROW(std::rethrow_exception(outcome.error), InterruptedError);
  }
}

TEST(SpeechToText, FilesThatWereNotBegunHaveAnOutcome) {
  const NoiseFiles noise_files;
  std::stop_source stop;
  TranscribeAllCallbacks callbacks;
  std::size_t begun = 0;
  callbacks.on_start = [&](std::size_t file) {
    ++begun;
    if (file == 1) {
      stop.request_stop();
    }
  };
  const auto outcomes = model().transcribe_all(
      noise_files.files,
      1,
      quick(),
      callbacks,
      stop.get_token());
  EXPECT_EQ(begun, 2U);
  ASSERT_TRUE(outcomes.at(0).transcription);
  EXPECT_TRUE(outcomes[0].transcription->complete);
  for (const std::size_t i : {2U, 3U}) {
    ASSERT_TRUE(outcomes.at(i).error);
    EXPECT_THROW(std::rethrow_exception(outcomes[i].error), InterruptedError);
  }
}

TEST(SpeechToText, WhatACallbackOfOneFileThrowsEndsAll) {
  const NoiseFiles noise_files;
  TranscribeAllCallbacks callbacks;
  callbacks.on_segments = [](std::size_t, const auto&) {
    throw std::domain_error("enough");
  };
  EXPECT_THROW(
      model().transcribe_all(noise_files.files, 3, quick(), callbacks),
      std::domain_error);
  EXPECT_TRUE(model().transcribe(noise(1), quick()).complete);
}

TEST(SpeechToText, RefusesABatchOfNoneOrTooMany) {
  for (const int size : {0, -1, kMaxBatchSize + 1}) {
    expect_error<ArgumentError>(
        [&] { model().transcribe_all({}, size, quick()); },
        {std::to_string(size), "1 to 8"});
  }
  EXPECT_TRUE(model().transcribe_all({}, 3, quick()).empty());
  auto options = quick();
  options.language = "klingon";
  EXPECT_THROW(model().transcribe_all({}, 3, options), ArgumentError);
}

TEST(SpeechToText, ListsLanguagesMostLikelyFirst) {
  const auto languages = model().detect_language(noise(2));
  ASSERT_EQ(languages.size(), 99U);
  double sum = 0;
  for (std::size_t i = 0; i < languages.size(); ++i) {
    sum += languages[i].second;
    EXPECT_LE(languages[i].second, languages[i > 0 ? i - 1 : 0].second);
  }
  EXPECT_NEAR(sum, 1, 1e-6);

  TranscribeOptions options;
  options.temperature = {0};
  options.sample_len = 1;
  EXPECT_EQ(model().transcribe(noise(2), options).language, languages[0].first);
}

TEST(SpeechToText, RefusesBadAudio) {
  auto audio = noise(1);
  audio.samples[1234] = std::numeric_limits<float>::quiet_NaN();
  expect_error<AudioError>(
      [&] { model().transcribe(audio, quick()); },
      {"sample 1234"});
  audio.samples[1234] = std::numeric_limits<float>::infinity();
  EXPECT_THROW(model().detect_language(audio), AudioError);
  expect_error<AudioError>(
      [&] {
        model().transcribe(std::filesystem::path("/nonexistent.wav"), quick());
      },
      {"/nonexistent.wav"});
}

TEST(SpeechToText, RefusesBadOptionsBeforeItReadsTheFile) {
  auto options = quick();
  options.language = "klingon";
  expect_error<ArgumentError>(
      [&] {
        model().transcribe(std::filesystem::path("/nonexistent.wav"), options);
      },
      {"klingon"});
  options = quick();
  options.suppress_tokens = {-5};
  EXPECT_THROW(model().transcribe(noise(1), options), ArgumentError);
  options = quick();
  options.initial_prompt = "forged <|endoftext|>";
  EXPECT_THROW(model().transcribe(noise(1), options), TokenError);
}

TEST(SpeechToText, AnEnglishOnlyModelSaysSo) {
  const ModelFolder folder(false);
  const auto english = SpeechToText::load(folder.path().string());
  EXPECT_FALSE(english.info().multilingual);
  auto options = quick();
  options.language.reset();
  EXPECT_EQ(english.transcribe(noise(1), options).language, "en");
  options.language = "fr";
  EXPECT_THROW(english.transcribe(noise(1), options), UnsupportedError);
  EXPECT_THROW(english.detect_language(noise(1)), UnsupportedError);
}

TEST(SpeechToText, LoadNamesWhatIsWrong) {
  EXPECT_THROW(SpeechToText::load("/nonexistent/model"), ConfigError);

  const ModelFolder damaged;
  const auto weights = damaged.path() / "model.safetensors";
  std::filesystem::resize_file(
      weights,
      std::filesystem::file_size(weights) - 100);
  expect_error<WeightError>(
      [&] { SpeechToText::load(damaged.path().string()); },
      {"model.safetensors"});

  const ModelFolder wrong;
  toy::write_vocabulary(wrong.path() / "multilingual.tiktoken", false);
  expect_error<TokenError>(
      [&] { SpeechToText::load(wrong.path().string()); },
      {"multilingual.tiktoken"});
}

TEST(SpeechToText, LoadTakesTheNameOfAnOfficialModel) {
  const ModelFolder folder;
  const auto load = [&](const std::string& name) {
    LoadOptions options;
    options.official_name = name;
    SpeechToText::load(folder.path().string(), options);
  };
  EXPECT_NO_THROW(load("distil-small.en")); // has no heads to give
  expect_error<ArgumentError>([&] { load("mine"); }, {"\"mine\""});
  expect_error<ConfigError>(
      [&] { load("tiny"); },
      {folder.path().string(), "is not a tiny"});
}

TEST(SpeechToText, AModelMayGoWhileAnotherWorks) {
  const ModelFolder folder;
  for (int i = 0; i < 3; ++i) {
    auto other = SpeechToText::load(folder.path().string());
    std::thread thread(
        [&] { EXPECT_TRUE(model().transcribe(noise(1), quick()).complete); });
    EXPECT_TRUE(other.transcribe(noise(1), quick()).complete);
    thread.join();
  }
}

TEST(SpeechToText, SaysWhatItComputesIn) {
  const ModelFolder folder;
  const auto path = folder.path().string();
  EXPECT_EQ(model().info().compute, "f32");
  const auto int8 = SpeechToText::load(path, {.compute = Compute::int8});
  EXPECT_EQ(int8.info().compute, "int8");
  EXPECT_TRUE(int8.transcribe(noise(1), quick()).complete);
  const auto automatic =
      SpeechToText::load(path, {.compute = Compute::automatic});
  EXPECT_EQ(automatic.info().compute, kernels::has_int8_dot() ? "int8" : "f32");
  if (kernels::has_bf16_dot()) {
    const auto bf16 = SpeechToText::load(path, {.compute = Compute::bf16});
    EXPECT_EQ(bf16.info().compute, "bf16");
    EXPECT_TRUE(bf16.transcribe(noise(1), quick()).complete);
  } else {
    expect_error<UnsupportedError>(
        [&] { SpeechToText::load(path, {.compute = Compute::bf16}); },
        {"bf16", "--compute f32"});
  }
}

TEST(SpeechToText, AProcessHasOneDeviceAndOnePool) {
  const ModelFolder folder;
  ASSERT_TRUE(model().info().multilingual);
  const auto path = folder.path().string();
  EXPECT_THROW(
      SpeechToText::load(path, {.device = Device::gpu, .threads = 0}),
      Error);
  EXPECT_THROW(
      SpeechToText::load(path, {.device = Device::cpu, .threads = 77}),
      ArgumentError);
}

} // namespace
} // namespace mlxaudio
