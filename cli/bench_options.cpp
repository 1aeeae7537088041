// SPDX-License-Identifier: MIT
#include "cli/bench_options.h"

#include <cstddef>
#include <limits>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "cli/batch_options.h"
#include "cli/option_values.h"

namespace mlxaudio::cli {
namespace {

OptionGroup timing_options(const std::shared_ptr<BenchArguments>& a) {
  constexpr int kMost = 10000;
  return {
      "Timing",
      {{.name = "--runs",
        .value = "N",
        .default_value = "5",
        .help = "repetitions of each thing that is timed, after one that is "
                "not counted",
        .set =
            [a](const std::string& text) {
              a->runs = whole_number(text, 1, kMost);
            }},
       {.name = "--session-only",
        .help = "time loading and whole transcriptions alone",
        .set = [a](const std::string&) { a->session_only = true; }},
       {.name = "--encoder-only",
        .help = "time loading, the spectrogram and the encoder alone",
        .set = [a](const std::string&) { a->encoder_only = true; }},
       {.name = "--profile",
        .help = "show, for one more transcription, what each operation takes",
        .set = [a](const std::string&) { a->profile = true; }},
       {.name = "--memory",
        .help = "show where the memory is, after the transcriptions",
        .set = [a](const std::string&) { a->memory = true; }},
       {.name = "--json",
        .help = "lines of JSON, each as soon as it is known (docs/json.md)",
        .set = [a](const std::string&) { a->json = true; }}}};
}

/// Whether a group of `transcribe` says how to transcribe.
bool is_about_work(const OptionGroup& group) {
  return !group.title.starts_with("Output") &&
         !group.title.starts_with("Subtitles") &&
         !group.title.starts_with("Defaults");
}

} // namespace

Verb bench_verb(const std::shared_ptr<BenchArguments>& a) {
  // All that `transcribe` checks about its options holds here too.
  Verb verb = transcribe_verb(a->transcribe);
  verb.name = "bench";
  verb.summary = "times a model on this machine";
  verb.description =
      "Loads the model and transcribes the files again and again; then times "
      "the parts of the work on the first, and sets them against what this "
      "machine's "
      "processors and memory do at best, measured in the same run. Options "
      "below \"Speech\" are those of transcribe; no defaults are taken from "
      "files or the environment. docs/benchmarks.md describes the figures.";
  verb.positional = {
      .name = "FILE...",
      .help = "audio to transcribe; times are those of all files",
      .least = 1,
      .most = std::numeric_limits<std::size_t>::max(),
      .offer = Offer::audio};
  std::vector<OptionGroup> groups = {timing_options(a)};
  verb.groups.insert(verb.groups.begin(), batch_options(a->transcribe));
  for (OptionGroup& group : verb.groups) {
    if (is_about_work(group)) {
      group.described_under = "transcribe";
      groups.push_back(std::move(group));
    }
  }
  verb.groups = std::move(groups);
  verb.configurable = false;
  verb.finish = [a, finish = std::move(verb.finish)](
                    const std::set<std::string>& on_line) {
    finish(on_line);
    if (a->encoder_only && (a->session_only || a->profile)) {
      throw ArgumentError(fmt::format(
          "--encoder-only transcribes nothing, which {} is about: leave one of "
          "them out",
          a->session_only ? "--session-only" : "--profile"));
    }
    if (a->profile) {
      check_profile(a->transcribe->load.device);
    }
  };
  verb.examples = {
      {"mlx-audio bench talk.wav",
       "How long base takes, and what holds it up."},
      {"mlx-audio bench --beam-size 0 --threads 1 --profile talk.wav",
       "Greedily on one thread, with a table of operations."},
      {"mlx-audio bench --json --session-only --runs 20 talk.wav",
       "A line of JSON for each of twenty transcriptions."},
      {"mlx-audio bench --session-only --batch-size 4 a.wav b.wav c.wav d.wav",
       "Four files together."}};
  return verb;
}

} // namespace mlxaudio::cli
