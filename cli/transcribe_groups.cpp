// SPDX-License-Identifier: MIT
#include "cli/transcribe_groups.h"

#include <algorithm>
#include <iterator>

#include <fmt/format.h>

#include "cli/option_values.h"
#include "kernels/compute.h"
#include "models/whisper/tokenizer.h"
#include "models/whisper/utils.h"

namespace mlxaudio::cli {
namespace {

using whisper::str2bool;

std::vector<std::string> languages() {
  std::vector<std::string> all;
  for (const whisper::Language& language : whisper::kLanguages) {
    all.emplace_back(language.code);
  }
  return all;
}

std::vector<std::string> formats_and_all() {
  std::vector<std::string> all = formats();
  all.emplace_back("all");
  return all;
}

constexpr Compute kComputes[] = {
    Compute::f32, Compute::bf16, Compute::int8, Compute::automatic};

std::vector<std::string> computes() {
  std::vector<std::string> all;
  for (const Compute compute : kComputes) {
    all.push_back(kernels::name_of(compute));
  }
  return all;
}

/// \param name of `computes()`
Compute compute_named(const std::string& name) {
  return *std::find_if(
      std::begin(kComputes),
      std::end(kComputes),
      [&](Compute compute) { return kernels::name_of(compute) == name; });
}

} // namespace

OptionGroup speech_options(const Arguments& a) {
  return {
      "Speech",
      {{.name = "--language",
        .value = "LANGUAGE",
        .help = "language spoken, as a code (en) or English name (English); "
                "None or nothing: detected from the first 30 s",
        .set =
            [a](const std::string& text) {
              if (text == "None") {
                a->options.language.reset();
                return;
              }
              if (!whisper::find_language(text)) {
                throw ArgumentError(fmt::format(
                    "unknown language \"{}\": use a code such as en, de or "
                    "zh, or an English name",
                    text));
              }
              a->options.language = text;
            },
        .aliases = {"-l"},
        .offer = Offer::choices,
        .choices = languages()},
       {.name = "--task",
        .value = "TASK",
        .default_value = "transcribe",
        .help = "transcribe (text in the language spoken) or translate (to "
                "English)",
        .set =
            [a](const std::string& text) {
              a->options.task = one_of(text, {"transcribe", "translate"});
            },
        .offer = Offer::choices,
        .choices = {"transcribe", "translate"}},
       {.name = "--initial-prompt",
        .value = "TEXT",
        .help = "text to give the first window as if it had come before: "
                "names, spelling, style",
        .set =
            [a](const std::string& text) { a->options.initial_prompt = text; }},
       {.name = "--carry-initial-prompt",
        .value = "True|False",
        .default_value = "False",
        .help = "give every window the initial prompt, before the text of the "
                "window before it",
        .set =
            [a](const std::string& text) {
              a->options.carry_initial_prompt = str2bool(text);
            },
        .offer = Offer::choices,
        .choices = true_false(),
        .rare = true},
       {.name = "--clip-timestamps",
        .value = "TIMES",
        .default_value = "0",
        .unit = "s",
        .help = "start,end,start,end,... of the clips to transcribe; the last "
                "end may be left out",
        .set =
            [a](const std::string& text) {
              a->options.clip_timestamps = time_list(text);
            },
        .is_list = true}}};
}

OptionGroup output_options(const Arguments& a) {
  return {
      "Output",
      {{.name = "--format",
        .value = "FORMAT",
        .help = "txt, srt, vtt, tsv, json, lrc or all (which has no lrc); "
                "default: txt, and all with --output-dir",
        .set =
            [a](const std::string& text) {
              a->format = one_of(text, formats_and_all());
            },
        .aliases = {"-f", "--output-format"},
        .offer = Offer::choices,
        .choices = formats_and_all()},
       {.name = "--output-dir",
        .value = "DIR",
        .help = "write a file for each input (clip.wav to clip.txt) into this "
                "folder, which is made if need be; otherwise, and with -, the "
                "standard output gets the text as it becomes ready",
        .set =
            [a](const std::string& text) {
              if (text == "-") {
                a->output_dir.reset();
              } else {
                a->output_dir = path_name(text);
              }
            },
        .aliases = {"-o"},
        .offer = Offer::folders},
       {.name = "--json",
        .help = "for programs: a line of JSON for each input, done or failed "
                "(docs/json.md)",
        .set = [a](const std::string&) { a->json = true; },
        .configurable = false},
       {.name = "--verbose",
        .value = "True|False",
        .default_value = "False",
        .help = "print each segment with its times as it becomes ready, and "
                "the language detected",
        .set = [a](const std::string& text) { a->verbose = str2bool(text); },
        .offer = Offer::choices,
        .choices = true_false()},
       {.name = "--stats",
        .help = "say at the end how long it took and how much memory",
        .set = [a](const std::string&) { a->stats = true; }},
       {.name = "--profile",
        .help = "say at the end what each operation took, on a processor",
        .set = [a](const std::string&) { a->profile = true; },
        .rare = true},
       {.name = "--memory",
        .help = "say at the end where the memory is; with --json in a line "
                "of its own too",
        .set = [a](const std::string&) { a->memory = true; },
        .rare = true}}};
}

OptionGroup model_options(const Arguments& a) {
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
        .aliases = {"-m"},
        .offer = Offer::models},
       {.name = "--model-dir",
        .value = "DIR",
        .help = "folder to look for named models in (base or base.pt, as "
                "openai-whisper keeps it); otherwise the store, which "
                "`mlx-audio info` shows",
        .set = [a](const std::string& text) { a->model_dir = path_name(text); },
        .offer = Offer::folders,
        .rare = true},
       {.name = "--device",
        .value = "DEVICE",
        .default_value = "cpu",
        .help = "cpu or gpu",
        .set =
            [a](const std::string& text) {
              a->load.device = one_of(text, {"cpu", "gpu"}) == "gpu"
                                   ? Device::gpu
                                   : Device::cpu;
            },
        .offer = Offer::choices,
        .choices = {"cpu", "gpu"}},
       {.name = "--threads",
        .value = "N",
        .default_value = "0",
        .help = "threads that compute; 0 is one for each physical core",
        .set =
            [a](const std::string& text) {
              constexpr int kMost = 1024;
              a->load.threads = whole_number(text, 0, kMost);
            }},
       {.name = "--compute",
        .value = "TYPE",
        .default_value = "f32",
        .help = "what products with weights are computed in on a processor: "
                "f32 (the reference's tokens), bf16 (where the processor "
                "multiplies it), int8 (some words differ), or auto (int8 where "
                "the processor has instructions for it, else f32)",
        .set =
            [a](const std::string& text) {
              a->load.compute = compute_named(one_of(text, computes()));
            },
        .offer = Offer::choices,
        .choices = computes()},
       {.name = "--fp16",
        .value = "True|False",
        .default_value = "True",
        .help = "taken for openai-whisper's sake and without effect: the type "
                "that is computed in belongs to the device, and is float32 on "
                "a processor, as there",
        .set = [a](const std::string& text) { a->fp16 = str2bool(text); },
        .offer = Offer::choices,
        .choices = true_false(),
        .rare = true}}};
}

