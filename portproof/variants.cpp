// SPDX-License-Identifier: MIT
#include "portproof/variants.h"

#include <algorithm>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "core/sha256.h"
#include "mlxaudio/error.h"
#include "portproof/port.h"
#include "portproof/recorder.h"
#include "portproof/text.h"

namespace portproof {
namespace {

using mlxaudio::ConfigError;
using mlxaudio::Json;

constexpr const char* kForm =
    ": `name` is a text, `environment` a table of texts, `needs` and "
    "`rests_on` lists of texts, `waits` a text";

Covered::Bits bits_of(const std::string& text, const std::string& where) {
  if (text == "differ") {
    return Covered::Bits::differ;
  }
  if (text == "same") {
    return Covered::Bits::same;
  }
  if (text == "any") {
    return Covered::Bits::any;
  }
  throw ConfigError(fmt::format(
      "{}: `bits` is \"{}\": give \"differ\", \"same\" or \"any\"",
      where,
      text));
}

std::string name_of(Covered::Bits bits) {
  constexpr const char* kNames[] = {"any", "differ", "same"};
  return kNames[static_cast<int>(bits)];
}

Covered covered_of(const Json& entry, const std::string& where) {
  Covered c;
  std::string bits;
  try {
    c.match = entry.at("match").get<std::vector<std::string>>();
    c.calls = entry.value("calls", std::vector<std::string>{"*"});
    c.tolerance.max_abs = entry.at("max_abs");
    c.tolerance.rel_l2 = entry.at("rel_l2");
    c.tolerance.norm_ratio = entry.value("norm_ratio", c.tolerance.rel_l2);
    c.tolerance.why = entry.at("why");
    bits = entry.value("bits", "differ");
  } catch (const Json::exception&) {
    throw ConfigError(
        where +
        ": `match` (and `calls`) are lists of patterns, `max_abs`, `rel_l2` "
        "(and `norm_ratio`) numbers, `why` a text; `bits` is one");
  }
  if (c.tolerance.why.empty()) {
    throw ConfigError(where + " needs a reason in `why`");
  }
  c.bits = bits_of(bits, where);
  return c;
}

Variant variant_of(const Json& entry, const std::string& file) {
  const std::string where = file + " [[variant]]";
  Variant v;
  try {
    v.name = entry.at("name");
    v.environment =
        entry.at("environment").get<std::map<std::string, std::string>>();
    v.needs = entry.value("needs", std::vector<std::string>{});
    v.rests_on = entry.value("rests_on", std::vector<std::string>{});
    v.waits = entry.value("waits", "");
  } catch (const Json::exception&) {
    throw ConfigError(where + kForm);
  }
  if (v.name.empty() || v.environment.empty()) {
    throw ConfigError(fmt::format(
        "{} {}: it needs a `name`, and an `environment` that is not empty: "
        "without it is the ordinary run",
        where,
        v.name));
  }
  const auto covers = entry.find("covers");
  if (covers == entry.end() || !covers->is_array() || covers->empty()) {
    throw ConfigError(fmt::format(
        "{} {}: it covers nothing: give it a [[variant.covers]]",
        where,
        v.name));
  }
  for (const Json& one : *covers) {
    v.covers.push_back(covered_of(
        one,
        fmt::format("{} {}: [[variant.covers]]", where, v.name)));
  }
  return v;
}

/// What of a row changed since its evidence.
std::string changed_since(
    const Port& port,
    const VariantRow& row,
    const Golden& golden,
    const Evidence& evidence) {
  std::vector<std::string> changed;
  const Component& c = *row.component;
  const auto differs = [&](const char* key, const std::string& now) {
    if (evidence.line.value(key, "") != now.substr(0, 16)) {
      changed.emplace_back(key);
    }
  };
  differs("golden", golden.sha256);
  differs("reference", c.sha256);
  const auto probe = port.probes.find(c.name);
  differs("probe", probe == port.probes.end() ? "" : probe->second.hash);
  if (evidence.line.value("environment", Json()) !=
      Json(row.variant->environment)) {
    changed.emplace_back("environment");
  }
  const auto before = port.evidence.sources(evidence);
  for (const std::string& file : closure_of(port, row)) {
    const auto it = before.find(file);
    if (it == before.end() ||
        it->second != port.sources.find(file)->hash.substr(0, 16)) {
      changed.push_back(file);
    }
  }
  if (changed.empty()) {
    changed.emplace_back("tolerance, MLX or what the variant asks for");
  }
  constexpr std::size_t kMost = 3;
  const std::size_t more = changed.size() - std::min(changed.size(), kMost);
  changed.resize(changed.size() - more);
  return fmt::format(
      "expired: {}{} changed",
      fmt::join(changed, ", "),
      more > 0 ? fmt::format(", {} more", more) : "");
}

/// Fills in what the evidence of a row says.
void tell_row(VariantMark& mark, const VariantRow& row, const Json& line) {
  const Tolerance& tolerance = row.covered->tolerance;
  const Json grades = line.value("grades", Json::object());
  const Json f = grades.empty() ? Json::object() : grades.front();
  const double most = f.value("max_abs", 0.0);
  const int calls = line.value("calls", 0);
  std::string& out = mark.notes;
  out = fmt::format("{} call{}", calls, calls == 1 ? "" : "s");
  if (most == 0) {
    mark.error = "equal";
  } else if (f.value("arrays", 0) == 0) {
    // Of single numbers the difference is judged, whatever their size.
    mark.error = figure(most) + " abs";
    mark.tolerance = figure(tolerance.max_abs) + " abs";
  } else {
    mark.error = figure(f.value("rel_l2", 0.0));
    out += fmt::format(
        ", off by at most {} of {}",
        figure(most),
        figure(tolerance.max_abs));
  }
  if (row.covered->bits == Covered::Bits::same) {
    out += ", the bits those of the ordinary run";
  } else if (f.contains("differing")) {
    out += fmt::format(
        ", other bits than the ordinary run in {}",
        f.value("differing", 0));
  }
  const std::string where =
      line.value("about", Json::object()).value("processor", "");
  out += where.empty() ? "" : "; on " + where;
}

} // namespace

const Covered* Variant::covering(const std::string& component) const {
  const auto it =
      std::find_if(covers.begin(), covers.end(), [&](const Covered& c) {
        return any_matches(c.match, component);
      });
  return it == covers.end() ? nullptr : &*it;
}

std::string Variant::environment_text() const {
  std::string out;
  for (const auto& [key, value] : environment) {
    out += fmt::format("{}{}={}", out.empty() ? "" : " ", key, value);
  }
  return out;
}

std::string Variant::lacking(const std::set<std::string>& features) const {
  std::string out;
  for (const std::string& need : needs) {
    if (!features.contains(need)) {
      out += (out.empty() ? "" : ", ") + need;
    }
  }
  return out;
}

std::vector<Variant> variants_of(const Reference& reference) {
  std::vector<Variant> out;
  const auto list = reference.toml.find("variant");
  if (list == reference.toml.end()) {
    return out;
  }
  const std::string file =
      fmt::format("[portproof] {}:", reference.path.string());
  if (!list->is_array()) {
    throw ConfigError(file + " write each variant as [[variant]]");
  }
  for (const Json& entry : *list) {
    Variant v = variant_of(entry, file);
    if (std::any_of(out.begin(), out.end(), [&](const Variant& other) {
          return other.name == v.name;
        })) {
      throw ConfigError(
          fmt::format("{} two [[variant]]s are called {}", file, v.name));
    }
    out.push_back(std::move(v));
  }
  return out;
}

std::vector<VariantRow> variant_rows(const Port& port) {
  std::vector<VariantRow> out;
  for (const Variant& v : port.variants) {
    for (const Component& c : port.inventory.components) {
      const Covered* covered = v.covering(c.name);
      if (covered != nullptr && port.reference.waiver(c.name) == nullptr) {
        out.push_back({&v, covered, &c});
      }
    }
  }
  return out;
}

std::vector<const Call*> calls_of(const VariantRow& row, const Golden& golden) {
  std::vector<const Call*> out;
  for (const Call& call : golden.calls) {
    if (any_matches(row.covered->calls, plain_id(call.id))) {
      out.push_back(&call);
    }
  }
  return out;
}

bool waits_for_calls(const Port& port, const VariantRow& row) {
  const std::optional<Golden> now = port.golden(*row.component);
  if (now && !calls_of(row, *now).empty()) {
    return false;
  }
  const auto goldens = golden_folder(port.project, port.reference);
  for (int round = port.rounds.recording() + 1;
       round <= rounds_wanted(port.reference);
       ++round) {
    const auto path =
        golden_path(round_goldens(goldens, round), row.component->name);
    if (std::filesystem::exists(path) &&
        !calls_of(row, Golden::load(path)).empty()) {
      return true;
    }
  }
  return false;
}

std::set<std::string> closure_of(const Port& port, const VariantRow& row) {
  std::set<std::string> out = port.closure(*row.component);
  out.merge(port.sources.closure(
      {row.variant->rests_on.begin(), row.variant->rests_on.end()}));
  return out;
}

std::string fingerprint_of(
    const Port& port, const VariantRow& row, const Golden& golden) {
  mlxaudio::Sha256 hash;
  const auto add = [&](std::string_view name, std::string_view value) {
    hash.update(name).update(std::string_view("="));
    hash.update(value).update(std::string_view("\n"));
  };
  const Component& c = *row.component;
  add("variant", row.variant->name);
  add("environment", Json(row.variant->environment).dump());
  add("needs", Json(row.variant->needs).dump());
  add("component", c.name);
  add("reference", c.sha256);
  add("golden", golden.sha256);
  add("mlx", port.reference.mlx);
  add("calls", Json(row.covered->calls).dump());
  add("tolerance", row.covered->tolerance.json().dump());
  add("bits", name_of(row.covered->bits));
  if (const auto it = port.probes.find(c.name); it != port.probes.end()) {
    add("probe", it->second.hash);
  }
  for (const std::string& file : closure_of(port, row)) {
    add(file, port.sources.find(file)->hash);
  }
  return hash.hex();
}

VariantStanding standing_of(const Port& port, const VariantRow& row) {
  VariantStanding s;
  s.evidence =
      port.evidence.last_of_variant(row.component->name, row.variant->name);
  const std::optional<Golden> golden = port.golden(*row.component);
  if (!golden || calls_of(row, *golden).empty()) {
    s.why = waits_for_calls(port, row) ? "its calls are of a later round"
                                       : "no such calls are recorded";
    return s;
  }
  if (s.evidence == nullptr) {
    s.why = "never run";
  } else if (!s.evidence->pass) {
    s.why = "failed";
  } else if (s.evidence->round != port.rounds.recording()) {
    s.why = fmt::format("round {} asks for a new run", port.rounds.recording());
  } else if (s.evidence->fingerprint != fingerprint_of(port, row, *golden)) {
    s.why = changed_since(port, row, *golden, *s.evidence);
  } else {
    s.holds = true;
  }
  return s;
}

std::vector<VariantMark> variant_marks(const Port& port) {
  std::vector<VariantMark> out;
  for (const VariantRow& row : variant_rows(port)) {
    VariantMark mark;
    mark.component = row.component->name;
    mark.variant = row.variant->name;
    const Tolerance& tolerance = row.covered->tolerance;
    mark.tolerance = figure(tolerance.rel_l2);
    const VariantStanding standing = standing_of(port, row);
    mark.verified = standing.holds;
    if (standing.holds) {
      tell_row(mark, row, standing.evidence->line);
    } else {
      mark.notes = standing.why;
    }
    mark.notes += "; " + tolerance.why;
    out.push_back(std::move(mark));
  }
  return out;
}

std::vector<std::string> variants_left(const Port& port) {
  std::vector<std::string> out;
  for (const VariantRow& row : variant_rows(port)) {
    const VariantStanding standing = standing_of(port, row);
    if (!standing.holds && row.variant->waits.empty() &&
        !waits_for_calls(port, row)) {
      out.push_back(fmt::format(
          "{} is not verified in the variant {}: {}",
          row.component->name,
          row.variant->name,
          standing.why));
    }
  }
  return out;
}

std::vector<std::string> wrong_variants(const Port& port) {
  std::vector<std::string> out;
  for (const Variant& v : port.variants) {
    for (const std::string& file : v.rests_on) {
      if (port.sources.find(file) == nullptr) {
        out.push_back(fmt::format(
            "`{}` in `rests_on` of the variant {} is none of the port's "
            "sources",
            file,
            v.name));
      }
    }
  }
  return out;
}

} // namespace portproof
