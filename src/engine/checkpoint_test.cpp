// SPDX-License-Identifier: MIT
#include "engine/checkpoint.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "core/expect_error.h"
#include "core/temp_folder.h"

namespace mlxaudio::engine {
namespace {

TEST(Mends, AnErrorKeepsItsClassAndGetsAnEnd) {
  expect_error<WeightError>(
      [] {
        with_mends([] {
          throw WeightError("[whisper.load] x: no config.json (nor)");
        });
      },
      {"[whisper.load] x: no config.json (nor): get all files of the model"});
  EXPECT_EQ(with_mends([] { return 3; }), 3);
}

TEST(Mends, WhatSaysItselfWhatToDoIsLeftAlone) {
  for (const std::string message :
       {"[whisper.load] x: no weights.npz: save the model with y",
        "[whisper.config] x: \"alignment_heads\" is not a list: expected a z",
        "[whisper.weights] x: quantized: use an f16 one",
        "[audio] other"}) {
    EXPECT_EQ(mend_for(message), "") << message;
  }
}

TEST(Mends, TheLoadersOwnMessagesGetOne) {
  const TempFolder folder;
  expect_error<ConfigError>(
      [&] { load_checkpoint(folder.path()); },
      {"no config.json", ": get all files of the model"});
  folder.write("config.json", "{}");
  expect_error<ConfigError>(
      [&] { load_checkpoint(folder.path()); },
      {"\"n_mels\" is missing", ": get the checkpoint again"});
}

TEST(Mends, ANumberThatIsNotWholeIsNamedWithItsFile) {
  const TempFolder folder;
  folder.write("config.json", R"({"n_mels": 3.5})");
  expect_error<ConfigError>(
      [&] { load_checkpoint(folder.path()); },
      {"config.json: \"n_mels\" is 3.5", "give a whole number"});
}

class CheckUsable : public ::testing::Test {
 protected:
  CheckUsable() {
    folder_.write("config.json", R"({"n_vocab": 0})");
    checkpoint_.path = folder_.path();
    checkpoint_.layout = whisper::Layout::mlx;
    checkpoint_.dims.n_audio_ctx = 1500;
    checkpoint_.dims.n_vocab = 51864;
  }

  void expect_refused(const std::vector<std::string>& parts) const {
    expect_error<ConfigError>([&] { check_usable(checkpoint_); }, parts);
  }

  TempFolder folder_;
  whisper::LoadedCheckpoint checkpoint_;
};

TEST_F(CheckUsable, TakesEveryVocabularyOfWhispers) {
  for (const int n_vocab : {51864, 51865, 51866}) {
    checkpoint_.dims.n_vocab = n_vocab;
    EXPECT_NO_THROW(check_usable(checkpoint_)) << n_vocab;
  }
}

TEST_F(CheckUsable, RefusesWhatCannotTakeThirtySeconds) {
  checkpoint_.dims.n_audio_ctx = 1499;
  expect_refused({"config.json: n_audio_ctx is 1499", "1500"});
}

TEST_F(CheckUsable, RefusesWhatIsNoVocabularyOfWhispers) {
  for (const int n_vocab : {1, 51000, 51867, 1'000'000}) {
    checkpoint_.dims.n_vocab = n_vocab;
    expect_refused({fmt::format("config.json: n_vocab is {}", n_vocab)});
  }
}

TEST_F(CheckUsable, NamesTheFieldAsTheFileDoes) {
  folder_.write(
      "config.json",
      R"({"vocab_size": 10, "max_source_positions": 1})");
  checkpoint_.dims.n_vocab = 10;
  expect_refused({"config.json: vocab_size is 10"});
  checkpoint_.dims.n_audio_ctx = 1;
  expect_refused({"config.json: max_source_positions is 1"});
}

TEST_F(CheckUsable, NamesAFileThatHoldsItsDimensions) {
  checkpoint_.dims.n_vocab = 10;
  checkpoint_.path = folder_.path() / "mine.pt";
  expect_refused({"mine.pt: n_vocab is 10"});
  checkpoint_.path = folder_.path() / "model.safetensors";
  expect_refused({"config.json: n_vocab is 10"});
  checkpoint_.layout = whisper::Layout::ctranslate2;
  checkpoint_.path = folder_.path();
  expect_refused({folder_.path().string() + ": n_vocab is 10"});
}

} // namespace
} // namespace mlxaudio::engine
