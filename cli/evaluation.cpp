// SPDX-License-Identifier: MIT
#include "cli/evaluation.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <set>

#include <fmt/format.h>

#include "cli/info.h"
#include "cli/manifest.h"
#include "core/mapped_file.h"
#include "core/utf8.h"

namespace mlxaudio::cli {
namespace {

constexpr std::string_view kKind = "mlx-audio evaluation";
constexpr int kVersion = 1;

template <class T>
Json or_null(const std::optional<T>& value) {
  return value ? Json(*value) : Json();
}

Json options_json(const TranscribeOptions& o) {
  return {
      {"task", o.task},
      {"language", or_null(o.language)},
      {"initial_prompt", or_null(o.initial_prompt)},
      {"carry_initial_prompt", o.carry_initial_prompt},
      {"condition_on_previous_text", o.condition_on_previous_text},
      {"prefix", or_null(o.prefix)},
      {"temperature", o.temperature},
      {"best_of", or_null(o.best_of)},
      {"beam_size", or_null(o.beam_size)},
      {"patience", or_null(o.patience)},
      {"length_penalty", or_null(o.length_penalty)},
      {"seed", o.seed},
      {"compression_ratio_threshold", or_null(o.compression_ratio_threshold)},
      {"logprob_threshold", or_null(o.logprob_threshold)},
      {"no_speech_threshold", or_null(o.no_speech_threshold)},
      {"word_timestamps", o.word_timestamps},
      {"hallucination_silence_threshold",
       or_null(o.hallucination_silence_threshold)},
      {"clip_timestamps", o.clip_timestamps},
      {"suppress_tokens", o.suppress_tokens},
      {"suppress_blank", o.suppress_blank},
      {"without_timestamps", o.without_timestamps},
      {"max_initial_timestamp", or_null(o.max_initial_timestamp)},
      {"sample_len", or_null(o.sample_len)}};
}

Json file_json(const FileResult& file) {
  Json out = {{"id", file.id}, {"audio", file.audio}, {"line", file.line}};
  if (!file.error.empty()) {
    out["reference"] = file.reference;
    out["error"] = file.error;
    return out;
  }
  const Score& score = file.score;
  out["language"] = file.language;
  out["duration"] = file.duration;
  out["seconds"] = file.seconds;
  out["real_time_factor"] =
      or_null(real_time_factor(file.seconds, file.duration));
  out["words"] = counts_json(score.words);
  out["characters"] = counts_json(score.characters);
  out["reference"] = file.reference;
  out["hypothesis"] = file.hypothesis;
  out["normalizer"] = score.normalizer;
  out["normalized_reference"] =
      fmt::format("{}", fmt::join(score.reference, " "));
  out["normalized_hypothesis"] =
      fmt::format("{}", fmt::join(score.hypothesis, " "));
  return out;
}

// --- reading
// -------------------------------------------------------------------

/// One object of the document, with its place in it for messages.
class EvaluationReader {
 public:
  EvaluationReader(const Json& object, std::string place)
      : object_(object), place_(std::move(place)) {
    if (!object_.is_object()) {
      fail("expected an object");
    }
  }

  [[noreturn]] void fail(const std::string& what) const {
    throw ManifestError(fmt::format(
        "[cli] {}: {}: give files that `mlx-audio evaluate --output` wrote",
        place_,
        what));
  }

  const Json& at(std::string_view key) const {
    const auto found = object_.find(key);
    if (found == object_.end()) {
      fail(fmt::format("\"{}\" is missing", key));
    }
    return *found;
  }
  bool has(std::string_view key) const {
    return object_.contains(key);
  }
  EvaluationReader object(std::string_view key) const {
    return {at(key), fmt::format("{}, {}", place_, key)};
  }
  std::string text(std::string_view key) const {
    const Json& value = at(key);
    if (!value.is_string()) {
      fail(fmt::format("\"{}\" is not a string", key));
    }
    return value.get<std::string>();
  }
  double number(std::string_view key) const {
    const Json& value = at(key);
    if (!value.is_number() || !std::isfinite(value.get<double>()) ||
        value.get<double>() < 0) {
      fail(fmt::format("\"{}\" is not a number from 0 on", key));
    }
    return value.get<double>();
  }
  std::size_t count(std::string_view key) const {
    constexpr std::uint64_t kMost = std::uint64_t{1} << 40;
    const Json& value = at(key);
    if (!value.is_number_unsigned() || value.get<std::uint64_t>() > kMost) {
      fail(fmt::format("\"{}\" is not a count", key));
    }
    return value.get<std::size_t>();
  }

