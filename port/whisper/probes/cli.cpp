// SPDX-License-Identifier: MIT
#include <map>
#include <memory>
#include <string_view>

#include "cli/transcribe_options.h"
#include "probes.h"

namespace mlxaudio::port {

namespace {

template <class T>
Json maybe(const std::optional<T>& value) {
  return value ? Json(*value) : Json();
}

/// The options of the reference's program that reach its `transcribe()`.
Json handed_on(const cli::TranscribeArguments& a) {
  const TranscribeOptions& o = a.options;
  return {
      {"append_punctuations", o.append_punctuations},
      {"beam_size", maybe(o.beam_size)},
      {"best_of", maybe(o.best_of)},
      {"carry_initial_prompt", o.carry_initial_prompt},
      {"clip_timestamps", o.clip_timestamps},
      {"compression_ratio_threshold", maybe(o.compression_ratio_threshold)},
      {"condition_on_previous_text", o.condition_on_previous_text},
      {"fp16", a.fp16},
      {"hallucination_silence_threshold",
       maybe(o.hallucination_silence_threshold)},
      {"initial_prompt", maybe(o.initial_prompt)},
      {"language", maybe(o.language)},
      {"length_penalty", maybe(o.length_penalty)},
      {"logprob_threshold", maybe(o.logprob_threshold)},
      {"no_speech_threshold", maybe(o.no_speech_threshold)},
      {"patience", maybe(o.patience)},
      {"prepend_punctuations", o.prepend_punctuations},
      {"suppress_tokens", o.suppress_tokens},
      {"task", o.task},
      {"temperature", o.temperature},
      {"verbose", a.verbose},
      {"word_timestamps", o.word_timestamps}};
}

Json writing(const whisper::WriterOptions& w) {
  return {
      {"highlight_words", w.highlight_words},
      {"max_line_count", maybe(w.max_line_count)},
      {"max_line_width", maybe(w.max_line_width)},
      {"max_words_per_line", maybe(w.max_words_per_line)}};
}

/// What a warning is about, in the reference's words.
std::string topic_of(std::string_view warning) {
  static const std::map<std::string, std::string> kTopics = {
      {"English-only", "English-only"},
      {"--max-line-count has no effect", "max_line_count"},
      {"--max-words-per-line has no effect", "max_words_per_line"}};
  for (const auto& [ours, topic] : kTopics) {
    if (warning.find(ours) != std::string_view::npos) {
      return topic;
    }
  }
  return std::string(warning);
}

} // namespace

void add_cli(Probes& p) {
  p.add("whisper.transcribe.cli", [](Call& c) {
    const auto a = std::make_shared<cli::TranscribeArguments>();
    const std::vector<std::string> files = cli::parse(
        cli::transcribe_verb(a),
        c.get<std::vector<std::string>>("argv"));
    // As loading does; the reference knows the model by its name alone.
    if (cli::has_english_name(a->model)) {
      cli::take_english(a->model, a->options.language);
    }
    Json transcribe = Json::array();
    Json written = Json::array();
    for (const std::string& file : files) {
      transcribe.push_back({file, handed_on(*a)});
      written.push_back(writing(a->writing));
    }
    Json warnings = Json::array();
    for (const std::string& warning : a->warnings) {
      warnings.push_back(topic_of(warning));
    }
    return Json{
        {"threads", a->load.threads},
        {"transcribe", transcribe},
        {"writing", written},
        {"model", a->model},
        {"device", a->load.device == Device::cpu ? "cpu" : "gpu"},
        {"model_dir", a->model_dir ? Json(a->model_dir->string()) : Json()},
        {"output_format", maybe(a->format)},
        {"output_dir", a->output_dir ? Json(a->output_dir->string()) : Json()},
        {"warnings", warnings}};
  });
}

} // namespace mlxaudio::port
