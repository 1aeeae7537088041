// SPDX-License-Identifier: MIT
#include "result.h"

namespace mlxaudio::port {

Transcription transcription_of(const Json& result) {
  Transcription t;
  t.text = result.at("text");
  t.language = result.at("language");
  for (const Json& s : result.at("segments")) {
    Segment segment;
    segment.id = s.at("id");
    segment.seek = s.at("seek");
    segment.start = s.at("start");
    segment.end = s.at("end");
    segment.text = s.at("text");
    segment.tokens = s.at("tokens").get<std::vector<int>>();
    segment.temperature = s.at("temperature");
    segment.avg_logprob = s.at("avg_logprob");
    segment.compression_ratio = s.at("compression_ratio");
    segment.no_speech_prob = s.at("no_speech_prob");
    if (s.contains("words")) {
      segment.words.emplace();
      for (const Json& w : s.at("words")) {
        segment.words->push_back(
            {.word = w.at("word"),
             .start = w.at("start"),
             .end = w.at("end"),
             .probability = w.at("probability")});
      }
    }
    t.segments.push_back(std::move(segment));
  }
  return t;
}

Json words_json(const Segment& segment) {
  Json words = Json::array();
  for (const Word& w : segment.words.value_or(std::vector<Word>{})) {
    words.push_back(
        {{"word", w.word},
         {"start", w.start},
         {"end", w.end},
         {"probability", w.probability}});
  }
  return words;
}

Json to_json(const Transcription& t) {
  Json segments = Json::array();
  for (const Segment& s : t.segments) {
    segments.push_back(
        {{"id", s.id},
         {"seek", s.seek},
         {"start", s.start},
         {"end", s.end},
         {"text", s.text},
         {"tokens", s.tokens},
         {"temperature", s.temperature},
         {"avg_logprob", s.avg_logprob},
         {"compression_ratio", s.compression_ratio},
         {"no_speech_prob", s.no_speech_prob}});
    // Clearing gives a segment an empty list of words, asked for or not.
    if (s.words || s.cleared) {
      segments.back()["words"] = words_json(s);
    }
  }
  return {{"text", t.text}, {"segments", segments}, {"language", t.language}};
}

} // namespace mlxaudio::port
