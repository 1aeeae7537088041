// SPDX-License-Identifier: MIT
#include "cli/transcribe_options.h"

#include <charconv>
#include <cmath>
#include <limits>
#include <string_view>

#include <fmt/format.h>

#include "models/whisper/tokenizer.h"
#include "models/whisper/utils.h"
#include "models/whisper/writers.h"

namespace mlxaudio::cli {
namespace {

using whisper::optional_float;
using whisper::optional_int;
using whisper::str2bool;

int whole_number(const std::string& text, int least, int most) {
  int value = 0;
  const auto [last, error] =
      std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || last != text.data() + text.size() ||
      value < least || value > most) {
    throw ArgumentError(fmt::format(
        "expected a whole number from {} to {}, got \"{}\"",
        least,
        most,
        text));
  }
  return value;
}

/// A number that is one, or nothing for "None".
std::optional<double> threshold(const std::string& text) {
  const std::optional<double> value = optional_float(text);
  if (value && std::isnan(*value)) {
    throw ArgumentError("expected a number or None, got \"nan\"");
  }
  return value;
}

std::vector<int> token_list(const std::string& text) {
  std::vector<int> tokens;
  for (std::size_t at = 0; at <= text.size() && !text.empty();) {
    const std::size_t comma = std::min(text.find(',', at), text.size());
    const std::string part = text.substr(at, comma - at);
    const std::optional<int> token =
        part == "None" ? std::nullopt : optional_int(part);
    if (!token) {
      throw ArgumentError("expected token numbers with commas between them");
    }
    tokens.push_back(*token);
    at = comma + 1;
  }
  return tokens;
}

/// Refuses all values but the one that stands for what there is.
void only(const std::string& text, const char* what) {
  const std::optional<double> value = optional_float(text);
  if (value && *value != 0) {
    throw ArgumentError(fmt::format(
        "{} is not in this version, only greedy decoding: leave the option out "
        "or give 0, got \"{}\"",
        what,
        text));
  }
}

void one_of(
    const std::string& text, std::initializer_list<std::string_view> choices) {
  for (const std::string_view choice : choices) {
    if (text == choice) {
      return;
    }
  }
  throw ArgumentError(fmt::format(
      "expected one of {}, got \"{}\"",
      fmt::join(choices, ", "),
      text));
}

OptionGroup model_options(const std::shared_ptr<TranscribeArguments>& a) {
  return {
      "Model",
      {{.name = "--model",
        .value = "NAME",
        .default_value = "base",
        .help = "name (see `mlx-audio models list`), folder or file of the "
                "model",
        .set =
            [a](const std::string& text) {
              if (text.empty()) {
                throw ArgumentError("expected a name, folder or file");
              }
              a->model = text;
            },
        .aliases = {"-m"}},
       {.name = "--device",
        .value = "DEVICE",
        .default_value = "cpu",
        .help = "cpu or gpu",
        .set =
            [a](const std::string& text) {
              one_of(text, {"cpu", "gpu"});
              a->load.device = text == "gpu" ? Device::gpu : Device::cpu;
            }},
       {.name = "--threads",
        .value = "N",
        .default_value = "0",
        .help = "threads that compute; 0 is one for each physical core",
        .set = [a](const std::string& text) {
          a->load.threads = whole_number(text, 0, 1024);
        }}}};
}

OptionGroup speech_options(const std::shared_ptr<TranscribeArguments>& a) {
  return {
      "Speech",
      {{.name = "--language",
        .value = "LANGUAGE",
        .help = "language spoken, as a code (en) or English name (english); "
                "None or nothing: detected from the first 30 s",
        .set =
            [a](const std::string& text) {
              if (text == "None") {
                a->options.language.reset();
                return;
              }
              const auto code = whisper::find_language(text);
              if (!code) {
                throw ArgumentError(fmt::format(
                    "unknown language \"{}\": use a code such as en, de or "
                    "zh, or an English name",
                    text));
              }
              a->options.language = std::string(*code);
            },
        .aliases = {"-l"}},
       {.name = "--task",
        .value = "TASK",
        .default_value = "transcribe",
        .help = "transcribe (text in the language spoken) or translate (to "
                "English)",
        .set =
            [a](const std::string& text) {
              one_of(text, {"transcribe", "translate"});
              a->options.task = text;
            }},
       {.name = "--initial-prompt",
        .value = "TEXT",
        .help = "text to give the first window as if it had come before: "
                "names, spelling, style",
        .set = [a](const std::string& text) {
          a->options.initial_prompt = text;
        }}}};
}

OptionGroup output_options(const std::shared_ptr<TranscribeArguments>& a) {
  return {
      "Output",
      {{.name = "--format",
        .value = "FORMAT",
        .help = "txt, srt, vtt, tsv, json or all; default: txt, and all with "
                "--output-dir",
        .set =
            [a](const std::string& text) {
              one_of(text, {"txt", "srt", "vtt", "tsv", "json", "all"});
              a->format = text;
            },
        .aliases = {"-f", "--output-format"}},
       {.name = "--output-dir",
        .value = "DIR",
        .help = "write a file for each input (clip.wav to clip.txt) into this "
                "folder, which is made if need be; otherwise the standard "
                "output gets the text as it becomes ready",
        .set =
            [a](const std::string& text) {
              if (text.empty()) {
                throw ArgumentError("expected a folder");
              }
              a->output_dir = text;
            },
        .aliases = {"-o"}},
       {.name = "--verbose",
        .value = "True|False",
        .default_value = "False",
        .help = "print each segment with its times as it becomes ready, and "
                "the language detected",
        .set = [a](const std::string& text) { a->verbose = str2bool(text); }},
       {.name = "--stats",
        .help = "say at the end how long it took and how much memory",
        .set = [a](const std::string&) { a->stats = true; }}}};
}

OptionGroup decoding_options(const std::shared_ptr<TranscribeArguments>& a) {
  return {
      "Decoding",
      {{.name = "--temperature",
        .value = "T",
        .default_value = "0",
        .help = "of sampling; 0, the only value of this version, takes the "
                "most likely token",
        .set =
            [](const std::string& text) {
              only(text, "sampling at a temperature");
            }},
       {.name = "--beam-size",
        .value = "N",
        .default_value = "0",
        .help = "beams of the search; 0, the only value of this version, is "
                "greedy",
        .set = [](const std::string& text) { only(text, "beam search"); }},
       {.name = "--condition-on-previous-text",
        .value = "True|False",
        .default_value = "True",
        .help = "give the text of each window to the next; False makes loops "
                "less likely and the text less even",
        .set =
            [a](const std::string& text) {
              a->options.condition_on_previous_text = str2bool(text);
            }},
       {.name = "--without-timestamps",
        .value = "True|False",
        .default_value = "False",
        .help = "sample text only; a segment is then a whole window of 30 s",
        .set =
            [a](const std::string& text) {
              a->options.without_timestamps = str2bool(text);
            }},
       {.name = "--max-initial-timestamp",
        .value = "SECONDS",
        .default_value = "1.0",
        .unit = "s",
        .help = "the first timestamp of a window is at most this; None: no "
                "limit",
        .set =
            [a](const std::string& text) {
              const auto value = threshold(text);
              if (value && !(*value >= 0 && *value <= 30)) {
                throw ArgumentError(fmt::format(
                    "expected a time from 0 to 30 s or None, got \"{}\"",
                    text));
              }
              a->options.max_initial_timestamp = value;
            }},
       {.name = "--sample-len",
        .value = "N",
        .default_value = "None",
        .help = "most tokens of a window; None: half the model's text context",
        .set =
            [a](const std::string& text) {
              const auto value = optional_int(text);
              if (value && *value < 1) {
                throw ArgumentError(fmt::format(
                    "expected a whole number above 0 or None, got \"{}\"",
                    text));
              }
              a->options.sample_len = value;
            }},
       {.name = "--suppress-tokens",
        .value = "IDS",
        .default_value = "-1",
        .help = "tokens never to sample, with commas between; -1 stands for "
                "the symbols that are not speech, \"\" for none",
        .set =
            [a](const std::string& text) {
              a->options.suppress_tokens = token_list(text);
            }},
       {.name = "--suppress-blank",
        .value = "True|False",
        .default_value = "True",
        .help = "never begin a window with a space or the end",
        .set = [a](const std::string& text) {
          a->options.suppress_blank = str2bool(text);
        }}}};
}

OptionGroup silence_options(const std::shared_ptr<TranscribeArguments>& a) {
  return {
      "Silence",
      {{.name = "--no-speech-threshold",
        .value = "P",
        .default_value = "0.6",
        .help = "a window is silence if its probability of no speech is above "
                "this and its text is unlikely (next option); None: never",
        .set =
            [a](const std::string& text) {
              a->options.no_speech_threshold = threshold(text);
            }},
       {.name = "--logprob-threshold",
        .value = "LOGPROB",
        .default_value = "-1.0",
        .help = "text is unlikely if the average log probability of its "
                "tokens is below this; None: text does not count",
        .set = [a](const std::string& text) {
          a->options.logprob_threshold = threshold(text);
        }}}};
}

} // namespace

