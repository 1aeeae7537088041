// SPDX-License-Identifier: MIT
#include "cli/batch_options.h"

#include <string>

#include "cli/option_values.h"

namespace mlxaudio::cli {

OptionGroup batch_options(const std::shared_ptr<TranscribeArguments>& a) {
  return {
      "Several files",
      {{.name = "--batch-size",
        .value = "N",
        .default_value = "1",
        .help = "files that are decoded together: faster, and with the same "
                "results, in the order of the files (docs/benchmarks.md). The "
                "standard input is done by itself",
        .set = [a](const std::string& text) {
          constexpr int kMost = 1024;
          a->batch_size = whole_number(text, 1, kMost);
        }}}};
}

} // namespace mlxaudio::cli
