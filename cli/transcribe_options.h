// SPDX-License-Identifier: MIT
// Ported from openai-whisper, Copyright (c) 2022 OpenAI,
// https://github.com/openai/whisper, MIT: see licenses/whisper.txt.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "cli/verb.h"
#include "mlxaudio/load.h"
#include "mlxaudio/stt.h"
#include "models/whisper/writers.h"

namespace mlxaudio::cli {

/// What the command line of `mlx-audio transcribe` asks for.
struct TranscribeArguments {
  std::string model;
  /// Where models of the catalogue lie; empty: the store.
  std::optional<std::filesystem::path> model_dir;
  LoadOptions load;
  TranscribeOptions options;
  bool fp16 = true;
  whisper::WriterOptions writing;
  std::optional<std::string> format; ///< of `formats()`, or "all"
  bool format_is_default = false;    ///< not from the command line
  std::optional<std::filesystem::path> output_dir;
  bool json = false; ///< a line of JSON for each input, for programs
  bool verbose = false;
  bool stats = false;
  bool profile = false;
  bool memory = false;
  int batch_size = 1; ///< files that are decoded together

  // What `options.temperature` is made of.
  double temperature = 0;
  std::optional<double> temperature_increment_on_fallback;

  /// What to tell before the work begins.
  std::vector<std::string> warnings;
};

/// The formats that there are, without "all".
std::vector<std::string> formats();

/// The table of its options, which fill `arguments`.
/// \port whisper.transcribe.cli
Verb transcribe_verb(const std::shared_ptr<TranscribeArguments>& arguments);

/// A model to load.
struct FoundModel {
  std::string model; ///< name, folder or file
  /// See LoadOptions; that of a named model which a folder holds.
  std::string official_name = {};
};

/// What to load for `--model` and `--model-dir`.
///
/// With a folder, a model of the catalogue is looked for there: under its
/// name, and as openai-whisper keeps it (`base.pt`). All else is what it is
/// without.
/// \throws ConfigError if the folder does not have it
FoundModel find_model(
    const std::string& name,
    const std::optional<std::filesystem::path>& model_dir);

/// Loads the model that the arguments name. If it is English-only, by its name
/// or by its vocabulary, their language becomes English.
/// \param warnings gets what the user should know
SpeechToText load_model(
    TranscribeArguments& arguments, std::vector<std::string>& warnings);

/// Checks that a profile can be made where a model is to run.
/// \throws ArgumentError for another device than a processor
void check_profile(Device device);

/// Checks options with a model, before it has any audio.
/// \throws ArgumentError for what would go wrong with every file
void check_options(const SpeechToText& model, TranscribeOptions options);

/// Whether a model is English-only by its name, as the reference tells it.
bool has_english_name(std::string_view model);

/// Gives an English-only model the language that it has.
/// \return what to tell a user who asked for another, or nothing
std::string take_english(
    const std::string& model, std::optional<std::string>& language);

} // namespace mlxaudio::cli
