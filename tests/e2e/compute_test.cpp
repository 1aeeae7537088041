// SPDX-License-Identifier: MIT
// Products in fewer bits leave a short clip's text what it is in f32, with
// real weights and real speech.

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <string>

#include "kernels/compute.h"
#include "support.h"

namespace mlxaudio::e2e {
namespace {

std::filesystem::path short_clip() {
  const auto shared = shared_audio_dir() / "jfk.wav";
  return std::filesystem::exists(shared)
             ? shared
             : debian_audio_dir() / "librivox" /
                   "sense_and_sensibility_01_austen_64kb-0880.wav";
}

std::string lack_of_clip() {
  const auto clip = short_clip();
  return std::filesystem::exists(clip)
             ? ""
             : "NOT TESTED: " + clip.string() + " is missing: run `make setup`";
}

std::string text_in(Compute compute) {
  const auto model = SpeechToText::load("base", {.compute = compute});
  EXPECT_EQ(model.info().compute, kernels::name_of(compute));
  TranscribeOptions options;
  options.temperature = {0};
  return model.transcribe(short_clip(), options).text;
}

void expect_text_of_f32(Compute compute) {
  MLXAUDIO_NEEDS(lack_of_model("base"));
  MLXAUDIO_NEEDS(lack_of_clip());
  const std::string text = text_in(Compute::f32);
  EXPECT_GT(text.size(), 10U);
  EXPECT_EQ(text_in(compute), text);
}

TEST(ComputeIn, Int8GivesTheTextOfF32) {
  expect_text_of_f32(Compute::int8);
}

TEST(ComputeIn, Bf16GivesTheTextOfF32) {
  const auto available = kernels::available_computes();
  if (std::find(available.begin(), available.end(), Compute::bf16) ==
      available.end()) {
    // Not a lack of set-up: CI's processor may be one of these.
    GTEST_SKIP() << "NOT TESTED: this processor does not multiply bf16";
  }
  expect_text_of_f32(Compute::bf16);
}

} // namespace
} // namespace mlxaudio::e2e
