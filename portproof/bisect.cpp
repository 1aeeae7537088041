// SPDX-License-Identifier: MIT
#include "portproof/bisect.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <utility>

#include <fmt/format.h>

#include "mlxaudio/error.h"
#include "portproof/probe_run.h"

namespace portproof {
namespace {

using mlxaudio::ConfigError;
using mlxaudio::Json;
using Key = std::pair<std::string, int>;

/// What a program tells of one run, by place.
struct Told {
  std::string trouble;
  Json result;
  std::map<Key, Json> taps;
  Arrays arrays;
};

Told tell(
    const Port& port,
    const BisectOptions& options,
    const Golden& golden,
    const Call& call,
    const std::map<std::string, Json>& forced) {
  Answers answers =
      ask(options.command,
          {golden,
           {&call},
           "close",
           true,
           forced,
           options.time_limit.value_or(port.reference.time_limit)});
  Told told;
  told.trouble = answers.trouble;
  if (!told.trouble.empty()) {
    return told;
  }
  told.arrays = std::move(answers.arrays);
  try {
    const Json& answer = answers.calls.at(0);
    told.result = answer.at("result");
    for (const Json& tap : answer.value("taps", Json::array())) {
      told.taps.emplace(Key(tap.at("path"), tap.value("call", 0)), tap);
    }
    // A port that gives up says so in its result.
    if (told.result.is_object() && told.result.contains("$raises")) {
      told.trouble = told.result.at("$raises").get<std::string>();
    }
  } catch (const Json::exception& e) {
    told.trouble = fmt::format("the probe's answer is malformed: {}", e.what());
  }
  return told;
}

/// The largest number of the arrays in a value.
double largest(const Json& value, const Golden& golden) {
  double most = 0;
  for (const std::string& name : array_names(value)) {
    for (const double x : to_doubles(golden.arrays.at(name))) {
      most = std::isfinite(x) ? std::max(most, std::abs(x)) : most;
    }
  }
  return most;
}

/// Places on the way hold numbers of any size (hertz, powers), so the absolute
/// tolerance is taken as one for numbers up to 1, and grows with them.
Comparison compared(
    const Json& expected,
    const Golden& golden,
    const Json& got,
    const Told& told,
    Tolerance tolerance,
    const std::string& where) {
  tolerance.max_abs *= std::max(1.0, largest(expected, golden));
  Comparison c;
  compare(expected, golden.arrays, got, told.arrays, tolerance, where, c);
  return c;
}

/// The outputs that the port tells of: it may leave the last ones out.
Json told_of(const Json& expected, const Json& got) {
  Json out = Json::array();
  for (std::size_t i = 0; i < expected.size(); ++i) {
    if (got.empty() || i < got.size()) {
      out.push_back(expected.at(i));
    }
  }
  return out;
}

/// Of arrays that both sides list; what only one side has is not compared.
Comparison inputs(
    const Json& expected,
    const Golden& golden,
    const Json& got,
    const Told& told,
    const Tolerance& tolerance) {
  if (got.empty() || expected.size() != got.size()) {
    return {};
  }
  return compared(expected, golden, got, told, tolerance, "in");
}

/// The reference's outputs in place of the port's, for each path by call.
Json forced_values(const Json& taps) {
  std::map<std::string, Json> by_path;
  for (const Json& tap : taps) {
    Json& calls = by_path[tap.at("path").get<std::string>()];
    if (calls.is_null()) {
      calls = Json::array();
    }
    calls.push_back(tap.value("go_on", tap.at("out")));
  }
  Json out = Json::object();
  for (const auto& [path, calls] : by_path) {
    out[path] = calls;
  }
  return out;
}

/// The component's own tolerance, else that of the whole run, else a usual one.
Tolerance tolerance_of(
    const Port& port,
    const BisectOptions& options,
    const std::string& component,
    const std::string& whole) {
  for (const std::string& name : {component, whole}) {
    if (const auto t = port.reference.tolerance(name, "close")) {
      return *t;
    }
  }
  return options.otherwise;
}

TapResult judged(
    const Json& tap,
    const Golden& golden,
    const Told& free,
    const Told& forced,
    const Tolerance& tolerance) {
  using Verdict = TapResult::Verdict;
  TapResult r;
  r.path = tap.at("path");
  r.call = tap.value("call", 0);
  r.component = tap.value("component", "");
  const Key key(r.path, r.call);
  const auto here = free.taps.find(key);
  if (here == free.taps.end()) {
    r.verdict = Verdict::absent;
    return r;
  }
  const Json none = Json::array();
  const Json& ins = tap.at("in");
  const Json outs =
      told_of(tap.at("out"), here->second.value("out", Json::array()));
  const auto side = [&](const Json& told, const char* which) {
    return told.value(which, none);
  };
  const Comparison out =
      compared(outs, golden, side(here->second, "out"), free, tolerance, "out");
  r.free = out.worst;
  const auto alone = forced.taps.find(key);
  if (alone != forced.taps.end()) {
    const Comparison own = compared(
        outs,
        golden,
        side(alone->second, "out"),
        forced,
        tolerance,
        "out");
    r.alone = own.worst;
    if (own.pass()) {
      r.verdict = out.pass() ? Verdict::agrees : Verdict::propagated;
      r.why = out.pass() ? "" : out.failures.front();
      return r;
    }
    const Comparison in =
        inputs(ins, golden, side(alone->second, "in"), forced, tolerance);
    r.verdict = in.pass() ? Verdict::cause : Verdict::around;
    r.why = in.pass() ? own.failures.front() : in.failures.front();
    return r;
  }
  if (out.pass()) {
    return r;
  }
  const Comparison in =
      inputs(ins, golden, side(here->second, "in"), free, tolerance);
  r.verdict = in.pass() ? Verdict::cause : Verdict::propagated;
  r.why = out.failures.front();
  return r;
}

/// The first place that the port did not come to.
void mark_stop(Bisection& b) {
  auto at =
      std::find_if(b.taps.rbegin(), b.taps.rend(), [](const TapResult& t) {
        return t.verdict != TapResult::Verdict::absent;
      }).base();
  if (at != b.taps.end()) {
    at->verdict = TapResult::Verdict::stops;
    at->why = b.stopped;
  }
}

/// Tells of each place which component it belongs to. What code around a place
/// does wrong is the fault of the one that the place is a part of.
void find_owners(Bisection& b, const Inventory& inventory) {
  std::map<std::string, std::string> components;
  for (const TapResult& t : b.taps) {
    components[t.path] = t.component;
  }
  for (TapResult& t : b.taps) {
    std::string path = t.path;
    bool itself = t.verdict != TapResult::Verdict::around;
    while (true) {
      const auto it = components.find(path);
      const Component* c = itself && it != components.end()
                               ? inventory.owner(it->second)
                               : nullptr;
      if (c != nullptr) {
        t.owner = c->name;
        break;
      }
      itself = true;
      const std::size_t dot = path.rfind('.');
      if (dot == std::string::npos) {
        t.owner = b.component; // the run's own
        break;
      }
      path.resize(dot);
    }
  }
}

Bisection follow(
    const Port& port,
    const BisectOptions& options,
    const Golden& golden,
    const Call& call) {
  Bisection b;
  b.component = golden.component;
  b.call = call.id;
  const Told free = tell(port, options, golden, call, {});
  if (free.taps.empty()) {
    throw ConfigError(fmt::format(
        "[portproof] the port tells nothing of what it computes on the way in "
        "{}, call {}{}{}: give taps in its probe (docs/porting/protocol.md)",
        golden.component,
        call.id,
        free.trouble.empty() ? "" : ": ",
        free.trouble));
  }
  const Told forced =
      tell(port, options, golden, call, {{call.id, forced_values(call.taps)}});
  b.not_forced = forced.trouble;
  for (const Json& tap : call.taps) {
    b.taps.push_back(judged(
        tap,
        golden,
        free,
        forced,
        tolerance_of(
            port,
            options,
            tap.value("component", std::string()),
            golden.component)));
  }
  b.stopped = free.trouble;
  if (!b.stopped.empty()) {
    mark_stop(b);
  }
  find_owners(b, port.inventory);
  const Comparison whole = compared(
      call.result,
      golden,
      free.result,
      free,
      tolerance_of(port, options, golden.component, golden.component),
      "result");
  b.result_agrees = whole.pass();
  b.result_why = whole.pass() ? "" : whole.failures.front();
  return b;
}

} // namespace

const TapResult* Bisection::first() const {
  const auto at = std::find_if(taps.begin(), taps.end(), [](const auto& t) {
    return t.verdict == TapResult::Verdict::cause ||
           t.verdict == TapResult::Verdict::around ||
           t.verdict == TapResult::Verdict::stops;
  });
  return at == taps.end() ? nullptr : &*at;
}

bool Bisection::all_agree() const {
  return result_agrees &&
         std::all_of(taps.begin(), taps.end(), [](const TapResult& t) {
           return t.verdict == TapResult::Verdict::agrees ||
                  t.verdict == TapResult::Verdict::absent;
         });
}

std::vector<Bisection> bisect(const Port& port, const BisectOptions& options) {
  std::vector<Bisection> out;
  for (const Component& c : port.inventory.components) {
    if (!options.component.empty() && c.name != options.component) {
      continue;
    }
    const std::optional<Golden> golden = port.golden(c);
    if (!golden) {
      continue;
    }
    for (const Call& call : golden->calls) {
      if (call.taps.is_null() ||
          (!options.call.empty() && call.id != options.call)) {
        continue;
      }
      try {
        out.push_back(follow(port, options, *golden, call));
      } catch (const Json::exception& e) {
        throw ConfigError(fmt::format(
            "[portproof] {}: the taps of call {} are malformed: {}",
            golden->path.string(),
            call.id,
            e.what()));
      }
    }
  }
  if (out.empty()) {
    throw ConfigError(fmt::format(
        "[portproof] no recorded call{}{} has taps: record one with "
        "`taps` (docs/porting/protocol.md) and `portproof trace`",
        options.component.empty() ? "" : " of ",
        options.component));
  }
  return out;
}

const char* name_of(TapResult::Verdict verdict) {
  switch (verdict) {
    case TapResult::Verdict::agrees:
      return "agrees";
    case TapResult::Verdict::cause:
      return "CAUSE";
    case TapResult::Verdict::around:
      return "AROUND";
    case TapResult::Verdict::propagated:
      return "propagated";
    case TapResult::Verdict::stops:
      return "STOPS";
    case TapResult::Verdict::absent:
      return "not told";
  }
  return "";
}

Json to_json(const Bisection& b) {
  const auto distance = [](const Distance& d) {
    return Json{
        {"max_abs", d.max_abs},
        {"rel_l2", d.rel_l2},
        {"norm_ratio", d.norm_ratio}};
  };
  Json taps = Json::array();
  for (const TapResult& t : b.taps) {
    Json entry = {
        {"path", t.path},
        {"call", t.call},
        {"component", t.component},
        {"owner", t.owner},
        {"verdict", name_of(t.verdict)},
        {"free", distance(t.free)}};
    if (t.alone) {
      entry["alone"] = distance(*t.alone);
    }
    entry["why"] = t.why;
    taps.push_back(std::move(entry));
  }
  const TapResult* first = b.first();
  return {
      {"component", b.component},
      {"call", b.call},
      {"result_agrees", b.result_agrees},
      {"result_why", b.result_why},
      {"stopped", b.stopped},
      {"not_forced", b.not_forced},
      {"first",
       first == nullptr
           ? Json(nullptr)
           : Json{{"path", first->path}, {"component", first->component},
 {"owner", first->owner}}},
      {"taps", taps}};
}

} // namespace portproof
