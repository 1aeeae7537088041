// SPDX-License-Identifier: MIT
#include "core/utf8.h"
#include "models/whisper/normalizers/basic.h"
#include "models/whisper/normalizers/english.h"
#include "probes.h"
#include "text/python_unicode.h"

namespace mlxaudio::port {

using namespace mlxaudio::whisper;

namespace {

/// Texts in a call's list, each given to the function.
template <class Function>
Json each_text(Call& c, const Function& function) {
  Json out = Json::array();
  for (const auto& text : c.get<std::vector<std::string>>("texts")) {
    out.push_back(function(text));
  }
  return out;
}

std::u32string wide(const std::string& text) {
  return to_utf32(text).value();
}

} // namespace

void add_normalizers(Probes& p) {
  p.add("whisper.normalizers.basic.ADDITIONAL_DIACRITICS", [](Call&) {
    Json out = Json::array();
    for (const auto& [letter, parts] : kAdditionalDiacritics) {
      out.push_back({to_utf8({&letter, 1}), to_utf8(parts)});
    }
    return out;
  });

  p.add("whisper.normalizers.basic.remove_symbols_and_diacritics", [](Call& c) {
    const auto keep = wide(c.maybe<std::string>("keep").value_or(""));
    return each_text(c, [&](const std::string& text) {
      return to_utf8(remove_symbols_and_diacritics(wide(text), keep));
    });
  });

  p.add("whisper.normalizers.basic.remove_symbols", [](Call& c) {
    return each_text(c, [](const std::string& text) {
      return to_utf8(remove_symbols(wide(text)));
    });
  });

  p.add("whisper.normalizers.basic.BasicTextNormalizer", [](Call& c) {
    return each_text(
        c,
        BasicTextNormalizer(
            c.maybe<bool>("remove_diacritics").value_or(false),
            c.maybe<bool>("split_letters").value_or(false)));
  });

  p.add("whisper.normalizers.english.EnglishNumberNormalizer", [](Call& c) {
    const EnglishNumberNormalizer normalizer;
    return each_text(c, [&](const std::string& text) {
      const std::u32string s = wide(text);
      Json words = Json::array();
      for (const auto& word : normalizer.process_words(text::python_split(s))) {
        words.push_back(to_utf8(word));
      }
      return Json{
          {"call", to_utf8(normalizer(s))},
          {"preprocess", to_utf8(normalizer.preprocess(s))},
          {"process_words", std::move(words)},
          {"postprocess", to_utf8(normalizer.postprocess(s))}};
    });
  });

  p.add("whisper.normalizers.english.EnglishSpellingNormalizer", [](Call& c) {
    const EnglishSpellingNormalizer normalizer;
    return each_text(c, [&](const std::string& text) {
      return to_utf8(normalizer(wide(text)));
    });
  });

  p.add("whisper.normalizers.english.EnglishTextNormalizer", [](Call& c) {
    return each_text(c, EnglishTextNormalizer());
  });
}

} // namespace mlxaudio::port
