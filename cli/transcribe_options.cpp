// SPDX-License-Identifier: MIT
// Ported from openai-whisper, Copyright (c) 2022 OpenAI,
// https://github.com/openai/whisper, MIT: see licenses/whisper.txt.
#include "cli/transcribe_options.h"

#include <algorithm>
#include <limits>
#include <set>
#include <string_view>
#include <system_error>

#include <fmt/format.h>

#include "cli/asked.h"
#include "cli/config.h"
#include "cli/option_values.h"
#include "cli/transcribe_groups.h"
#include "engine/model_store.h"
#include "models/whisper/clips.h"
#include "models/whisper/tokenizer.h"

namespace mlxaudio::cli {
namespace {

namespace fs = std::filesystem;

/// The temperatures that are tried, as the reference's program makes them.
std::vector<double> temperatures(
    double temperature, const std::optional<double>& increment) {
  constexpr double kStop = 1.0 + 1e-6;
  // DEVIATION(whisper-many-temperatures): the reference's program makes a list
  // of any length. Nobody can mean a window to be decoded so often.
  constexpr std::size_t kMost = 1000;
  if (!increment) {
    return {temperature};
  }
  if (temperature >= kStop) {
    // DEVIATION(whisper-hot): the reference's list is empty then, and every
    // file fails. (It is not with a step below 0, which leads down to 1. Such
    // steps, and one without end, which makes a list of a single temperature,
    // are refused where they are read.)
    throw ArgumentError(
        "--temperature above 1 leaves nothing to fall back to: add "
        "--temperature-increment-on-fallback None");
  }
  try {
    return arange(temperature, kStop, *increment, kMost);
  } catch (const ArgumentError& e) {
    throw ArgumentError(fmt::format(
        "--temperature-increment-on-fallback: {}, or None",
        e.what()));
  }
}

void check_word_options(TranscribeArguments& a, const Asked& asked) {
  whisper::WriterOptions& w = a.writing;
  if (!a.options.word_timestamps) {
    const std::string why = "requires --word-timestamps True";
    asked.in_vain(w.highlight_words, "--highlight-words", why);
    asked.in_vain(w.max_line_count, "--max-line-count", why);
    asked.in_vain(w.max_line_width, "--max-line-width", why);
    asked.in_vain(w.max_words_per_line, "--max-words-per-line", why);
    // DEVIATION(whisper-silence-needs-words): the reference's program passes
    // over this one.
    asked.in_vain(
        a.options.hallucination_silence_threshold,
        "--hallucination-silence-threshold",
        why);
  } else if (a.options.task == "translate") {
    a.warnings.emplace_back(
        "the times of words in a translation may not be reliable");
  }
  if (w.max_line_count && !w.max_line_width) {
    a.warnings.emplace_back(
        "--max-line-count has no effect without --max-line-width");
  }
  if (w.max_words_per_line && w.max_line_width) {
    a.warnings.emplace_back(
        "--max-words-per-line has no effect with --max-line-width");
  }
}

/// \param on_line names of the options on the command line
void finish(TranscribeArguments& a, const std::set<std::string>& on_line) {
  const Asked asked(on_line);
  a.options.temperature =
      temperatures(a.temperature, a.temperature_increment_on_fallback);
  // DEVIATION(whisper-best-of-cold): the reference passes over what was asked
  // for. (Without a temperature above 0 the number itself does no harm.)
  if (std::all_of(
          a.options.temperature.begin(),
          a.options.temperature.end(),
          [](double t) { return t == 0; })) {
    std::optional<int> best_of = a.options.best_of;
    asked.in_vain(
        best_of,
        "--best-of",
        "needs a temperature above 0, and there is none: leave it out, or give "
        "--temperature or --temperature-increment-on-fallback");
  }
  const bool searches = std::any_of(
      a.options.temperature.begin(),
      a.options.temperature.end(),
      [](double t) { return t == 0; });
  if (searches && !a.options.beam_size) {
    asked.in_vain(
        a.options.patience,
        "--patience",
        "needs --beam-size above 0");
  }
  check_word_options(a, asked);
  if (has_english_name(a.model)) {
    const std::string warning = take_english(a.model, a.options.language);
    if (!warning.empty()) {
      a.warnings.push_back(warning);
    }
  }
  if (asked.on_line("--fp16") && a.fp16 && a.load.device == Device::cpu) {
    a.warnings.emplace_back(
        "--fp16 True has no effect on a processor, which computes in float32");
  }
  if (a.profile) {
    check_profile(a.load.device);
  }
  if (a.json && !a.output_dir) {
    asked.in_vain(
        a.format,
        "--format",
        "and --json both want the standard output: give one of them, or "
        "--output-dir for the files");
  }
  if (a.format == "all" && !a.output_dir) {
    asked.in_vain(
        a.format,
        "--format",
        "all makes several files: say where with --output-dir");
  }
  a.format_is_default = !asked.on_line("--format");
}

} // namespace

std::vector<std::string> formats() {
  std::vector<std::string> all(
      whisper::kOutputFormats.begin(),
      whisper::kOutputFormats.end());
  all.emplace_back("lrc");
  return all;
}

Verb transcribe_verb(const std::shared_ptr<TranscribeArguments>& a) {
  // DEVIATION(whisper-cli-defaults): the model is base, the text goes to the
  // standard output, and nothing is told of every segment unless asked for. The
  // reference takes turbo, writes files of every format to the current folder
  // and prints each segment.
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
           .most = std::numeric_limits<std::size_t>::max(),
           .offer = Offer::audio},
      .groups =
          {speech_options(a),
           output_options(a),
           model_options(a),
           decoding_options(a),
           fallback_options(a),
           word_options(a),
           subtitle_options(a),
           config_options()},
      .examples =
          {{"mlx-audio transcribe talk.mp3", "Print the text."},
           {"mlx-audio transcribe --format srt talk.mp3 > talk.srt",
            "Subtitles."},
           {"mlx-audio transcribe -o out --format all recordings/*.wav",
            "Files of every format for many recordings."},
           {"mlx-audio transcribe --language de --task translate rede.ogg",
            "German speech to English text."},
           {"mlx-audio transcribe --word-timestamps True -f lrc song.flac",
            "A line of lyrics for each segment, with the time of each word."},
           {"ffmpeg -v error -i film.mkv -f wav - | mlx-audio transcribe -",
            "From another program."}},
      .finish =
          [a](const std::set<std::string>& on_line) { finish(*a, on_line); },
      .configurable = true};
}

