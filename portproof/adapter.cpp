// SPDX-License-Identifier: MIT
#include "portproof/adapter.h"

#include <fmt/format.h>

#include "mlxaudio/error.h"

namespace portproof {
namespace {

using mlxaudio::ConfigError;
using mlxaudio::Json;

template <class T>
T value_of(
    const Json& port, const std::string& where, const char* key, T fallback) {
  const auto it = port.find(key);
  if (it == port.end()) {
    return fallback;
  }
  try {
    return it->get<T>();
  } catch (const Json::exception&) {
    throw ConfigError(fmt::format("{}: `{}` has the wrong type", where, key));
  }
}

/// One of two words. \return whether it is the first
bool first_of_two(
    const Json& port,
    const std::string& where,
    const char* key,
    const std::string& first,
    const std::string& second,
    const std::string& fallback) {
  const std::string got = value_of<std::string>(port, where, key, fallback);
  if (got != first && got != second) {
    throw ConfigError(fmt::format(
        "{}: `{}` is \"{}\": write \"{}\" or \"{}\"",
        where,
        key,
        got,
        first,
        second));
  }
  return got == first;
}

} // namespace

Adapter Adapter::read(const Json& port, const std::string& where) {
  using Words = std::vector<std::string>;
  Adapter a;
  a.cpp = first_of_two(port, where, "language", "c++", "command", "c++");
  a.command = value_of<Words>(port, where, "command", {});
  a.build = value_of<Words>(port, where, "build", {});
  if (a.cpp) {
    for (const char* key :
         {"endings",
          "comment",
          "definitions",
          "closure",
          "rests_on",
          "symbols",
          "from"}) {
      if (port.contains(key)) {
        throw ConfigError(fmt::format(
            "{}: `{}` is for `language = \"command\"`; of C++ the compiler's "
            "own parser knows it",
            where,
            key));
      }
    }
    return a;
  }
  a.endings = value_of<Words>(port, where, "endings", {});
  if (a.endings.empty()) {
    throw ConfigError(fmt::format(
        "{} lacks `endings`: say how the port's source files end, [\".py\"]",
        where));
  }
  a.comment = value_of<std::string>(port, where, "comment", "");
  if (a.comment.empty()) {
    throw ConfigError(fmt::format(
        "{} lacks `comment`: say what begins a comment, \"#\"",
        where));
  }
  a.indented =
      first_of_two(port, where, "definitions", "indented", "tags", "tags");
  a.rests_on_all = first_of_two(port, where, "closure", "all", "file", "all");
  a.rests_on =
      value_of<std::map<std::string, Words>>(port, where, "rests_on", {});
  a.symbols =
      value_of<std::map<std::string, std::string>>(port, where, "symbols", {});
  a.from = value_of<std::string>(port, where, "from", "");
  return a;
}

std::string code_lines(const std::string& text, const std::string& comment) {
  std::string out;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find('\n', at), text.size());
    std::string line = text.substr(at, end - at);
    at = end + 1;
    line.erase(line.find_last_not_of(" \t\r") + 1);
    const std::size_t first = line.find_first_not_of(" \t");
    if (first != std::string::npos &&
        line.compare(first, comment.size(), comment) != 0) {
      out += line + '\n';
    }
  }
  return out;
}

std::vector<std::string> filled(
    const std::vector<std::string>& words,
    const std::map<std::string, std::string>& values) {
  std::vector<std::string> out;
  for (const std::string& word : words) {
    std::string text;
    for (std::size_t at = 0; at < word.size();) {
      const std::size_t close =
          word[at] == '{' ? word.find('}', at) : std::string::npos;
      if (close == std::string::npos) {
        text += word[at++];
        continue;
      }
      const std::string name = word.substr(at + 1, close - at - 1);
      const auto it = values.find(name);
      if (it == values.end()) {
        std::string known;
        for (const auto& [key, value] : values) {
          known += fmt::format("{}{{{}}}", known.empty() ? "" : ", ", key);
        }
        throw ConfigError(fmt::format(
            "[portproof] [port]: `{}` has {{{}}}; there are {}",
            word,
            name,
            known));
      }
      text += it->second;
      at = close + 1;
    }
    out.push_back(std::move(text));
  }
  return out;
}

} // namespace portproof
