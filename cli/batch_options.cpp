// SPDX-License-Identifier: MIT
#include "cli/batch_options.h"

#include <string>

#include <fmt/format.h>

#include "cli/option_values.h"

namespace mlxaudio::cli {

OptionGroup batch_options(const std::shared_ptr<TranscribeArguments>& a) {
  return {
      "Several files",
      {{.name = "--batch-size",
        .value = "N",
        .default_value = "1",
        .help = fmt::format(
            "files that are decoded together, at most {}: faster with up to 4 "
            "beams, best with --beam-size 0, and with the same results, in the "
            "order of the files; each takes memory of its own, and the first "
            "text comes later (docs/benchmarks.md). The standard input and "
            "pipes are done by themselves",
            kMaxBatchSize),
        .set = [a](const std::string& text) {
          a->batch_size = whole_number(text, 1, kMaxBatchSize);
        }}}};
}

void warn_of_vain_batch(
    TranscribeArguments& a, const std::set<std::string>& on_line) {
  if (a.batch_size == 1 || !on_line.contains("--batch-size")) {
    return;
  }
  if (a.load.device != Device::cpu) {
    a.warnings.emplace_back(
        "--batch-size gains nothing on a GPU, where files share no steps");
    return;
  }
  // Windows of so many texts share no step: see whisper::groups_of_steps.
  constexpr int kFirst = 5;
  constexpr int kLast = 8;
  const bool searches = a.options.temperature.front() == 0;
  const int texts =
      (searches ? a.options.beam_size : a.options.best_of).value_or(1);
  if (texts < kFirst || texts > kLast) {
    return;
  }
  a.warnings.push_back(fmt::format(
      "--batch-size gains nothing with {0} {1}, where files share no steps: "
      "use {0} 4 or less{2}",
      searches ? "--beam-size" : "--best-of",
      texts,
      searches ? ", best 0" : ""));
}

} // namespace mlxaudio::cli