OptionGroup word_options(const Arguments& a) {
  return {
      "Words",
      {{.name = "--word-timestamps",
        .value = "True|False",
        .default_value = "False",
        .help = "find the time of each word, and with it better times of "
                "segments",
        .set =
            [a](const std::string& text) {
              a->options.word_timestamps = str2bool(text);
            },
        .offer = Offer::choices,
        .choices = true_false()},
       {.name = "--prepend-punctuations",
        .value = "MARKS",
        .default_value = "\"'“¿([{-",
        .help = "marks that are one with the word after them",
        .set =
            [a](const std::string& text) {
              a->options.prepend_punctuations = text;
            },
        .rare = true},
       {.name = "--append-punctuations",
        .value = "MARKS",
        .default_value = "\"'.。,，!！?？:：”)]}、",
        .help = "marks that are one with the word before them",
        .set =
            [a](const std::string& text) {
              a->options.append_punctuations = text;
            },
        .rare = true},
       {.name = "--hallucination-silence-threshold",
        .value = "SECONDS",
        .default_value = "None",
        .unit = "s",
        .help = "with word times: skip silence longer than this where the "
                "words around it look made up; None: never",
        .set =
            [a](const std::string& text) {
              a->options.hallucination_silence_threshold =
                  optional_number_from(text, 0);
            },
        .rare = true}}};
}

OptionGroup subtitle_options(const Arguments& a) {
  const auto limit = [](const std::string& text) {
    const auto value = optional_count(text, 0);
    return value == 0 ? std::nullopt : value; // as the reference takes 0
  };
  return {
      "Subtitles (srt, vtt) of words, with --word-timestamps True",
      {{.name = "--highlight-words",
        .value = "True|False",
        .default_value = "False",
        .help = "underline each word as it is spoken",
        .set =
            [a](const std::string& text) {
              a->writing.highlight_words = str2bool(text);
            },
        .offer = Offer::choices,
        .choices = true_false()},
       {.name = "--max-line-width",
        .value = "N",
        .default_value = "None",
        .help = "most characters in a line",
        .set =
            [a, limit](const std::string& text) {
              a->writing.max_line_width = limit(text);
            }},
       {.name = "--max-line-count",
        .value = "N",
        .default_value = "None",
        .help = "most lines in a subtitle; without effect unless "
                "--max-line-width is given",
        .set =
            [a, limit](const std::string& text) {
              a->writing.max_line_count = limit(text);
            }},
       {.name = "--max-words-per-line",
        .value = "N",
        .default_value = "None",
        .help = "most words in a subtitle; without effect with "
                "--max-line-width",
        .set = [a, limit](const std::string& text) {
          a->writing.max_words_per_line = limit(text);
        }}}};
}

} // namespace mlxaudio::cli
