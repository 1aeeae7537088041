// SPDX-License-Identifier: MIT
#include "cli/evaluate_options.h"

#include <limits>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "cli/asked.h"
#include "cli/option_values.h"
#include "models/whisper/utils.h"

namespace mlxaudio::cli {
namespace {

std::vector<std::string> normalizers() {
  return {"auto", "english", "basic", "none"};
}

std::vector<std::string> result_formats() {
  return {"table", "json"};
}

OptionGroup comparison_options(const std::shared_ptr<EvaluateArguments>& a) {
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
              one_of(text, normalizers());
              a->normalization.normalizer = text == "auto" ? "" : text;
            },
        .offer = Offer::choices,
        .choices = normalizers()},
       {.name = "--remove-diacritics",
        .value = "True|False",
        .default_value = "False",
        .help = "of basic: letters without their accents",
        .set =
            [a](const std::string& text) {
              a->normalization.remove_diacritics = whisper::str2bool(text);
            },
        .offer = Offer::choices,
        .choices = true_false()},
       {.name = "--split-letters",
        .value = "True|False",
        .default_value = "False",
        .help = "of basic: each letter is a word, for languages written "
                "without spaces",
        .set =
            [a](const std::string& text) {
              a->normalization.split_letters = whisper::str2bool(text);
            },
        .offer = Offer::choices,
        .choices = true_false()}}};
}

OptionGroup manifest_options(const std::shared_ptr<EvaluateArguments>& a) {
  return {
      "Manifest",
      {{.name = "--audio-dir",
        .value = "DIR",
        .help = "folder that relative paths of audio begin at; otherwise that "
                "of the manifest",
        .set = [a](const std::string& text) { a->audio_dir = path_name(text); },
        .offer = Offer::folders},
       {.name = "--limit",
        .value = "N",
        .help = "only the first N files",
        .set = [a](const std::string& text) {
          a->limit = whole_number(text, 1, std::numeric_limits<int>::max());
        }}}};
}

OptionGroup result_options(const std::shared_ptr<EvaluateArguments>& a) {
  return {
      "Result",
      {{.name = "--format",
        .value = "FORMAT",
        .default_value = "table",
        .help = "what the standard output gets: table, a line for each file as "
                "it is done and totals, or json, at the end",
        .set =
            [a](const std::string& text) {
              a->format = one_of(text, result_formats());
              a->json = a->format == "json";
            },
        .aliases = {"-f"},
        .offer = Offer::choices,
        .choices = result_formats()},
       {.name = "--json",
        .help = "the same as --format json",
        .set = [a](const std::string&) { a->json = true; },
        .configurable = false},
       {.name = "--diff",
        .help = "in the table, below each file with errors: its words, "
                "[-those of the reference alone-] and {+those of the "
                "transcript alone+}",
        .set = [a](const std::string&) { a->diff = true; }},
       {.name = "--output",
        .value = "FILE",
        .help = "write the JSON to this file too (docs/evaluate.md)",
        .set = [a](const std::string& text) { a->output = path_name(text); },
        .aliases = {"-o"},
        .offer = Offer::files}}};
}

/// Whether a group of `transcribe` is about where its text goes.
bool is_about_output(const OptionGroup& group) {
  return group.title.starts_with("Output") ||
         group.title.starts_with("Subtitles");
}

/// What only the basic normalizer does.
void check_normalizer(
    const std::shared_ptr<EvaluateArguments>& a, const Asked& asked) {
  Normalization& n = a->normalization;
  if (n.normalizer == "english" || n.normalizer == "none") {
    const std::string why = "is of --normalizer basic, and --normalizer " +
                            n.normalizer +
                            " does not do it: leave one of them out";
    asked.in_vain(n.remove_diacritics, "--remove-diacritics", why);
    asked.in_vain(n.split_letters, "--split-letters", why);
  }
}

} // namespace

Verb evaluate_verb(const std::shared_ptr<EvaluateArguments>& a) {
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
  verb.finish = [a, finish = std::move(verb.finish)](
                    const std::set<std::string>& on_line) {
    // Before a model's name gives one.
    a->language_given = a->transcribe->options.language.has_value();
    finish(on_line);
    const Asked asked(on_line);
    check_normalizer(a, asked);
    if (asked.on_line("--json") && asked.on_line("--format") &&
        a->format != "json") {
      throw ArgumentError(
          "--json and --format table both want the standard output: give one "
          "of them");
    }
    if (a->json) {
      asked.in_vain(
          a->diff,
          "--diff",
          "adds to the table, and JSON has no table: leave one of them out");
    }
  };
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
