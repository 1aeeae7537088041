// SPDX-License-Identifier: MIT
#include "portproof/round_work.h"

#include <fmt/format.h>

#include "core/sha256.h"
#include "portproof/costs.h"
#include "portproof/port_parts.h"

namespace portproof {
namespace {

/// "12 components are not verified in this round: a, b, c and 9 more"
void say(
    std::vector<std::string>& out,
    const std::vector<const Component*>& components,
    const char* what) {
  constexpr std::size_t kMost = 3;
  if (components.empty()) {
    return;
  }
  std::string names;
  for (std::size_t i = 0; i < components.size() && i < kMost; ++i) {
    names += (i == 0 ? "" : ", ") + components[i]->name;
  }
  if (components.size() > kMost) {
    names += fmt::format(" and {} more", components.size() - kMost);
  }
  out.push_back(fmt::format(
      "{} component{} {}: {}",
      components.size(),
      components.size() == 1 ? " is" : "s are",
      what,
      names));
}

} // namespace

std::vector<const Component*> required_components(const Port& port) {
  std::vector<const Component*> out;
  for (const Component& c : port.inventory.components) {
    const Rule* stage = port.reference.stage(c.name);
    if (port.reference.waiver(c.name) == nullptr && stage != nullptr &&
        stage->required) {
      out.push_back(&c);
    }
  }
  return out;
}

std::vector<std::string> RoundWork::lines() const {
  std::vector<std::string> out;
  say(out, unported, "not ported");
  say(out, unverified, "not verified in this round");
  say(out, unread, "not read and signed in this round");
  out.insert(out.end(), variants.begin(), variants.end());
  out.insert(out.end(), modes.begin(), modes.end());
  out.insert(out.end(), efficiency.begin(), efficiency.end());
  if (blockers > 0) {
    out.push_back(fmt::format(
        "{} blocker{} open",
        blockers,
        blockers == 1 ? " is" : "s are"));
  }
  out.insert(out.end(), damage.begin(), damage.end());
  return out;
}

RoundWork round_work(const Port& port) {
  RoundWork work;
  const int round = port.rounds.recording();
  for (const Component* c : required_components(port)) {
    ++work.required;
    if (!port.tagged(*c) || !port.probes.contains(c->name)) {
      work.unported.push_back(c);
      continue;
    }
    if (!port.standing(*c).holds) {
      work.unverified.push_back(c);
    }
    if (!port.signing(*c, round).holds) {
      work.unread.push_back(c);
    }
  }
  work.variants = variants_left(port);
  work.modes = modes_left(port);
  work.efficiency = efficiency_left(port);
  work.blockers = port.followups.blockers();
  work.damage = record_damage(port);
  return work;
}

mlxaudio::Json round_state(const Port& port) {
  mlxaudio::Sha256 evidence;
  mlxaudio::Sha256 readings;
  int required = 0;
  for (const Component* c : required_components(port)) {
    ++required;
    const Evidence* last = port.evidence.last(c->name);
    evidence.update(c->name).update(std::string_view("="));
    evidence.update(last == nullptr ? std::string() : last->fingerprint);
    readings.update(c->name).update(std::string_view("="));
    readings.update(reading_fingerprint(port, *c));
  }
  mlxaudio::Json references = mlxaudio::Json::object();
  for (const Package& p : port.reference.packages) {
    references[p.key] = p.package + ' ' + p.version;
  }
  return {
      {"components", required},
      {"references", references},
      {"inventory", port.inventory.sha256.substr(0, 16)},
      {"evidence", evidence.hex().substr(0, 16)},
      {"code", readings.hex().substr(0, 16)}};
}

std::vector<std::string> record_damage(const Port& port) {
  std::vector<std::string> out;
  for (const auto* damage :
       {&port.evidence.damage(),
        &port.rounds.damage(),
        &port.readings.damage(),
        &port.followups.damage(),
        &port.mode_runs.damage()}) {
    out.insert(out.end(), damage->begin(), damage->end());
  }
  return out;
}

} // namespace portproof