FoundModel find_model(
    const std::string& name, const std::optional<fs::path>& model_dir) {
  const engine::CatalogueEntry* known =
      model_dir ? engine::find_in_catalogue(name) : nullptr;
  if (!known) {
    return {name};
  }
  const std::set<std::string> names = {name, std::string(known->name)};
  for (const std::string& each : names) {
    for (const std::string& file : {each, each + ".pt"}) {
      std::error_code ignored;
      if (fs::exists(*model_dir / file, ignored)) {
        return {(*model_dir / file).string(), std::string(known->name)};
      }
    }
  }
  throw ConfigError(fmt::format(
      "[cli] there is no {} in {}: put the folder {} or the file {}.pt there, "
      "or leave --model-dir out",
      name,
      model_dir->string(),
      name,
      name));
}

bool has_english_name(std::string_view model) {
  return model.ends_with(".en");
}

SpeechToText load_model(
    TranscribeArguments& arguments, std::vector<std::string>& warnings) {
  const FoundModel found = find_model(arguments.model, arguments.model_dir);
  LoadOptions load = arguments.load;
  load.official_name = found.official_name;
  SpeechToText model = SpeechToText::load(found.model, load);
  if (!model.info().multilingual || has_english_name(arguments.model)) {
    const std::string warning =
        take_english(arguments.model, arguments.options.language);
    if (!warning.empty()) {
      warnings.push_back(warning);
    }
  }
  return model;
}

void check_profile(Device device) {
  if (device != Device::cpu) {
    throw ArgumentError(
        "--profile sees the work of a processor only: leave it out, or give "
        "--device cpu");
  }
}

void check_options(const SpeechToText& model, TranscribeOptions options) {
  try {
    whisper::check_clip_timestamps(options.clip_timestamps);
    options.clip_timestamps.clear(); // where audio ends, each file says
    options.language = options.language.value_or("en"); // detects nothing
    model.transcribe(Audio{}, options);
  } catch (const ArgumentError&) {
    throw;
  } catch (const TokenError& e) {
    throw ArgumentError(e.what());
  } catch (const UnsupportedError& e) {
    throw ArgumentError(e.what());
  }
}

std::string take_english(
    const std::string& model, std::optional<std::string>& language) {
  if (language && whisper::find_language(*language) == "en") {
    return "";
  }
  const std::string warning =
      language ? fmt::format(
                     "{} is an English-only model and does not know \"{}\": "
                     "using English instead",
                     model,
                     *language)
               : "";
  language = "en";
  return warning;
}

} // namespace mlxaudio::cli
