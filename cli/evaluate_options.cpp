// SPDX-License-Identifier: MIT
#include "cli/evaluate_options.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <string_view>

#include <fmt/format.h>

#include "models/whisper/utils.h"

namespace mlxaudio::cli {
namespace {

using Arguments = std::shared_ptr<EvaluateArguments>;

std::string one_of(
    const std::string& text, std::initializer_list<std::string_view> choices) {
  if (std::find(choices.begin(), choices.end(), text) == choices.end()) {
    throw ArgumentError(fmt::format(
        "expected one of {}, got \"{}\"",
        fmt::join(choices, ", "),
        text));
  }
  return text;
}

std::filesystem::path path(const std::string& text, const char* what) {
  if (text.empty()) {
    throw ArgumentError(fmt::format("expected a {}", what));
  }
  return text;
}

std::size_t limit(const std::string& text) {
  std::size_t value = 0;
  const auto [last, error] =
      std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || last != text.data() + text.size() || value == 0) {
    throw ArgumentError(
        fmt::format("expected a whole number above 0, got \"{}\"", text));
  }
  return value;
}

OptionGroup comparison_options(const Arguments& a) {
  return {
      "Comparison",
      {{.name = "--normalizer",
        .value = "NAME",
        .default_value = "auto",
        .help = "what makes texts comparable: english (numbers, contractions, "
                "spelling), basic (case, punctuation) or none; auto: english "
                "for English texts, else basic",
        .set =
            [a](const std::string& text) {
              one_of(text, {"auto", "english", "basic", "none"});
              a->normalization.normalizer = text == "auto" ? "" : text;
            }},
       {.name = "--remove-diacritics",
        .value = "True|False",
        .default_value = "False",
        .help = "of basic: letters without their accents",
        .set =
            [a](const std::string& text) {
              a->normalization.remove_diacritics = whisper::str2bool(text);
            }},
       {.name = "--split-letters",
        .value = "True|False",
        .default_value = "False",
        .help = "of basic: each letter is a word, for languages written "
                "without spaces",
        .set = [a](const std::string& text) {
          a->normalization.split_letters = whisper::str2bool(text);
        }}}};
}

OptionGroup manifest_options(const Arguments& a) {
  return {
      "Manifest",
      {{.name = "--audio-dir",
        .value = "DIR",
        .help = "folder that relative paths of audio begin at; otherwise that "
                "of the manifest",
        .set =
            [a](const std::string& text) {
              a->audio_dir = path(text, "folder");
            }},
       {.name = "--limit",
        .value = "N",
        .help = "only the first N files",
        .set = [a](const std::string& text) { a->limit = limit(text); }}}};
}

OptionGroup result_options(const Arguments& a) {
  return {
      "Result",
      {{.name = "--format",
        .value = "FORMAT",
        .default_value = "table",
        .help = "what the standard output gets: table, a line for each file as "
                "it is done and totals, or json, at the end",
        .set =
            [a](const std::string& text) {
              a->json = one_of(text, {"table", "json"}) == "json";
            },
        .aliases = {"-f"}},
       {.name = "--json",
        .help = "the same as --format json",
        .set = [a](const std::string&) { a->json = true; }},
       {.name = "--diff",
        .help = "in the table, below each file with errors: its words, "
                "[-those of the reference alone-] and {+those of the "
                "transcript alone+}",
        .set = [a](const std::string&) { a->diff = true; }},
       {.name = "--output",
        .value = "FILE",
        .help = "write the JSON to this file too (docs/evaluate.md)",
        .set = [a](const std::string& text) { a->output = path(text, "file"); },
        .aliases = {"-o"}}}};
}

/// Whether a group of `transcribe` is about where its text goes.
bool is_about_output(const OptionGroup& group) {
  return group.title.starts_with("Output") ||
         group.title.starts_with("Subtitles");
}

} // namespace

Verb evaluate_verb(const Arguments& a) {
  // All that `transcribe` checks about its options holds here too.
  Verb verb = transcribe_verb(a->transcribe);
  verb.name = "evaluate";
  verb.summary = "word and character error rates over a list of audio files";
  verb.description =
      "Transcribes each file of a manifest and counts the words and characters "
      "that differ from what it says, after openai-whisper's own normalizers. "
      "A file that fails does not stop the others. Options below \"Speech\" "
      "are those of transcribe. docs/evaluate.md describes manifest and "
      "result.";
  verb.positional = {
      .name = "MANIFEST",
      .help = "JSON lines ({\"audio\": ..., \"text\": ...}), CSV or TSV",
      .least = 1,
      .most = 1,
      .offer = Offer::files};
  std::vector<OptionGroup> groups = {
      comparison_options(a),
      manifest_options(a),
      result_options(a)};
  for (OptionGroup& group : verb.groups) {
    if (!is_about_output(group)) {
      group.described_under = "transcribe";
      groups.push_back(std::move(group));
    }
  }
  verb.groups = std::move(groups);
  verb.examples = {
      {"mlx-audio evaluate corpus.jsonl",
       "A line for each file, then word and character error rate of all."},
      {"mlx-audio evaluate --model tiny.en --diff -o tiny.json corpus.csv",
       "Show where words differ, and keep the result for evaluate-compare."},
      {"mlx-audio evaluate --audio-dir cv/clips --language de cv/test.tsv",
       "A table of Common Voice."}};
  return verb;
}

} // namespace mlxaudio::cli
