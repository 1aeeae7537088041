// SPDX-License-Identifier: MIT
#include "portproof/rounds.h"

#include <algorithm>

#include <fmt/format.h>

#include "mlxaudio/error.h"
#include "portproof/text.h"

namespace portproof {
namespace {

using mlxaudio::ConfigError;
using mlxaudio::Json;

RoundKind usual(int number) {
  RoundKind kind;
  kind.number = number;
  switch (number) {
    case 1:
      kind.title = "as recorded";
      break;
    case 2:
      kind.title = "other inputs";
      kind.fresh = true;
      break;
    case 3:
      kind.title = "other surroundings";
      kind.environments = {{"one thread", {{"OMP_NUM_THREADS", "1"}}}};
      break;
    default:
      kind.title = "once more";
  }
  return kind;
}

} // namespace

bool RoundKind::asks_fresh(const std::string& component) const {
  return fresh &&
         std::none_of(
             same_inputs.begin(),
             same_inputs.end(),
             [&](const auto& rule) { return matches(rule.first, component); });
}

std::vector<std::string> RoundKind::files_for(
    const std::string& component) const {
  std::vector<std::string> out;
  for (const auto& [file, patterns] : calls) {
    if (std::any_of(
            patterns.begin(),
            patterns.end(),
            [&](const std::string& p) { return matches(p, component); })) {
      out.push_back(file);
    }
  }
  return out;
}

std::string RoundKind::fingerprint() const {
  std::string out;
  for (const auto& [name, variables] : environments) {
    out += name + ':';
    for (const auto& [key, value] : variables) {
      out += key + '=' + value + ';';
    }
    out += '\n';
  }
  return out;
}

RoundKind round_kind(const Reference& reference, int number) {
  const std::string key = fmt::format("{}", number);
  const std::string where =
      fmt::format("[portproof] {}: [round.{}]", reference.path.string(), key);
  RoundKind kind = usual(number);
  const auto rounds = reference.toml.find("round");
  if (rounds == reference.toml.end()) {
    return kind;
  }
  if (!rounds->is_object()) {
    throw ConfigError(where + " is not a table: write it as [round.1]");
  }
  const auto table = rounds->find(key);
  if (table == rounds->end()) {
    return kind;
  }
  try {
    kind.title = table->value("title", kind.title);
    kind.fresh = table->value("fresh", false);
    kind.same_inputs =
        table->value("same_inputs", std::map<std::string, std::string>{});
    kind.calls = table->value(
        "calls",
        std::map<std::string, std::vector<std::string>>{});
    kind.environments = table->value(
        "environments",
        std::map<std::string, std::map<std::string, std::string>>{});
    kind.modes = table->value("modes", std::vector<std::string>{});
  } catch (const Json::exception&) {
    throw ConfigError(
        where +
        ": `title` is a text, `fresh` true or false, `calls` a table of files "
        "to lists of components, `environments` tables of texts, `modes` a "
        "list of their names");
  }
  for (const std::string& name : kind.modes) {
    if (name != "usual" && !kind.environments.contains(name)) {
      throw ConfigError(fmt::format(
          "{}: `modes` names {}, which is neither \"usual\" nor among its "
          "`environments`",
          where,
          name));
    }
  }
  return kind;
}

int rounds_wanted(const Reference& reference) {
  const auto gate = reference.toml.find("gate");
  if (gate == reference.toml.end()) {
    return 3;
  }
  try {
    return gate->value("rounds", 3);
  } catch (const Json::exception&) {
    throw ConfigError(fmt::format(
        "[portproof] {}: [gate] `rounds` is not a number",
        reference.path.string()));
  }
}

Rounds::Rounds(std::filesystem::path path) : log_(std::move(path)) {
  index();
}

void Rounds::index() {
  rounds_.clear();
  damage_ = log_.damage();
  for (const Json& line : log_.lines()) {
    const int number = line.value("round", 0);
    const std::string time = line.value("time", "");
    const bool opens = line.value("event", "") == "opened";
    const Round now = current();
    if (opens && number == now.number + 1 && !now.is_open()) {
      rounds_.push_back({number, line.value("title", ""), time, ""});
    } else if (!opens && number == now.number && now.is_open()) {
      rounds_.back().closed = time;
    } else {
      damage_.push_back(fmt::format(
          "{}: round {} was {} out of turn: a line is missing or came twice",
          log_.path().filename().string(),
          number,
          opens ? "opened" : "closed"));
    }
  }
}

Round Rounds::current() const {
  return rounds_.empty() ? Round{} : rounds_.back();
}

int Rounds::recording() const {
  return rounds_.empty() ? 1 : rounds_.back().number;
}

int Rounds::closed() const {
  const Round now = current();
  return now.is_open() ? now.number - 1 : now.number;
}

Round Rounds::open(const Reference& reference, const Json& state) {
  log_.append([&]() -> std::vector<Json> {
    index();
    const Round now = current();
    if (now.is_open()) {
      throw ConfigError(fmt::format(
          "[portproof] round {} of {} is open: close it first with "
          "`portproof round {} close`",
          now.number,
          reference.model,
          reference.model));
    }
    const RoundKind kind = round_kind(reference, now.number + 1);
    const Json line = {
        {"time", utc_now()},
        {"event", "opened"},
        {"round", kind.number},
        {"title", kind.title},
        {"state", state}};
    return {line};
  });
  index();
  return current();
}

Round Rounds::close(int number, const Json& state) {
  log_.append([&]() -> std::vector<Json> {
    index();
    const Round now = current();
    if (!now.is_open() || now.number != number) {
      throw ConfigError(fmt::format(
          "[portproof] {}: round {} is not open",
          log_.path().string(),
          number));
    }
    const Json line = {
        {"time", utc_now()},
        {"event", "closed"},
        {"round", number},
        {"state", state}};
    return {line};
  });
  index();
  return current();
}

} // namespace portproof
