// SPDX-License-Identifier: MIT
#include "portproof/mutation_list.h"

#include <algorithm>
#include <set>

#include <fmt/format.h>

#include "mlxaudio/error.h"

namespace portproof {
namespace {

using mlxaudio::ConfigError;
using mlxaudio::Json;
using Outcome = MutantResult::Outcome;

/// The undrawn mutants, by kind and component.
using Pool = std::map<std::string, std::map<std::string, std::vector<Mutant>>>;

Pool pool_of(const Port& port, const std::set<std::string>& known) {
  Pool pool;
  for (const Component* c : judged_components(port)) {
    std::vector<Mutant> all = source_mutants(port, *c);
    for (Mutant& m : weight_mutants(port, *c)) {
      all.push_back(std::move(m));
    }
    for (Mutant& m : all) {
      if (!known.contains(m.id)) {
        pool[m.op][c->name].push_back(std::move(m));
      }
    }
  }
  return pool;
}

/// Of the keys with the smallest count, one by lot.
template <class Map>
std::string least_used(
    const Map& from,
    const std::map<std::string, int>& used,
    std::uint64_t number) {
  std::vector<std::string> least;
  int smallest = 0;
  for (const auto& [key, value] : from) {
    const auto it = used.find(key);
    const int n = it == used.end() ? 0 : it->second;
    if (least.empty() || n < smallest) {
      least.clear();
      smallest = n;
    }
    if (n == smallest) {
      least.push_back(key);
    }
  }
  return least.at(number % least.size());
}

} // namespace

std::uint64_t drawn_number(std::uint64_t seed, std::uint64_t step) {
  std::uint64_t x = seed * 0x9e3779b97f4a7c15ULL + step;
  x += 0x9e3779b97f4a7c15ULL; // splitmix64
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ULL;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebULL;
  return x ^ (x >> 31);
}

std::string name_of(Outcome outcome) {
  switch (outcome) {
    case Outcome::caught:
      return "caught";
    case Outcome::missed:
      return "missed";
    case Outcome::invalid:
      return "invalid";
  }
  return {};
}

Json MutantResult::json() const {
  return {
      {"id", id},
      {"outcome", name_of(outcome)},
      {"named", named},
      {"first", first},
      {"why", why},
      {"state", state},
      {"seconds", seconds}};
}

MutantResult MutantResult::of(const Json& j) {
  MutantResult r;
  r.id = j.at("id");
  const std::string outcome = j.at("outcome");
  r.outcome = outcome == "caught"   ? Outcome::caught
              : outcome == "missed" ? Outcome::missed
                                    : Outcome::invalid;
  r.named = j.at("named");
  r.first = j.at("first");
  r.why = j.at("why");
  r.state = j.at("state");
  r.seconds = j.at("seconds");
  return r;
}

// --- results
// --------------------------------------------------------------------

MutationResults::MutationResults(const std::filesystem::path& path)
    : log_(path) {
  for (const Json& line : log_.lines()) {
    if (line.contains("outcome")) {
      const MutantResult r = MutantResult::of(line);
      last_[r.id] = r;
    }
  }
}

const MutantResult* MutationResults::last(const std::string& id) const {
  const auto it = last_.find(id);
  return it == last_.end() ? nullptr : &it->second;
}

void MutationResults::add(const MutantResult& result) {
  Json line = result.json();
  line["time"] = utc_now();
  log_.append({RecordLog::sealed(line)});
  last_[result.id] = result;
}

// --- the list
// -------------------------------------------------------------------

MutationList::MutationList(const std::filesystem::path& path) : log_(path) {
  read();
}

void MutationList::read() {
  entries_.clear();
  if (!log_.damage().empty()) {
    throw ConfigError(fmt::format(
        "[portproof] {}: restore it, for what was drawn stays",
        log_.damage().front()));
  }
  for (const Json& line : log_.lines()) {
    try {
      if (line.contains("removed")) {
        const std::string id = line.at("removed");
        for (Entry& e : entries_) {
          if (e.mutant.id == id) {
            e.removed = line.at("reason");
            e.shown = line.at("shown");
          }
        }
        continue;
      }
      if (line.contains("restored")) {
        const std::string id = line.at("restored");
        for (Entry& e : entries_) {
          if (e.mutant.id == id) {
            e.removed.clear();
            e.shown.clear();
            e.restored = line.at("reason");
          }
        }
        continue;
      }
      if (line.at("number").get<std::size_t>() != entries_.size() + 1) {
        throw ConfigError(fmt::format(
            "[portproof] {} lacks its mutant number {}: restore it, for a "
            "mutant is taken out by `portproof mutate MODEL remove` alone",
            log_.path().string(),
            entries_.size() + 1));
      }
      seed_ = line.at("seed");
      entries_.push_back({Mutant::of(line), {}, {}, {}});
    } catch (const Json::exception& e) {
      throw ConfigError(fmt::format(
          "[portproof] {} is malformed: {}",
          log_.path().string(),
          e.what()));
    }
  }
}

const MutationList::Entry* MutationList::find(const std::string& id) const {
  const auto it =
      std::find_if(entries_.begin(), entries_.end(), [&](const Entry& e) {
        return e.mutant.id == id;
      });
  return it == entries_.end() ? nullptr : &*it;
}

int MutationList::draw(
    const Port& port,
    std::uint64_t seed,
    int count,
    const MutationResults& results) {
  if (!entries_.empty() && seed != seed_) {
    throw ConfigError(fmt::format(
        "[portproof] {} was drawn with seed {}: what was drawn stays, and more "
        "comes from the same seed",
        log_.path().string(),
        seed_));
  }
  std::set<std::string> known;
  std::map<std::string, int> kinds;
  std::map<std::string, int> components;
  int counted = 0;
  std::vector<Json> lines;
  for (const Entry& e : entries_) {
    known.insert(e.mutant.id);
    const MutantResult* r = results.last(e.mutant.id);
    if (!e.removed.empty()) {
      continue;
    }
    if (!has_place(e.mutant, port)) {
      lines.push_back(RecordLog::sealed(
          {{"removed", e.mutant.id},
           {"reason", "the code that it changed was rewritten"},
           {"shown", "`portproof mutate MODEL draw` no longer found it"}}));
    } else if (r == nullptr || r->outcome != Outcome::invalid) {
      ++kinds[e.mutant.op];
      ++components[e.mutant.component];
      ++counted;
    }
  }
  Pool pool = pool_of(port, known);
  std::uint64_t step = entries_.size() * 3;
  std::size_t number = entries_.size();
  int added = 0;
  for (; counted + added < count && !pool.empty(); ++added) {
    const std::string kind =
        least_used(pool, kinds, drawn_number(seed, step++));
    auto& of_kind = pool.at(kind);
    const std::string component =
        least_used(of_kind, components, drawn_number(seed, step++));
    std::vector<Mutant>& left = of_kind.at(component);
    const auto at =
        static_cast<std::ptrdiff_t>(drawn_number(seed, step++) % left.size());
    Json line = left.at(static_cast<std::size_t>(at)).json();
    line["number"] = ++number;
    line["seed"] = seed;
    lines.push_back(RecordLog::sealed(line));
    left.erase(left.begin() + at);
    if (left.empty()) {
      of_kind.erase(component);
    }
    if (of_kind.empty()) {
      pool.erase(kind);
    }
    ++kinds[kind];
    ++components[component];
  }
  log_.append(lines);
  read();
  return added;
}

void MutationList::remove(
    const std::string& id,
    const std::string& reason,
    const std::string& shown) {
  if (find(id) == nullptr) {
    throw ConfigError(fmt::format(
        "[portproof] {} has no mutant {}",
        log_.path().string(),
        id));
  }
  if (reason.empty() || shown.empty()) {
    throw ConfigError(
        "[portproof] a mutant is taken out with a --reason, and with what "
        "shows that it changes nothing (--shown)");
  }
  log_.append({RecordLog::sealed(
      {{"removed", id}, {"reason", reason}, {"shown", shown}})});
  read();
}

std::vector<const Component*> judged_components(const Port& port) {
  std::vector<const Component*> out;
  for (const Component& c : port.inventory.components) {
    const auto golden = golden_path(
        port.project.folder(port.reference.model) / "goldens",
        c.name);
    if (port.reference.waiver(c.name) == nullptr && port.tagged(c) &&
        port.probes.contains(c.name) && std::filesystem::exists(golden)) {
      out.push_back(&c);
    }
  }
  return out;
}

void MutationList::restore(const std::string& id, const std::string& reason) {
  const Entry* e = find(id);
  if (e == nullptr || e->removed.empty()) {
    throw ConfigError(fmt::format(
        "[portproof] no mutant {} was taken out of {}",
        id,
        log_.path().string()));
  }
  if (reason.empty()) {
    throw ConfigError(
        "[portproof] a mutant is put back with a --reason: what it was taken "
        "out for, and why that is wrong");
  }
  log_.append({RecordLog::sealed({{"restored", id}, {"reason", reason}})});
  read();
}

} // namespace portproof
