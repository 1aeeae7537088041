// SPDX-License-Identifier: MIT
#include "models/whisper/tokenizer.h"

#include "probes.h"
#include "toy.h"

namespace mlxaudio::port {

using namespace mlxaudio::whisper;

namespace {

Json words(const WordTokens& w) {
  return {w.words, w.word_tokens};
}

} // namespace

void add_tokenizer(Probes& p) {
  p.add("whisper.tokenizer.LANGUAGES", [](Call&) {
    Json out = Json::array();
    for (const Language& l : kLanguages) {
      out.push_back({l.code, l.name});
    }
    return out;
  });

  p.add("whisper.tokenizer.TO_LANGUAGE_CODE", [](Call&) {
    Json out = Json::object();
    for (const auto& [name, code] : to_language_codes()) {
      out[std::string(name)] = code;
    }
    return out;
  });

  p.add("whisper.tokenizer.Tokenizer", [](Call& c) {
    const Tokenizer t = tokenizer(c);
    const auto ids = c.maybe<std::vector<int>>("ids");
    if (c.has("text")) {
      return Json{{"tokens", t.encode(c.get<std::string>("text"))}};
    }
    if (ids) {
      return Json{
          {"decode", t.decode(*ids)},
          {"decode_with_timestamps", t.decode_with_timestamps(*ids)},
          {"split_to_word_tokens", words(t.split_to_word_tokens(*ids))},
          {"split_tokens_on_unicode", words(t.split_tokens_on_unicode(*ids))},
          {"split_tokens_on_spaces", words(t.split_tokens_on_spaces(*ids))}};
    }
    if (c.has("to_language_token")) {
      return Json(t.to_language_token(c.get<std::string>("to_language_token")));
    }
    Json out = {
        {"sot_sequence", t.sot_sequence},
        {"sot_sequence_including_notimestamps",
         t.sot_sequence_including_notimestamps()},
        {"eot", t.eot},
        {"transcribe", t.transcribe},
        {"translate", t.translate},
        {"sot", t.sot},
        {"sot_lm", t.sot_lm},
        {"sot_prev", t.sot_prev},
        {"no_speech", t.no_speech},
        {"no_timestamps", t.no_timestamps},
        {"timestamp_begin", t.timestamp_begin},
        {"all_language_tokens", t.all_language_tokens},
        {"all_language_codes", t.all_language_codes},
        {"non_speech_tokens", t.non_speech_tokens}};
    out["language"] = t.language ? Json(*t.language) : Json();
    out["task"] = t.task ? Json(*t.task) : Json();
    return out;
  });

  p.add("whisper.tokenizer.get_encoding", [](Call& c) {
    const auto e =
        encoding(c.get<bool>("multilingual"), c.get<int>("num_languages"));
    return Json{
        {"n_vocab", e->n_vocab()},
        {"special_tokens", e->special_tokens()},
        {"tokens", e->encode(c.get<std::string>("text"))}};
  });

  p.add("whisper.tokenizer.get_tokenizer", [](Call& c) {
    const Tokenizer t = tokenizer(c);
    return Json{
        {"language", t.language ? Json(*t.language) : Json()},
        {"task", t.task ? Json(*t.task) : Json()},
        {"num_languages", t.num_languages},
        {"sot_sequence", t.sot_sequence}};
  });
}

} // namespace mlxaudio::port