Verb transcribe_verb(const std::shared_ptr<TranscribeArguments>& a) {
  a->options.temperature = {0};
  return {
      .name = "transcribe",
      .summary = "speech to text, or to English text",
      .description =
          "Options have the names, meanings and defaults of openai-whisper's "
          "program, with dashes or underscores; docs/cli.md lists what "
          "differs.",
      .positional =
          {.name = "FILE...",
           .help = "audio: WAV, FLAC, OGG, Opus or MP3, at any rate and with "
                   "any channels; other kinds if ffmpeg is installed. Patterns "
                   "such as '*.wav' are expanded; - is the standard input",
           .least = 1,
           .most = std::numeric_limits<std::size_t>::max()},
      .groups =
          {speech_options(a),
           output_options(a),
           model_options(a),
           decoding_options(a),
           silence_options(a)},
      .examples = {
          {"mlx-audio transcribe talk.mp3", "Print the text."},
          {"mlx-audio transcribe --format srt talk.mp3 > talk.srt",
           "Subtitles."},
          {"mlx-audio transcribe -o out --format all recordings/*.wav",
           "Files of every format for many recordings."},
          {"mlx-audio transcribe --language de --task translate rede.ogg",
           "German speech to English text."},
          {"ffmpeg -v error -i film.mkv -f wav - | mlx-audio transcribe -",
           "From another program."}}};
}

} // namespace mlxaudio::cli
