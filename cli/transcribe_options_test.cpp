// SPDX-License-Identifier: MIT
#include "cli/transcribe_options.h"

#include <gtest/gtest.h>

#include <fstream>

#include "core/expect_error.h"
#include "core/temp_folder.h"

namespace mlxaudio::cli {
namespace {

using Words = std::vector<std::string>;

TranscribeArguments taken(Words words) {
  const auto arguments = std::make_shared<TranscribeArguments>();
  words.insert(words.begin(), "a.wav");
  parse(transcribe_verb(arguments), words);
  return *arguments;
}

void expect_refused(const Words& words, const Words& parts) {
  expect_error<ArgumentError>([&] { taken(words); }, parts);
}

TEST(TranscribeOptions, DefaultsAreThoseOfTheReferencesProgram) {
  const TranscribeArguments a = taken({});
  const TranscribeOptions& o = a.options;
  EXPECT_EQ(
      o.temperature,
      (std::vector<double>{0.0, 0.2, 0.4, 0.6000000000000001, 0.8, 1.0}));
  EXPECT_EQ(o.beam_size, 5);
  EXPECT_EQ(o.best_of, 5);
  EXPECT_EQ(o.patience, std::nullopt);
  EXPECT_EQ(o.length_penalty, std::nullopt);
  EXPECT_EQ(o.compression_ratio_threshold, 2.4);
  EXPECT_EQ(o.logprob_threshold, -1.0);
  EXPECT_EQ(o.no_speech_threshold, 0.6);
  EXPECT_EQ(o.suppress_tokens, std::vector<int>{-1});
  EXPECT_EQ(o.clip_timestamps, std::vector<double>{0});
  EXPECT_TRUE(o.condition_on_previous_text);
  EXPECT_FALSE(o.word_timestamps);
  EXPECT_EQ(o.prepend_punctuations, TranscribeOptions().prepend_punctuations);
  EXPECT_EQ(o.append_punctuations, TranscribeOptions().append_punctuations);
  EXPECT_EQ(o.seed, 0u);
  EXPECT_FALSE(a.verbose);
  EXPECT_EQ(a.model, "base");
  EXPECT_TRUE(a.warnings.empty());
}

TEST(TranscribeOptions, TakesOptionsThatTheReferenceDoesNotHave) {
  const TranscribeArguments a = taken(
      {"--seed",
       "18446744073709551615",
       "--prefix",
       "So",
       "--sample-len",
       "7",
       "--format",
       "lrc",
       "-o",
       "-",
       "--max-initial-timestamp",
       "None",
       "--without-timestamps",
       "True",
       "--suppress-blank",
       "False"});
  EXPECT_EQ(a.options.seed, 18446744073709551615u);
  EXPECT_EQ(a.options.prefix, "So");
  EXPECT_EQ(a.options.sample_len, 7);
  EXPECT_EQ(a.format, "lrc");
  EXPECT_EQ(a.output_dir, std::nullopt);
  EXPECT_EQ(a.options.max_initial_timestamp, std::nullopt);
  EXPECT_TRUE(a.options.without_timestamps);
  EXPECT_FALSE(a.options.suppress_blank);
}

TEST(TranscribeOptions, NoBeamsAreGreedy) {
  EXPECT_EQ(taken({"--beam-size", "0"}).options.beam_size, std::nullopt);
  EXPECT_EQ(taken({"--beam-size", "None"}).options.beam_size, std::nullopt);
}

TEST(TranscribeOptions, ListsTakePythonsNumbers) {
  EXPECT_EQ(
      taken({"--suppress_tokens", "1, 2 ,-1"}).options.suppress_tokens,
      (std::vector<int>{1, 2, -1}));
  EXPECT_TRUE(taken({"--suppress_tokens", ""}).options.suppress_tokens.empty());
  EXPECT_EQ(
      taken({"--clip-timestamps", "0.5, 1_0,20"}).options.clip_timestamps,
      (std::vector<double>{0.5, 10, 20}));
}

TEST(TranscribeOptions, RefusesWhatCannotBe) {
  const std::vector<std::pair<Words, std::string>> bad = {
      {{"--beam-size", "-1"}, "--beam-size"},
      {{"--beam-size", "99999999999"}, "--beam-size"},
      {{"--patience", "0"}, "--patience"},
      {{"--patience", "-1"}, "--patience"},
      {{"--patience", "nan"}, "--patience"},
      {{"--patience", "1", "--beam-size", "0"}, "--beam-size"},
      {{"--length-penalty", "1.5"}, "--length-penalty"},
      {{"--length-penalty", "-0.1"}, "--length-penalty"},
      {{"--best-of", "0"}, "--best-of"},
      {{"--temperature", "-0.1"}, "--temperature"},
      {{"--temperature", "nan"}, "--temperature"},
      {{"--temperature", "inf"}, "--temperature"},
      {{"--temperature", "1.5"}, "--temperature-increment-on-fallback None"},
      {{"--temperature-increment-on-fallback", "0"},
       "--temperature-increment-on-fallback"},
      {{"--temperature-increment-on-fallback", "-0.2"},
       "--temperature-increment-on-fallback"},
      {{"--temperature-increment-on-fallback", "inf"},
       "--temperature-increment-on-fallback"},
      {{"--temperature-increment-on-fallback", "1e-9"},
       "--temperature-increment-on-fallback"},
      {{"--compression-ratio-threshold", "nan"},
       "--compression-ratio-threshold"},
      {{"--logprob-threshold", "NaN"}, "--logprob-threshold"},
      {{"--no-speech-threshold", "-nan"}, "--no-speech-threshold"},
      {{"--hallucination-silence-threshold", "nan"},
       "--hallucination-silence-threshold"},
      {{"--clip-timestamps", "1,,2"}, "--clip-timestamps"},
      {{"--clip-timestamps", "1,nan"}, "--clip-timestamps"},
      {{"--clip-timestamps", "-1"}, "--clip-timestamps"},
      {{"--hallucination-silence-threshold", "2"}, "--word-timestamps"},
      {{"--max-words-per-line", "2"}, "--word-timestamps"},
      {{"--seed", "-1"}, "--seed"},
      {{"--seed", "18446744073709551616"}, "--seed"},
      {{"--suppress-tokens", "-2"}, "--suppress-tokens"},
      {{"--max-line-width", "-3"}, "--max-line-width"},
      {{"--model", ""}, "--model"},
      {{"--model-dir", ""}, "--model-dir"},
      {{"--format", "srt", "--json"}, "--json"}};
  for (const auto& [words, part] : bad) {
    SCOPED_TRACE(words.front() + " " + words.back());
    expect_refused(words, {part, "--help"});
  }
}

TEST(TranscribeOptions, SaysWhatIsWrongWithATokenThatIsNone) {
  const char* option = "--suppress-tokens";
  for (const char* large :
       {"99999999", "16777217", "99999999999999999999999"}) {
    expect_refused({option, large}, {option, large, "too large", "16777216"});
    // The number itself is named, not the list that it is in.
    expect_refused(
        {option, std::string("1, ") + large + " ,2"},
        {option, std::string("token ") + large + " is too large"});
  }
  EXPECT_EQ(
      taken({option, "16777216"}).options.suppress_tokens,
      std::vector<int>{16777216});
  expect_refused({option, "5,-2"}, {option, "-2 is no token", "from 0 up"});
  for (const char* other : {"1,x", "1,", "2.5", "1e3"}) {
    expect_refused(
        {option, other},
        {option, "token numbers with commas", other});
  }
}

TEST(TranscribeOptions, ManySamplesNeedATemperatureAboveZero) {
  const Words cold = {"--temperature-increment-on-fallback", "None"};
  EXPECT_EQ(taken(cold).options.temperature, std::vector<double>{0});
  Words asked = cold;
  asked.insert(asked.end(), {"--best-of", "3"});
  expect_refused(asked, {"--best-of", "temperature"});
  asked.insert(asked.end(), {"--temperature", "0.5"});
  EXPECT_EQ(taken(asked).options.best_of, 3);
  EXPECT_NO_THROW(taken(
      {"--temperature-increment-on-fallback", "None", "--best-of", "None"}));
}

TEST(TranscribeOptions, PatienceNeedsBeamsOnlyWhereThereIsASearch) {
  const Words words = {"--beam-size", "None", "--patience", "1"};
  expect_refused(words, {"--patience", "--beam-size above 0"});
  Words hot = words;
  hot.insert(hot.end(), {"--temperature", "0.5"});
  EXPECT_EQ(taken(hot).options.patience, 1);
  EXPECT_EQ(taken(hot).options.beam_size, std::nullopt);
  hot.insert(hot.end(), {"--temperature-increment-on-fallback", "None"});
  EXPECT_EQ(taken(hot).options.temperature, std::vector<double>{0.5});
  EXPECT_EQ(taken(hot).options.patience, 1);
}

TEST(TranscribeOptions, AThousandTemperaturesAreTheMost) {
  const char* step = "--temperature-increment-on-fallback";
  EXPECT_EQ(taken({step, "0.001001"}).options.temperature.size(), 1000U);
  expect_refused({step, "0.001"}, {step, "at most 1000 numbers"});
}

TEST(TranscribeOptions, DefaultsThatARunCannotUseArePassedOver) {
  const auto a = std::make_shared<TranscribeArguments>();
  const Verb verb = transcribe_verb(a);
  apply(
      verb,
      read_line(verb, {"a.wav", "--beam-size", "0", "--json"}),
      {{"--patience", {"2", "there"}},
       {"--best-of", {"3", "there"}},
       {"--temperature-increment-on-fallback", {"None", "there"}},
       {"--highlight-words", {"True", "there"}},
       {"--max-line-width", {"30", "there"}},
       {"--max-line-count", {"2", "there"}},
       {"--max-words-per-line", {"5", "there"}},
       {"--hallucination-silence-threshold", {"2", "there"}},
       {"--format", {"srt", "there"}}});
  EXPECT_EQ(a->options.patience, std::nullopt);
  EXPECT_FALSE(a->writing.highlight_words);
  EXPECT_EQ(a->writing.max_line_width, std::nullopt);
  EXPECT_EQ(a->writing.max_line_count, std::nullopt);
  EXPECT_EQ(a->writing.max_words_per_line, std::nullopt);
  EXPECT_EQ(a->options.hallucination_silence_threshold, std::nullopt);
  EXPECT_EQ(a->format, std::nullopt);
  EXPECT_TRUE(a->warnings.empty());
}

TEST(TranscribeOptions, AllFormatsNeedAFolder) {
  expect_refused({"--format", "all"}, {"--format", "--output-dir"});
  EXPECT_EQ(taken({"--format", "all", "-o", "x"}).format, "all");
  const auto a = std::make_shared<TranscribeArguments>();
  const Verb verb = transcribe_verb(a);
  apply(verb, read_line(verb, {"a.wav"}), {{"--format", {"all", "there"}}});
  EXPECT_EQ(a->format, std::nullopt);
  EXPECT_TRUE(a->format_is_default);
}

TEST(TranscribeOptions, TheLanguageOfAnEnglishModelIsEnglish) {
  EXPECT_EQ(taken({"--model", "tiny.en"}).options.language, "en");
  EXPECT_TRUE(taken({"--model", "tiny.en"}).warnings.empty());
  EXPECT_EQ(
      taken({"--model", "tiny.en", "--language", "English"}).options.language,
      "English");
}

TEST(TranscribeOptions, AStepThatLeadsNowhereIsNamedWithTheMend) {
  expect_refused(
      {"--temperature-increment-on-fallback", "0"},
      {"--temperature-increment-on-fallback", "above 0, or None"});
}

TEST(TranscribeOptions, WarnsOfWhatHasNoEffect) {
  const auto warning = [](const Words& words) {
    const std::vector<std::string> all = taken(words).warnings;
    return all.size() == 1 ? all.front() : std::to_string(all.size());
  };
  EXPECT_NE(
      warning({"--word-timestamps", "True", "--task", "translate"})
          .find("translation"),
      std::string::npos);
  EXPECT_NE(warning({"--fp16", "True"}).find("float32"), std::string::npos);
  EXPECT_EQ(warning({"--fp16", "False"}), "0");
  EXPECT_EQ(
      warning({"--model", "tiny.en", "--language", "german"}),
      "tiny.en is an English-only model and does not know \"german\": using "
      "English instead");
}

TEST(FindModel, LooksForNamedModelsInTheFolder) {
  const TempFolder folder;
  const auto file = [&folder](const std::string& name) {
    std::ofstream(folder.path() / name) << "x";
    return (folder.path() / name).string();
  };
  const std::string base = file("base.pt");
  const std::string turbo = file("large-v3-turbo.pt");
  const std::string large = file("large-v3.pt");
  const auto expect_found = [&folder](
                                const std::string& name,
                                const std::string& model,
                                const std::string& official_name) {
    const FoundModel found = find_model(name, folder.path());
    EXPECT_EQ(found.model, model);
    EXPECT_EQ(found.official_name, official_name);
  };
  expect_found("base", base, "base");
  expect_found("turbo", turbo, "large-v3-turbo");
  expect_found("large", large, "large-v3");
  std::filesystem::create_directory(folder.path() / "base");
  expect_found("base", (folder.path() / "base").string(), "base");
  expect_found("some/folder", "some/folder", "");
  expect_found(base, base, "");
  EXPECT_EQ(find_model("tiny", std::nullopt).model, "tiny");
  EXPECT_EQ(find_model("tiny", std::nullopt).official_name, "");
  expect_error<ConfigError>(
      [&] { find_model("tiny", folder.path()); },
      {"tiny.pt", folder.path().string(), "--model-dir"});
}

TEST(LoadModel, ANameReachesTheAlignmentHeads) {
  const TempFolder folder;
  const std::filesystem::path file = folder.path() / "tiny.en.pt";
  std::filesystem::copy(
      std::filesystem::path(MLXAUDIO_SOURCE_DIR) /
          "tests/fuzz/seeds/whisper/toy.pt",
      file);
  TranscribeArguments arguments;
  std::vector<std::string> warnings;
  // Heads of tiny.en do not fit a toy.
  arguments.model = "tiny.en";
  arguments.model_dir = folder.path();
  expect_error<ConfigError>(
      [&] { load_model(arguments, warnings); },
      {file.string(), "is not a tiny.en", "2 layers of 2 heads, not 4 of 6"});
  // A path asks for none: a toy is refused for its windows then.
  arguments.model = file.string();
  expect_error<ConfigError>(
      [&] { load_model(arguments, warnings); },
      {file.string(), "n_audio_ctx is 6"});
}

} // namespace
} // namespace mlxaudio::cli
