// SPDX-License-Identifier: MIT
#include "portproof/reading.h"

#include <algorithm>
#include <charconv>

#include <fmt/format.h>

#include "core/toml.h"
#include "mlxaudio/error.h"
#include "portproof/text.h"

namespace portproof {
namespace {

using mlxaudio::ConfigError;
using mlxaudio::Json;

/// Reads the keys of one table and refuses those that it does not know: a
/// misspelt one would otherwise be an answer that nobody gave.
class Fields {
 public:
  Fields(const Json& json, std::string where)
      : json_(json), where_(std::move(where)) {
    if (!json.is_object()) {
      throw ConfigError(where_ + " is not a table");
    }
  }

  template <class T>
  T get(const char* key, T fallback) {
    known_.emplace_back(key);
    if (!json_.contains(key)) {
      return fallback;
    }
    try {
      return json_.at(key).get<T>();
    } catch (const Json::exception&) {
      throw ConfigError(
          fmt::format("{}: `{}` has the wrong type", where_, key));
    }
  }
  std::string text(const char* key) {
    return get<std::string>(key, "");
  }
  const Json& list(const char* key) {
    static const Json kNone = Json::array();
    known_.emplace_back(key);
    const auto it = json_.find(key);
    if (it != json_.end() && !it->is_array()) {
      throw ConfigError(fmt::format("{}: `{}` is not a list", where_, key));
    }
    return it == json_.end() ? kNone : *it;
  }
  void done() const {
    for (const auto& [key, value] : json_.items()) {
      if (std::find(known_.begin(), known_.end(), key) == known_.end()) {
        throw ConfigError(fmt::format("{}: there is no `{}`", where_, key));
      }
    }
  }

 private:
  const Json& json_;
  std::string where_;
  std::vector<std::string> known_;
};

std::optional<int> number(std::string_view text) {
  int value = 0;
  const auto [end, error] =
      std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() && end == text.data() + text.size() && value > 0
             ? std::optional(value)
             : std::nullopt;
}

} // namespace

Reading Reading::load(const std::filesystem::path& path, bool unanswered_too) {
  const std::string where = fmt::format("[portproof] {}", path.string());
  if (!std::filesystem::exists(path)) {
    throw ConfigError(where + " is not there");
  }
  Reading r;
  r.json = path.extension() == ".json" ? mlxaudio::read_json(path)
                                       : mlxaudio::read_toml(path);
  Fields top(r.json, where);
  r.component = top.text("component");
  r.page = top.text("page");
  r.fingerprint = top.text("fingerprint");
  const std::string verdict = top.text("verdict");
  if (r.component.empty()) {
    throw ConfigError(where + " lacks `component`");
  }
  r.answered = verdict == "right" || verdict == "wrong";
  if (!r.answered && !(unanswered_too && verdict.empty())) {
    throw ConfigError(where + ": `verdict` must be \"right\" or \"wrong\"");
  }
  r.right = verdict == "right";
  for (const Json& entry : top.list("statement")) {
    Fields f(entry, where + ": [[statement]]");
    StatementReading s;
    s.number = f.get<int>("n", 0);
    s.port = f.get<std::vector<std::string>>("port", {});
    s.deviation = f.text("deviation");
    s.not_applicable = f.text("not_applicable");
    f.done();
    r.statements.push_back(std::move(s));
  }
  for (const Json& entry : top.list("question")) {
    Fields f(entry, where + ": [[question]]");
    r.questions.push_back({f.text("asked"), f.text("answer")});
    f.done();
  }
  for (const Json& entry : top.list("experiment")) {
    Fields f(entry, where + ": [[experiment]]");
    r.experiments.push_back({f.text("command"), f.text("figure")});
    f.done();
  }
  for (const Json& entry : top.list("finding")) {
    Fields f(entry, where + ": [[finding]]");
    Finding found{f.text("what"), f.text("at"), f.get<bool>("minor", false)};
    f.done();
    if (found.what.empty()) {
      throw ConfigError(where + ": a [[finding]] lacks `what`");
    }
    r.findings.push_back(std::move(found));
  }
  top.done();
  return r;
}

std::optional<LineRange> line_range(const std::string& text) {
  const std::size_t colon = text.rfind(':');
  if (colon == std::string::npos || colon == 0) {
    return std::nullopt;
  }
  const std::string_view lines = std::string_view(text).substr(colon + 1);
  const std::size_t dash = lines.find('-');
  const auto first = number(lines.substr(0, dash));
  const auto last =
      dash == std::string_view::npos ? first : number(lines.substr(dash + 1));
  if (!first || !last || *last < *first) {
    return std::nullopt;
  }
  return LineRange{text.substr(0, colon), *first, *last};
}

ReviewRules ReviewRules::of(const Reference& reference) {
  ReviewRules rules;
  const auto review = reference.toml.find("review");
  if (review == reference.toml.end()) {
    return rules;
  }
  Fields f(
      *review,
      fmt::format("[portproof] {}: [review]", reference.path.string()));
  rules.authors =
      f.get<std::map<std::string, std::vector<std::string>>>("authors", {});
  rules.solo = f.get<bool>("solo", false);
  rules.discrete = f.get<std::vector<std::string>>("discrete", {});
  rules.stochastic = f.get<std::vector<std::string>>("stochastic", {});
  f.done();
  return rules;
}

bool ReviewRules::wrote(
    const std::string& reader, const std::string& component) const {
  const auto it = authors.find(reader);
  return it != authors.end() &&
         std::any_of(
             it->second.begin(),
             it->second.end(),
             [&](const std::string& p) { return matches(p, component); });
}

void check_reader(const std::string& reader) {
  const bool plain = !reader.empty() &&
                     reader.find_first_not_of(
                         "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                         "0123456789-_") == std::string::npos;
  if (!plain) {
    throw ConfigError(fmt::format(
        "[portproof] `{}` is no reader's id: use letters, digits, `-`, `_`",
        reader));
  }
}

} // namespace portproof
