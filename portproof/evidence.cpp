// SPDX-License-Identifier: MIT
#include "portproof/evidence.h"

namespace portproof {

using mlxaudio::Json;

EvidenceFile::EvidenceFile(std::filesystem::path path) : log_(std::move(path)) {
  index(0);
}

void EvidenceFile::index(std::size_t from) {
  for (std::size_t i = from; i < log_.lines().size(); ++i) {
    const Json& line = log_.lines()[i];
    if (line.contains("files")) {
      sources_[line.at("sha256").get<std::string>()] = line.at("files");
      continue;
    }
    lines_.push_back(
        {line.value("component", ""),
         line.value("variant", ""),
         line.value("round", 1),
         line.value("pass", false),
         line.value("fingerprint", ""),
         line.value("sources", ""),
         line});
  }
}

const Evidence* EvidenceFile::last(const std::string& component) const {
  for (auto it = lines_.rbegin(); it != lines_.rend(); ++it) {
    if (it->component == component && it->variant.empty()) {
      return &*it;
    }
  }
  return nullptr;
}

const Evidence* EvidenceFile::last(
    const std::string& component, int round) const {
  for (auto it = lines_.rbegin(); it != lines_.rend(); ++it) {
    if (it->component == component && it->variant.empty() &&
        it->round == round) {
      return &*it;
    }
  }
  return nullptr;
}

const Evidence* EvidenceFile::last_of_variant(
    const std::string& component, const std::string& variant) const {
  for (auto it = lines_.rbegin(); it != lines_.rend(); ++it) {
    if (it->component == component && it->variant == variant) {
      return &*it;
    }
  }
  return nullptr;
}

std::map<std::string, std::string> EvidenceFile::sources(
    const Evidence& evidence) const {
  std::map<std::string, std::string> out;
  if (const auto it = sources_.find(evidence.sources); it != sources_.end()) {
    for (const auto& [file, hash] : it->second.items()) {
      out[file] = hash.get<std::string>();
    }
  }
  return out;
}

Json EvidenceFile::sealed(Json line) {
  return RecordLog::sealed(std::move(line));
}

void EvidenceFile::append(const std::vector<Json>& lines) {
  std::vector<Json> fresh;
  for (const Json& line : lines) {
    const std::string hash = line.at("sha256");
    if (!line.contains("files") || !sources_.contains(hash)) {
      fresh.push_back(line);
    }
  }
  const std::size_t before = log_.lines().size();
  log_.append(fresh);
  index(before);
}

Json sources_line(const std::map<std::string, std::string>& files) {
  Json line = {{"files", Json::object()}};
  for (const auto& [file, hash] : files) {
    line["files"][file] = hash.substr(0, 16);
  }
  return EvidenceFile::sealed(line);
}

} // namespace portproof
