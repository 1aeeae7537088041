// SPDX-License-Identifier: MIT
// The word and character errors that the reference makes on the same speech:
// its transcripts, its normalizers, and an independent count.

#include <gtest/gtest.h>

#include <filesystem>
#include <map>
#include <string>
#include <utility>

#include <fmt/format.h>

#include "cli/manifest.h"
#include "cli/scoring.h"
#include "support.h"

namespace mlxaudio::e2e {
namespace {

namespace fs = std::filesystem;

text::EditCounts counts_of(const Json& json) {
  return {
      .hits = json["hits"],
      .substitutions = json["substitutions"],
      .deletions = json["deletions"],
      .insertions = json["insertions"]};
}

std::string joined(const std::vector<std::string>& words) {
  return fmt::format("{}", fmt::join(words, " "));
}

std::string lack_of_clips(const std::string& manifest) {
  const auto entries = cli::read_manifest(
      fs::path(MLXAUDIO_SOURCE_DIR) / "samples" / manifest,
      debian_audio_dir());
  for (const auto& entry : entries) {
    if (!fs::exists(entry.audio)) {
      return "NOT TESTED: " + entry.audio.string() +
             " is missing: run `make setup`";
    }
  }
  return {};
}

class WordErrors : public testing::TestWithParam<std::string> {};

TEST_P(WordErrors, AreTheReferences) {
  const std::string& name = GetParam();
  MLXAUDIO_NEEDS(lack_of_model(name));
  std::map<std::string, std::string> transcripts;
  const Json golden = read_golden("word_errors.json");
  for (const Json& run : golden["runs"]) {
    if (run["model"] != name) {
      continue;
    }
    const std::string manifest = run["manifest"];
    SCOPED_TRACE(
        manifest + " " + run["options"].dump() + " " +
        run["normalizer"].get<std::string>());
    MLXAUDIO_NEEDS(lack_of_clips(manifest));
    TranscribeOptions options = read_options(run["options"]);
    options.temperature = {0.0}; // as recorded, without fallback
    const cli::Scorer scorer({.normalizer = run["normalizer"]});
    const auto entries = cli::read_manifest(
        fs::path(MLXAUDIO_SOURCE_DIR) / "samples" / manifest,
        debian_audio_dir());
    ASSERT_EQ(entries.size(), run["files"].size());
    text::EditCounts words;
    text::EditCounts characters;
    for (std::size_t i = 0; i < entries.size(); ++i) {
      const Json& expected = run["files"][i];
      ASSERT_EQ(entries[i].id, expected["id"]);
      SCOPED_TRACE(entries[i].id);
      // Two normalizers look at each transcript.
      const std::string key = entries[i].id + run["options"].dump();
      if (!transcripts.contains(key)) {
        transcripts[key] =
            model(name).transcribe(entries[i].audio, options).text;
      }
      const cli::Score score =
          scorer.score(entries[i].text, transcripts[key], "en");
      EXPECT_EQ(joined(score.reference), expected["reference"]);
      EXPECT_EQ(joined(score.hypothesis), expected["hypothesis"]);
      EXPECT_EQ(score.words, counts_of(expected["words"]));
      EXPECT_EQ(
          score.characters.edits(),
          counts_of(expected["characters"]).edits());
      EXPECT_EQ(
          score.characters.reference(),
          counts_of(expected["characters"]).reference());
      words += score.words;
      characters += score.characters;
    }
    EXPECT_EQ(words, counts_of(run["totals"]["words"]));
    EXPECT_EQ(
        characters.edits(),
        counts_of(run["totals"]["characters"]).edits());
  }
  EXPECT_FALSE(transcripts.empty());
}

INSTANTIATE_TEST_SUITE_P(
    Whisper, WordErrors, testing::Values("base", "tiny.en"), test_name);

} // namespace
} // namespace mlxaudio::e2e
