// SPDX-License-Identifier: MIT
#include "portproof/review_sign.h"

#include <fmt/format.h>

#include "mlxaudio/error.h"
#include "portproof/review_page.h"

namespace portproof {

using mlxaudio::ConfigError;
using mlxaudio::Json;

int reading_round(const Port& port) {
  const Round round = port.rounds.current();
  const int wanted = rounds_wanted(port.reference);
  const bool all_closed = wanted > 0 && port.rounds.closed() >= wanted;
  if (!round.is_open() && !all_closed) {
    throw ConfigError(fmt::format(
        "[portproof] no round of {} is open: open one with `portproof round "
        "{} open`",
        port.reference.model,
        port.reference.model));
  }
  return round.number;
}

void check_author(
    const Port& port, const std::string& reader, const std::string& component) {
  check_reader(reader);
  const ReviewRules rules = ReviewRules::of(port.reference);
  if (!rules.solo && rules.wrote(reader, component)) {
    throw ConfigError(fmt::format(
        "[portproof] {} wrote {}, and is no reader of it: somebody else reads "
        "it, or `solo = true` in [review] of {} says that there is nobody",
        reader,
        component,
        port.reference.path.string()));
  }
}

void refuse_faults(
    const std::filesystem::path& file, const std::vector<std::string>& faults) {
  if (faults.empty()) {
    return;
  }
  constexpr std::size_t kMost = 8;
  std::string text =
      fmt::format("[portproof] {} cannot be signed: ", file.string());
  for (std::size_t i = 0; i < faults.size() && i < kMost; ++i) {
    text += (i == 0 ? "" : "; ") + faults[i];
  }
  if (faults.size() > kMost) {
    text += fmt::format("; and {} more", faults.size() - kMost);
  }
  throw ConfigError(text);
}

std::vector<Followup> note_findings(
    Port& port, const Reading& reading, const std::string& reader) {
  std::vector<Followup> out;
  for (const Finding& f : reading.findings) {
    Followup followup;
    followup.text = f.at.empty() ? f.what : f.at + ": " + f.what;
    followup.component = reading.component;
    followup.source = fmt::format(
        "reader {}, round {}",
        reader,
        port.rounds.current().number);
    followup.blocker = !f.minor;
    out.push_back(port.followups.add(followup));
  }
  return out;
}

SignedReading sign_reading(
    Port& port,
    const Workplace& work,
    const std::filesystem::path& path,
    const std::string& reader) {
  const int round = reading_round(port);
  const Reading reading = Reading::load(path);
  const Component* component = port.inventory.find(reading.component);
  if (component == nullptr) {
    throw ConfigError(fmt::format(
        "[portproof] {}: {} has no component {}",
        path.string(),
        port.reference.model,
        reading.component));
  }
  if (!reading.page.empty()) {
    throw ConfigError(fmt::format(
        "[portproof] {} is a page of a bundle: `portproof review import` takes "
        "the whole bundle",
        path.string()));
  }
  check_author(port, reader, component->name);
  const Page page = review_page(port, *component, work);
  if (reading.fingerprint != page.fingerprint) {
    throw ConfigError(fmt::format(
        "[portproof] {}: `fingerprint` is not of {} as it is now: read it "
        "again, the page is `portproof review {} --component {} --template "
        "FILE`",
        path.string(),
        component->name,
        port.reference.model,
        component->name));
  }
  refuse_faults(path, reading_faults(port, *component, page, reading));
  Json line = {
      {"event", reading.right ? "signed" : "objected"},
      {"round", round},
      {"component", component->name},
      {"fingerprint", page.fingerprint},
      {"statements", page.reference.statements.size()},
      {"experiment", page.experiment}};
  if (ReviewRules::of(port.reference).wrote(reader, component->name)) {
    line["solo"] = true;
  }
  line["reading"] = reading.json;
  port.readings.append(reader, {line});
  return {component->name, reading.right, note_findings(port, reading, reader)};
}

} // namespace portproof