 private:
  const Json& object_;
  std::string place_;
};

text::EditCounts read_counts(const EvaluationReader& reader) {
  return {
      .hits = reader.count("hits"),
      .substitutions = reader.count("substitutions"),
      .deletions = reader.count("deletions"),
      .insertions = reader.count("insertions")};
}

FileResult read_file_result(const EvaluationReader& reader) {
  FileResult file;
  file.id = reader.text("id");
  file.audio = reader.text("audio");
  file.line = reader.count("line");
  file.reference = reader.text("reference");
  if (reader.has("error")) {
    file.error = reader.text("error");
    return file;
  }
  file.language = reader.text("language");
  file.duration = reader.number("duration");
  file.seconds = reader.number("seconds");
  file.hypothesis = reader.text("hypothesis");
  file.score.normalizer = reader.text("normalizer");
  file.score.reference = words_of(reader.text("normalized_reference"));
  file.score.hypothesis = words_of(reader.text("normalized_hypothesis"));
  file.score.words = read_counts(reader.object("words"));
  file.score.characters = read_counts(reader.object("characters"));
  return file;
}

} // namespace

Json counts_json(const text::EditCounts& counts) {
  return {
      {"error_rate", or_null(counts.rate())},
      {"reference", counts.reference()},
      {"hits", counts.hits},
      {"substitutions", counts.substitutions},
      {"deletions", counts.deletions},
      {"insertions", counts.insertions}};
}

std::string dump(const Json& json) {
  return json.dump(1, ' ', false, Json::error_handler_t::replace) + "\n";
}

std::optional<double> real_time_factor(double seconds, double duration) {
  return duration > 0 ? std::optional(seconds / duration) : std::nullopt;
}

void Totals::add(const FileResult& file) {
  ++files;
  duration += file.duration;
  seconds += file.seconds;
  words += file.score.words;
  characters += file.score.characters;
}

Totals Evaluation::totals() const {
  Totals sum;
  for (const FileResult& file : files) {
    if (!file.error.empty()) {
      ++sum.failed;
      continue;
    }
    sum.add(file);
  }
  return sum;
}

std::string document(const Evaluation& evaluation) {
  const Totals totals = evaluation.totals();
  const ModelInfo& model = evaluation.model;
  const Normalization& normalization = evaluation.normalization;
  Json files = Json::array();
  for (const FileResult& file : evaluation.files) {
    files.push_back(file_json(file));
  }
  return dump(
      {{"kind", kKind},
       {"version", kVersion},
       {"program", version()},
       {"manifest", evaluation.manifest},
       {"complete", evaluation.complete},
       {"model",
        {{"name", model.name},
         {"path", model.path.string()},
         {"weight_type", model.weight_type},
         {"compute", model.compute},
         {"parameters", model.parameters}}},
       {"options", options_json(evaluation.options)},
       {"normalization",
        {{"normalizer",
          normalization.normalizer.empty() ? "auto" : normalization.normalizer},
         {"remove_diacritics", normalization.remove_diacritics},
         {"split_letters", normalization.split_letters}}},
       {"totals",
        {{"files", totals.files},
         {"failed", totals.failed},
         {"duration", totals.duration},
         {"seconds", totals.seconds},
         {"real_time_factor",
          or_null(real_time_factor(totals.seconds, totals.duration))},
         {"words", counts_json(totals.words)},
         {"characters", counts_json(totals.characters)}}},
       {"files", std::move(files)}});
}

Evaluation read_evaluation(const std::filesystem::path& path) {
  Json document;
  const std::string name = printable(path.string());
  try {
    document = parse_json(read_file(path, ErrorCode::audio), path);
  } catch (const ConfigError& e) {
    throw ManifestError(e.what());
  }
  const EvaluationReader reader(document, name);
  if (!reader.has("kind") || reader.at("kind") != kKind ||
      !reader.has("version") || reader.at("version") != kVersion) {
    reader.fail("this is no result of an evaluation that can be read");
  }
  Evaluation evaluation;
  evaluation.manifest = reader.text("manifest");
  evaluation.model.name = reader.object("model").text("name");
  const Json& complete = reader.at("complete");
  evaluation.complete = complete.is_boolean() && complete.get<bool>();
  const Json& files = reader.at("files");
  if (!files.is_array()) {
    reader.fail("\"files\" is not an array");
  }
  std::set<std::string> ids;
  for (const Json& file : files) {
    const EvaluationReader each(
        file,
        fmt::format("{}, file {}", name, evaluation.files.size() + 1));
    evaluation.files.push_back(read_file_result(each));
    if (!ids.insert(evaluation.files.back().id).second) {
      each.fail("its id comes twice");
    }
  }
  return evaluation;
}

} // namespace mlxaudio::cli
