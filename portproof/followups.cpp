// SPDX-License-Identifier: MIT
#include "portproof/followups.h"

#include <algorithm>

#include <fmt/format.h>

#include "mlxaudio/error.h"

namespace portproof {
namespace {

using mlxaudio::ConfigError;
using mlxaudio::Json;

} // namespace

Followups::Followups(std::filesystem::path path) : log_(std::move(path)) {
  index();
}

void Followups::index() {
  all_.clear();
  for (const Json& line : log_.lines()) {
    if (line.value("event", "") == "added") {
      Followup f;
      f.id = short_id(line);
      f.time = line.value("time", "");
      f.text = line.value("text", "");
      f.component = line.value("component", "");
      f.source = line.value("source", "");
      f.blocker = line.value("blocker", false);
      all_.push_back(std::move(f));
      continue;
    }
    const std::string id = line.value("id", "");
    for (Followup& f : all_) {
      if (f.id == id) {
        f.resolved = line.value("how", "");
        f.resolved_at = line.value("time", "");
      }
    }
  }
}

std::vector<Followup> Followups::open() const {
  std::vector<Followup> out;
  std::copy_if(
      all_.begin(),
      all_.end(),
      std::back_inserter(out),
      [](const Followup& f) { return f.open(); });
  std::stable_partition(out.begin(), out.end(), [](const Followup& f) {
    return f.blocker;
  });
  return out;
}

int Followups::blockers() const {
  return static_cast<int>(
      std::count_if(all_.begin(), all_.end(), [](const Followup& f) {
        return f.open() && f.blocker;
      }));
}

Followup Followups::add(const Followup& followup) {
  if (followup.text.empty()) {
    throw ConfigError("[portproof] a follow-up needs a text");
  }
  log_.append([&]() -> std::vector<Json> {
    Json line = {{"time", utc_now()}, {"event", "added"}};
    // A number of its own, so that the same text twice has two ids.
    line["number"] = log_.lines().size() + 1;
    line["text"] = followup.text;
    line["blocker"] = followup.blocker;
    if (!followup.component.empty()) {
      line["component"] = followup.component;
    }
    if (!followup.source.empty()) {
      line["source"] = followup.source;
    }
    return {line};
  });
  index();
  return all_.back();
}

Followup Followups::resolve(const std::string& id, const std::string& how) {
  if (how.empty()) {
    throw ConfigError("[portproof] say with --how what settled the follow-up");
  }
  std::string whole;
  log_.append([&]() -> std::vector<Json> {
    index();
    std::vector<const Followup*> fits;
    for (const Followup& f : all_) {
      if (!id.empty() && f.id.starts_with(id)) {
        fits.push_back(&f);
      }
    }
    if (fits.size() != 1) {
      throw ConfigError(fmt::format(
          "[portproof] {} has {} follow-up `{}`: `portproof followup list` "
          "shows them",
          log_.path().string(),
          fits.empty() ? "no" : "more than one",
          id));
    }
    whole = fits.front()->id;
    if (!fits.front()->open()) {
      throw ConfigError(fmt::format(
          "[portproof] the follow-up {} is settled: {}",
          whole,
          fits.front()->resolved));
    }
    const Json line = {
        {"time", utc_now()},
        {"event", "resolved"},
        {"id", whole},
        {"how", how}};
    return {line};
  });
  index();
  return *std::find_if(all_.begin(), all_.end(), [&](const Followup& f) {
    return f.id == whole;
  });
}

} // namespace portproof
