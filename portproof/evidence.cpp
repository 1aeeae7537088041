// SPDX-License-Identifier: MIT
#include "portproof/evidence.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include <fmt/format.h>

#include "core/mapped_file.h"
#include "core/sha256.h"
#include "mlxaudio/error.h"

namespace portproof {
namespace {

using mlxaudio::Json;
using mlxaudio::OutputError;

class File {
 public:
  explicit File(const std::filesystem::path& path)
      : fd_(::open(
            path.c_str(), O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0644)) {
    if (fd_ < 0 || ::flock(fd_, LOCK_EX) != 0) {
      throw OutputError(fmt::format(
          "[portproof] cannot write {}: {}",
          path.string(),
          std::strerror(errno)));
    }
  }
  File(const File&) = delete;
  File& operator=(const File&) = delete;
  ~File() {
    ::close(fd_);
  }
  int fd() const {
    return fd_;
  }
  /// Whether the last line has no end: a kill cut it short.
  bool cut() const {
    struct stat s {};
    char last = '\n';
    if (::fstat(fd_, &s) == 0 && s.st_size > 0 &&
        ::pread(fd_, &last, 1, s.st_size - 1) != 1) {
      return false;
    }
    return last != '\n';
  }

 private:
  int fd_;
};

std::string line_hash(Json line) {
  line.erase("sha256");
  return mlxaudio::sha256(line.dump());
}

} // namespace

EvidenceFile::EvidenceFile(std::filesystem::path path)
    : path_(std::move(path)) {
  if (std::filesystem::exists(path_)) {
    read(mlxaudio::read_file(path_, mlxaudio::ErrorCode::config));
  }
}

void EvidenceFile::read(const std::string& text) {
  int number = 0;
  for (std::size_t at = 0; at < text.size();) {
    ++number;
    const std::size_t end = text.find('\n', at);
    if (end == std::string::npos) {
      return; // cut short by a kill; what it would have said is not known
    }
    const std::string one = text.substr(at, end - at);
    at = end + 1;
    if (one.empty()) {
      continue;
    }
    const Json line = Json::parse(one, nullptr, /*allow_exceptions=*/false);
    if (line.is_discarded() || !line.is_object() ||
        line.value("sha256", "") != line_hash(line)) {
      // A cut line that a later run ended is no edit: it is not an object.
      const bool cut = line.is_discarded();
      damage_.push_back(fmt::format(
          "{}, line {}: {}",
          path_.filename().string(),
          number,
          cut ? "cut short; passed over"
              : "edited since it was recorded; it counts for nothing"));
      continue;
    }
    if (line.contains("files")) {
      sources_[line.at("sha256").get<std::string>()] = line.at("files");
      continue;
    }
    lines_.push_back(
        {line.value("component", ""),
         line.value("round", 1),
         line.value("pass", false),
         line.value("fingerprint", ""),
         line.value("sources", ""),
         line});
  }
}

const Evidence* EvidenceFile::last(const std::string& component) const {
  for (auto it = lines_.rbegin(); it != lines_.rend(); ++it) {
    if (it->component == component) {
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
  line["sha256"] = line_hash(line);
  return line;
}

void EvidenceFile::append(const std::vector<Json>& lines) {
  std::string text;
  for (const Json& line : lines) {
    const std::string hash = line.at("sha256");
    if (line.contains("files") && sources_.contains(hash)) {
      continue;
    }
    text += line.dump() + '\n';
  }
  if (text.empty()) {
    return;
  }
  const File file(path_);
  const std::string whole = file.cut() ? '\n' + text : text;
  const ssize_t n = ::write(file.fd(), whole.data(), whole.size());
  if (n != static_cast<ssize_t>(whole.size()) || ::fsync(file.fd()) != 0) {
    throw OutputError(fmt::format(
        "[portproof] could not write all of {}: {}",
        path_.string(),
        std::strerror(errno)));
  }
  read(text);
}

Json sources_line(const std::map<std::string, std::string>& files) {
  Json line = {{"files", Json::object()}};
  for (const auto& [file, hash] : files) {
    line["files"][file] = hash.substr(0, 16);
  }
  return EvidenceFile::sealed(line);
}

} // namespace portproof
