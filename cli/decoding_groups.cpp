// SPDX-License-Identifier: MIT
#include "cli/option_values.h"
#include "cli/transcribe_groups.h"
#include "models/whisper/utils.h"

#include <fmt/format.h>

namespace mlxaudio::cli {

using whisper::str2bool;

OptionGroup decoding_options(const Arguments& a) {
  return {
      "Decoding",
      {{.name = "--beam-size",
        .value = "N",
        .default_value = "5",
        .help = "beams of the search at temperature 0; 0 or None is greedy, "
                "which is faster",
        .set =
            [a](const std::string& text) {
              const auto value = optional_count(text, 0);
              // DEVIATION(whisper-no-beams): the reference's search asserts
              // more than 0, and every file fails.
              a->options.beam_size = value == 0 ? std::nullopt : value;
            }},
       {.name = "--patience",
        .value = "P",
        .default_value = "None",
        .help = "the search ends with beam size times P texts "
                "(arxiv.org/abs/2204.05424); None: 1",
        .set =
            [a](const std::string& text) {
              const auto value = optional_number_from(text, 0);
              // DEVIATION(whisper-patience-zero): the reference takes it as 1.
              if (value == 0.0) {
                throw ArgumentError(
                    "expected a number above 0 or None, got \"" + text + "\"");
              }
              a->options.patience = value;
            },
        .rare = true},
       {.name = "--length-penalty",
        .value = "ALPHA",
        .default_value = "None",
        .help = "0 to 1, of Google's translation system "
                "(arxiv.org/abs/1609.08144), by which texts are ranked; None: "
                "by the average log probability of their tokens",
        .set =
            [a](const std::string& text) {
              const auto value = optional_number_from(text, 0);
              if (value && *value > 1) {
                throw ArgumentError(
                    "expected a number from 0 to 1 or None, got \"" + text +
                    "\"");
              }
              a->options.length_penalty = value;
            },
        .rare = true},
       {.name = "--temperature",
        .value = "T",
        .default_value = "0",
        .help = "of sampling; at 0 the most likely text is searched for",
        .set =
            [a](const std::string& text) {
              a->temperature = number_from(text, 0);
            }},
       {.name = "--best-of",
        .value = "N",
        .default_value = "5",
        .help = "texts sampled at a temperature above 0, of which the "
                "likeliest is taken",
        .set =
            [a](const std::string& text) {
              a->options.best_of = optional_count(text, 1);
            },
        .rare = true},
       {.name = "--seed",
        .value = "N",
        .default_value = "0",
        .help = "of sampling: the same seed, the same text",
        .set =
            [a](const std::string& text) {
              a->options.seed = seed_number(text);
            },
        .rare = true},
       {.name = "--condition-on-previous-text",
        .value = "True|False",
        .default_value = "True",
        .help = "give the text of each window to the next; False makes loops "
                "less likely and the text less even",
        .set =
            [a](const std::string& text) {
              a->options.condition_on_previous_text = str2bool(text);
            },
        .offer = Offer::choices,
        .choices = true_false()},
       {.name = "--prefix",
        .value = "TEXT",
        .help = "text that every window begins with",
        .set = [a](const std::string& text) { a->options.prefix = text; },
        .rare = true},
       {.name = "--without-timestamps",
        .value = "True|False",
        .default_value = "False",
        .help = "sample text only; a segment is then a whole window of 30 s",
        .set =
            [a](const std::string& text) {
              a->options.without_timestamps = str2bool(text);
            },
        .offer = Offer::choices,
        .choices = true_false(),
        .rare = true},
       {.name = "--max-initial-timestamp",
        .value = "SECONDS",
        .default_value = "1.0",
        .unit = "s",
        .help = "the first timestamp of a window is at most this; None: no "
                "limit",
        .set =
            [a](const std::string& text) {
              constexpr double kWindow = 30;
              const auto value = optional_number_from(text, 0);
              if (value && *value > kWindow) {
                throw ArgumentError(fmt::format(
                    "expected a time from 0 to 30 s or None, got \"{}\"",
                    text));
              }
              a->options.max_initial_timestamp = value;
            },
        .rare = true},
       {.name = "--sample-len",
        .value = "N",
        .default_value = "None",
        .help = "most tokens of a window; None: half the model's text context",
        .set =
            [a](const std::string& text) {
              a->options.sample_len = optional_count(text, 1);
            },
        .rare = true},
       {.name = "--suppress-tokens",
        .value = "IDS",
        .default_value = "-1",
        .help = "tokens never to sample, with commas between; -1 stands for "
                "the symbols that are not speech, \"\" for none",
        .set =
            [a](const std::string& text) {
              a->options.suppress_tokens = token_list(text);
            },
        .is_list = true,
        .rare = true},
       {.name = "--suppress-blank",
        .value = "True|False",
        .default_value = "True",
        .help = "never begin a window with a space or the end",
        .set =
            [a](const std::string& text) {
              a->options.suppress_blank = str2bool(text);
            },
        .offer = Offer::choices,
        .choices = true_false(),
        .rare = true}}};
}

OptionGroup fallback_options(const Arguments& a) {
  return {
      "When a window's text is doubtful",
      {{.name = "--temperature-increment-on-fallback",
        .value = "STEP",
        .default_value = "0.2",
        .help = "try again at a temperature higher by this, up to 1; None: "
                "never",
        .set =
            [a](const std::string& text) {
              a->temperature_increment_on_fallback =
                  optional_number_from(text, 0);
            }},
       {.name = "--compression-ratio-threshold",
        .value = "RATIO",
        .default_value = "2.4",
        .help = "text is doubtful if gzip makes it smaller by more than this "
                "factor; None: none is",
        .set =
            [a](const std::string& text) {
              a->options.compression_ratio_threshold = optional_number(text);
            },
        .rare = true},
       {.name = "--logprob-threshold",
        .value = "LOGPROB",
        .default_value = "-1.0",
        .help = "text is doubtful if the average log probability of its "
                "tokens is below this; None: none is",
        .set =
            [a](const std::string& text) {
              a->options.logprob_threshold = optional_number(text);
            },
        .rare = true},
       {.name = "--no-speech-threshold",
        .value = "P",
        .default_value = "0.6",
        .help = "a window is silence if its probability of no speech is above "
                "this and its text is doubtful by its log probability; None: "
                "never",
        .set =
            [a](const std::string& text) {
              a->options.no_speech_threshold = optional_number(text);
            },
        .rare = true}}};
}

} // namespace mlxaudio::cli
