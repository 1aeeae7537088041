// SPDX-License-Identifier: MIT
#include "cli/json_lines.h"

#include "core/json.h"
#include "models/whisper/tokenizer.h"

namespace mlxaudio::cli {
namespace {

/// One line; malformed UTF-8 is replaced, and a number that is none is null.
std::string line_of(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
}

Json to_json(const Segment& segment) {
  Json json = {
      {"id", segment.id},
      {"start", segment.start},
      {"end", segment.end},
      {"text", segment.text},
      {"tokens", segment.tokens},
      {"temperature", segment.temperature},
      {"avg_logprob", segment.avg_logprob},
      {"compression_ratio", segment.compression_ratio},
      {"no_speech_prob", segment.no_speech_prob}};
  if (segment.words) {
    Json words = Json::array();
    for (const Word& word : *segment.words) {
      words.push_back(
          {{"word", word.word},
           {"start", word.start},
           {"end", word.end},
           {"probability", word.probability}});
    }
    json["words"] = words;
  }
  return json;
}

std::string_view kind_of(ExitCode code) {
  switch (code) {
    case ExitCode::usage:
      return "usage";
    case ExitCode::model:
      return "model";
    case ExitCode::output:
      return "output";
    case ExitCode::interrupted:
      return "interrupted";
    case ExitCode::done:
    case ExitCode::some_failed:
    case ExitCode::input:
      break;
  }
  return "input";
}

} // namespace

std::string result_line(
    const ResultFacts& facts, const Transcription& transcription) {
  Json segments = Json::array();
  for (const Segment& segment : transcription.segments) {
    segments.push_back(to_json(segment));
  }
  const auto code = whisper::find_language(transcription.language);
  Json json = {
      {"type", "transcription"},
      {"file", facts.file},
      {"model", facts.model},
      {"task", facts.task},
      {"language", code ? std::string(*code) : transcription.language},
      {"duration", facts.duration},
      {"seconds", facts.seconds},
      {"complete", transcription.complete},
      {"text", transcription.text},
      {"segments", segments}};
  Json outputs = Json::array();
  for (const std::filesystem::path& path : facts.outputs) {
    outputs.push_back(path.string());
  }
  json["outputs"] = outputs;
  return line_of(json);
}

std::string error_line(
    const std::optional<std::string>& file,
    ExitCode code,
    std::string_view message) {
  return line_of(
      {{"type", "error"},
       {"file", file ? Json(*file) : Json()},
       {"kind", kind_of(code)},
       {"message", message}});
}

} // namespace mlxaudio::cli
