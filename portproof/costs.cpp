// SPDX-License-Identifier: MIT
#include "portproof/costs.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "core/atomic_file.h"
#include "core/sha256.h"
#include "mlxaudio/error.h"
#include "portproof/audit.h"
#include "portproof/recorder.h"
#include "portproof/round_work.h"
#include "portproof/text.h"
#include "portproof/verify.h"

namespace portproof {
namespace {

namespace fs = std::filesystem;
using mlxaudio::ConfigError;
using mlxaudio::Json;

/// What one call may take more than the reference's, whatever the ratio: less
/// is the cost of starting it. \unit s
constexpr double kFloor = 1e-3;
constexpr int kRepeats = 5;

/// The code that a cost rests on: the port's, its probe and the reference's.
std::string code_of(const Port& port, const Component& c) {
  mlxaudio::Sha256 hash;
  hash.update(c.sha256).update(std::string_view("\n"));
  if (const auto it = port.probes.find(c.name); it != port.probes.end()) {
    hash.update(it->second.hash).update(std::string_view("\n"));
  }
  for (const std::string& file : port.closure(c)) {
    hash.update(file).update(std::string_view("="));
    hash.update(port.sources.find(file)->hash).update(std::string_view("\n"));
  }
  return hash.hex().substr(0, 16);
}

std::vector<CostSide> sides_of(const Json& component) {
  std::map<std::string, CostSide> sides;
  for (const Json& call : component.at("calls")) {
    if (!call.contains("port_seconds")) {
      continue;
    }
    const std::string key = call.at("oracle");
    CostSide& side = sides[key];
    side.reference = key;
    ++side.calls;
    side.seconds += call.at("seconds").get<double>();
    side.port_seconds += call.at("port_seconds").get<double>();
    side.growth_kib = std::max(side.growth_kib, call.value("growth_kib", 0L));
    side.port_growth_kib =
        std::max(side.port_growth_kib, call.value("port_growth_kib", 0L));
  }
  std::vector<CostSide> out;
  for (auto& [key, side] : sides) {
    out.push_back(std::move(side));
  }
  return out;
}

bool is_slow(const CostRow& row, double limit) {
  return !row.sides.empty() &&
         std::all_of(
             row.sides.begin(),
             row.sides.end(),
             [&](const CostSide& side) {
               const double more =
                   (side.port_seconds - side.seconds) / side.calls;
               return side.ratio() > limit && more > kFloor;
             });
}

/// A figure with few digits, as the file keeps it.
double rounded(double seconds) {
  return std::round(seconds * 1e8) / 1e8;
}

std::string milliseconds(double seconds) {
  return fmt::format("{:.3g} ms", std::max(seconds, 0.0) * 1e3);
}

/// Answers for some calls with what they cost, one thread and with the port's
/// kernels, as anybody runs it.
Answers costs_of_port(
    const ProbeProgram& program,
    const Golden& golden,
    const std::vector<const Call*>& calls,
    int time_limit) {
  Question question{golden, calls, "close"};
  // Each call is answered some times more.
  question.time_limit = time_limit * (1 + kRepeats);
  question.environment = {
      {"OMP_NUM_THREADS", "1"},
      {"OPENBLAS_NUM_THREADS", "1"}};
  question.repeats = kRepeats;
  return ask(program.command, question);
}

/// Adds the port's figures to those of the references.
/// \return why there are none; empty: there are
std::string add_port(
    const Port& port,
    const Component& c,
    const ProbeProgram& program,
    Json& calls) {
  const Golden golden = Golden::load(
      golden_path(golden_folder(port.project, port.reference), c.name));
  std::vector<const Call*> asked;
  std::vector<Json*> into;
  for (Json& cost : calls) {
    for (const Call& call : golden.calls) {
      if (call.id == cost.at("id").get<std::string>()) {
        asked.push_back(&call);
        into.push_back(&cost);
      }
    }
    cost["seconds"] = rounded(cost.at("seconds").get<double>());
  }
  if (asked.empty()) {
    return {};
  }
  const Answers answers =
      costs_of_port(program, golden, asked, port.reference.time_limit);
  if (!answers.trouble.empty()) {
    return answers.trouble;
  }
  for (std::size_t i = 0; i < asked.size(); ++i) {
    const Json& said = answers.calls.at(i);
    if (!said.contains("seconds") || !said.at("seconds").is_number()) {
      return "the probe does not say what its calls cost (`seconds`, "
             "protocol.md)";
    }
    (*into[i])["port_seconds"] = rounded(said.at("seconds").get<double>());
    if (said.contains("growth_kib")) {
      (*into[i])["port_growth_kib"] = said.at("growth_kib");
    }
  }
  return {};
}

} // namespace

double CostSide::ratio() const {
  constexpr double kLeast = 1e-9; // the clock's own step
  return port_seconds / std::max(seconds, kLeast);
}

double CostRow::ratio() const {
  double least = 0;
  for (const CostSide& side : sides) {
    least =
        &side == &sides.front() ? side.ratio() : std::min(least, side.ratio());
  }
  return least;
}

double slower_limit(const Reference& reference) {
  constexpr double kUsual = 2;
  const auto round = reference.toml.find("round");
  if (round == reference.toml.end() || !round->is_object() ||
      !round->contains("slower")) {
    return kUsual;
  }
  const Json& value = round->at("slower");
  if (!value.is_number() || value.get<double>() < 0) {
    throw ConfigError(fmt::format(
        "[portproof] {}: [round] `slower` is how many times the slower "
        "reference's time a component may take: a number, 0 for any",
        reference.path.string()));
  }
  return value.get<double>();
}

fs::path Costs::path(const Port& port) {
  return port.project.folder(port.reference.model) / "costs.json";
}

Costs::Costs(const Port& port) {
  const fs::path file = path(port);
  if (!fs::exists(file)) {
    return;
  }
  const std::string anew = fmt::format(
      "measure anew with `portproof trace {} --costs`",
      port.reference.model);
  json_ = mlxaudio::read_json(file);
  try {
    if (json_.at("sha256").get<std::string>() != content_hash(json_)) {
      throw ConfigError(fmt::format(
          "[portproof] {} was edited by hand: {}",
          file.string(),
          anew));
    }
    const double limit = slower_limit(port.reference);
    for (const Component& c : port.inventory.components) {
      const auto it = json_.at("components").find(c.name);
      if (it == json_.at("components").end()) {
        continue;
      }
      CostRow row;
      row.component = c.name;
      row.sides = sides_of(*it);
      row.holds = it->at("code").get<std::string>() == code_of(port, c);
      row.slow = limit > 0 && is_slow(row, limit);
      if (const Rule* answer = port.reference.slower_answer(c.name);
          row.slow && answer != nullptr) {
        row.answer = answer->text;
      }
      rows_.push_back(std::move(row));
    }
  } catch (const Json::exception&) {
    throw ConfigError(
        fmt::format("[portproof] {} is malformed: {}", file.string(), anew));
  }
}

const CostRow* Costs::find(const std::string& component) const {
  for (const CostRow& row : rows_) {
    if (row.component == component) {
      return &row;
    }
  }
  return nullptr;
}

Json Costs::json() const {
  Json out = Json::array();
  for (const CostRow& row : rows_) {
    Json sides = Json::object();
    for (const CostSide& side : row.sides) {
      sides[side.reference] = {
          {"calls", side.calls},
          {"seconds", side.seconds},
          {"port_seconds", side.port_seconds},
          {"ratio", side.ratio()},
          {"growth_kib", side.growth_kib},
          {"port_growth_kib", side.port_growth_kib}};
    }
    out.push_back(
        {{"component", row.component},
         {"references", sides},
         {"ratio", row.ratio()},
         {"holds", row.holds},
         {"slow", row.slow},
         {"answer", row.answer}});
  }
  return out;
}

std::string Costs::about() const {
  if (!measured()) {
    return {};
  }
  std::string out = json_.value("time", "") + ", " +
                    json_.at("machine").value("processor", "") + ", one thread";
  const Json versions = json_.value("versions", Json::object());
  for (const auto& [name, version] : versions.items()) {
    out += ", " + name + " " + version.get<std::string>();
  }
  return out;
}

std::string cost_text(const CostRow& row) {
  std::string out;
  for (const CostSide& side : row.sides) {
    out += fmt::format(
        "{}{} against {} {} ({:.2g} times, {} calls)",
        out.empty() ? "port " : "; port ",
        milliseconds(side.port_seconds),
        side.reference,
        milliseconds(side.seconds),
        side.ratio(),
        side.calls);
  }
  if (out.empty()) {
    return "no call was measured on both sides";
  }
  if (!row.holds) {
    out += "; before its code changed";
  }
  if (row.slow) {
    out += row.answer.empty() ? "; slow, without an answer"
                              : "; slow: " + row.answer;
  }
  return out;
}

std::string cost_table(const Costs& costs) {
  std::size_t width = 0;
  for (const CostRow& row : costs.rows()) {
    width = std::max(width, row.component.size());
  }
  std::string out;
  for (const CostRow& row : costs.rows()) {
    if (!row.sides.empty()) {
      out += fmt::format("{:<{}}  {}\n", row.component, width, cost_text(row));
    }
  }
  return out;
}

std::vector<std::string> efficiency_left(const Port& port) {
  std::vector<std::string> out;
  const double limit = slower_limit(port.reference);
  if (limit == 0) {
    return out;
  }
  const Costs costs(port);
  const std::string command =
      fmt::format("`portproof trace {} --costs`", port.reference.model);
  if (!costs.measured()) {
    out.push_back("what the components cost was not measured: " + command);
  }
  int absent = 0;
  for (const Component* c : required_components(port)) {
    const CostRow* row = costs.find(c->name);
    if (row == nullptr || !row->holds) {
      ++absent;
      continue;
    }
    if (row->slow && row->answer.empty()) {
      out.push_back(fmt::format(
          "{} takes more than {} times the slower reference's time: {}; make "
          "it quicker, or say why in a [[slower]] of reference.toml",
          c->name,
          limit,
          cost_text(*row)));
    }
  }
  if (costs.measured() && absent > 0) {
    out.push_back(fmt::format(
        "{} component{} not measured since {} code changed: {}",
        absent,
        absent == 1 ? " was" : "s were",
        absent == 1 ? "its" : "their",
        command));
  }
  if (port.reference.adapter.cpp) {
    if (const int open = audit(port.project, port.reference, "").open();
        open > 0) {
      out.push_back(fmt::format(
          "{} finding{} of `portproof audit {}` {} open",
          open,
          open == 1 ? "" : "s",
          port.reference.model,
          open == 1 ? "is" : "are"));
    }
  }
  return out;
}

std::vector<std::string> write_costs(
    const Port& port, const ProbeProgram& program, const Json& measured) {
  const fs::path file = Costs::path(port);
  Json out = {
      {"format", 1},
      {"model", port.reference.model},
      {"made_by", "portproof trace --costs"},
      {"time", utc_now()},
      {"machine", measured.at("machine")},
      {"versions", measured.at("versions")},
      {"port", program.about},
      {"components", Json::object()}};
  if (fs::exists(file)) {
    const Json before = mlxaudio::read_json(file);
    const bool same = before.value("machine", Json()) == out["machine"] &&
                      before.value("versions", Json()) == out["versions"];
    const Json kept = before.value("components", Json::object());
    for (const Component& c : port.inventory.components) {
      if (!kept.contains(c.name) ||
          measured.at("components").contains(c.name)) {
        continue;
      }
      if (!same) {
        throw ConfigError(fmt::format(
            "[portproof] {} was measured on another machine or with other "
            "versions: measure all components, without --component",
            file.string()));
      }
      out["components"][c.name] = kept.at(c.name);
    }
  }
  std::vector<std::string> missing;
  for (const auto& [name, calls] : measured.at("components").items()) {
    const Component* c = port.inventory.find(name);
    if (c == nullptr ||
        std::find(program.components.begin(), program.components.end(), name) ==
            program.components.end()) {
      continue;
    }
    if (const std::string changed = stale(port, *c, program);
        !changed.empty()) {
      throw ConfigError(fmt::format(
          "[portproof] {} changed since the build: build again",
          changed));
    }
    Json costs = calls;
    const std::string trouble = add_port(port, *c, program, costs);
    if (!trouble.empty()) {
      missing.push_back(fmt::format("{}: {}", name, trouble));
      continue;
    }
    out["components"][name] = {{"code", code_of(port, *c)}, {"calls", costs}};
  }
  mlxaudio::write_file(file, seal(out));
  return missing;
}

} // namespace portproof
