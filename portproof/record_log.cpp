// SPDX-License-Identifier: MIT
#include "portproof/record_log.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <ctime>

#include <fmt/format.h>

#include "core/mapped_file.h"
#include "core/sha256.h"
#include "mlxaudio/error.h"

namespace portproof {
namespace {

using mlxaudio::Json;
using mlxaudio::OutputError;

/// The file, open and locked.
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
  /// Takes off a last line without an end: a kill cut it short, and what it
  /// would have said is not known.
  void mend() const {
    struct stat s {};
    if (::fstat(fd_, &s) != 0) {
      return;
    }
    off_t end = s.st_size;
    char c = '\n';
    while (end > 0 && ::pread(fd_, &c, 1, end - 1) == 1 && c != '\n') {
      --end;
    }
    if (end < s.st_size && ::ftruncate(fd_, end) != 0) {
      throw OutputError(fmt::format(
          "[portproof] cannot mend a line that was cut short: {}",
          std::strerror(errno)));
    }
  }

  /// Writes all lines at once and waits for the disk. \return what was written
  std::string write(
      const std::vector<Json>& lines, const std::filesystem::path& path) const {
    std::string text;
    for (const Json& line : lines) {
      text += line.dump() + '\n';
    }
    if (text.empty()) {
      return text;
    }
    mend();
    const ssize_t n = ::write(fd_, text.data(), text.size());
    if (n != static_cast<ssize_t>(text.size()) || ::fsync(fd_) != 0) {
      throw OutputError(fmt::format(
          "[portproof] could not write all of {}: {}",
          path.string(),
          std::strerror(errno)));
    }
    return text;
  }

 private:
  int fd_;
};

std::string line_hash(Json line) {
  line.erase("sha256");
  return mlxaudio::sha256(line.dump());
}

} // namespace

RecordLog::RecordLog(std::filesystem::path path) : path_(std::move(path)) {
  reload();
}

void RecordLog::reload() {
  lines_.clear();
  damage_.clear();
  if (std::filesystem::exists(path_)) {
    read(mlxaudio::read_file(path_, mlxaudio::ErrorCode::config));
  }
}

void RecordLog::read(const std::string& text) {
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
    Json line = Json::parse(one, nullptr, /*allow_exceptions=*/false);
    if (line.is_discarded() || !line.is_object() || !line.contains("sha256") ||
        line.at("sha256") != line_hash(line)) {
      damage_.push_back(fmt::format(
          "{}, line {}: edited since it was recorded; it counts for nothing",
          path_.filename().string(),
          number));
      continue;
    }
    lines_.push_back(std::move(line));
  }
}

void RecordLog::append(const std::vector<Json>& lines) {
  if (!lines.empty()) {
    read(File(path_).write(lines, path_));
  }
}

void RecordLog::append(const std::function<std::vector<Json>()>& make) {
  const File file(path_);
  reload();
  std::vector<Json> lines = make();
  for (Json& line : lines) {
    line = sealed(std::move(line));
  }
  read(file.write(lines, path_));
}

Json RecordLog::sealed(Json line) {
  line["sha256"] = line_hash(line);
  return line;
}

std::string utc_now() {
  const std::time_t t = std::time(nullptr);
  std::tm utc{};
  ::gmtime_r(&t, &utc);
  return fmt::format(
      "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}Z",
      utc.tm_year + 1900,
      utc.tm_mon + 1,
      utc.tm_mday,
      utc.tm_hour,
      utc.tm_min,
      utc.tm_sec);
}

std::string short_id(const Json& line) {
  return line.at("sha256").get<std::string>().substr(0, 8);
}

} // namespace portproof
