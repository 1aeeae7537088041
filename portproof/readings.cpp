// SPDX-License-Identifier: MIT
#include "portproof/readings.h"

#include <algorithm>

#include <fmt/format.h>

#include "core/sha256.h"

namespace portproof {

using mlxaudio::Json;

Readings::Readings(std::filesystem::path path) : log_(std::move(path)) {
  index();
}

void Readings::index() {
  signatures_.clear();
  readers_.clear();
  since_caught_.clear();
  bundles_.clear();
  damage_ = log_.damage();
  std::map<std::string, std::string> last;
  for (const Json& line : log_.lines()) {
    const std::string reader = line.value("reader", "");
    if (line.value("after", "") != last[reader]) {
      damage_.push_back(fmt::format(
          "{}: a line of reader {} before {} was taken out",
          log_.path().filename().string(),
          reader,
          line.value("time", "")));
    }
    last[reader] = short_id(line);
    take(line);
  }
}

void Readings::take(const Json& line) {
  const std::string reader = line.value("reader", "");
  const std::string event = line.value("event", "");
  ReaderRecord& record = readers_[reader];
  record.reader = reader;
  if (event == "signed") {
    Signature s;
    s.component = line.value("component", "");
    s.reader = reader;
    s.fingerprint = line.value("fingerprint", "");
    s.time = line.value("time", "");
    s.page = line.value("page", "");
    s.round = line.value("round", 0);
    s.reading = line.value("reading", Json::object());
    signatures_.push_back(std::move(s));
    ++record.signed_pages;
  } else if (event == "objected") {
    ++record.objected;
  } else if (event == "exported") {
    bundles_.push_back(
        {line.value("bundle", ""),
         reader,
         line.value("time", ""),
         line.value("commitment", ""),
         line.value("round", 0),
         line.value("pages", Json::array())});
  } else if (event == "revealed") {
    check_secret(line);
    std::erase_if(bundles_, [&](const OpenBundle& b) {
      return b.id == line.value("bundle", "");
    });
  } else if (event == "caught") {
    ++record.planted;
    ++record.caught;
    since_caught_[reader] = signatures_.size();
  } else if (event == "missed") {
    ++record.planted;
    if (!line.value("signed", false)) {
      return; // objected, though to something else: nothing was signed
    }
    for (std::size_t i = since_caught_[reader]; i < signatures_.size(); ++i) {
      if (signatures_[i].reader == reader && !signatures_[i].lost) {
        signatures_[i].lost = true;
        ++record.lost;
      }
    }
  }
}

void Readings::check_secret(const Json& line) {
  const std::string id = line.value("bundle", "");
  const auto it =
      std::find_if(bundles_.begin(), bundles_.end(), [&](const OpenBundle& b) {
        return b.id == id;
      });
  if (it == bundles_.end() ||
      mlxaudio::sha256(line.value("secret", Json()).dump()) != it->commitment) {
    damage_.push_back(fmt::format(
        "{}: what was planted in bundle {} is not what was committed to",
        log_.path().filename().string(),
        id));
  }
}

const Signature* Readings::last(const std::string& component, int round) const {
  for (auto it = signatures_.rbegin(); it != signatures_.rend(); ++it) {
    if (it->component == component && !it->lost &&
        (round == 0 || it->round == round)) {
      return &*it;
    }
  }
  return nullptr;
}

std::vector<ReaderRecord> Readings::readers() const {
  std::vector<ReaderRecord> out;
  for (const auto& [id, record] : readers_) {
    out.push_back(record);
  }
  return out;
}

const Json* Readings::objection(const std::string& component, int round) const {
  for (auto it = log_.lines().rbegin(); it != log_.lines().rend(); ++it) {
    if (it->value("component", "") != component ||
        it->value("round", 0) != round) {
      continue;
    }
    const std::string event = it->value("event", "");
    if (event == "objected") {
      return &*it;
    }
    if (event == "signed") {
      return nullptr;
    }
  }
  return nullptr;
}

void Readings::append(
    const std::string& reader, const std::vector<Json>& lines) {
  log_.append([&]() -> std::vector<Json> {
    std::string after;
    for (const Json& line : log_.lines()) {
      if (line.value("reader", "") == reader) {
        after = short_id(line);
      }
    }
    std::vector<Json> out;
    for (const Json& line : lines) {
      Json whole = {{"time", utc_now()}, {"reader", reader}, {"after", after}};
      whole.update(line);
      whole = RecordLog::sealed(std::move(whole));
      after = short_id(whole);
      out.push_back(std::move(whole));
    }
    return out;
  });
  index();
}

} // namespace portproof
