// SPDX-License-Identifier: MIT
#include "engine/checkpoint.h"

#include <gtest/gtest.h>

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

TEST(CheckWindow, RefusesWhatCannotTakeThirtySeconds) {
  const TempFolder folder;
  whisper::LoadedCheckpoint checkpoint;
  checkpoint.path = folder.path();
  checkpoint.dims.n_audio_ctx = 1500;
  EXPECT_NO_THROW(check_window(checkpoint));
  checkpoint.dims.n_audio_ctx = 1499;
  expect_error<ConfigError>(
      [&] { check_window(checkpoint); },
      {folder.path().string() + ": n_audio_ctx is 1499", "1500"});
  folder.write("config.json", "{}");
  expect_error<ConfigError>(
      [&] { check_window(checkpoint); },
      {"config.json: n_audio_ctx is 1499"});
}

} // namespace
} // namespace mlxaudio::engine
