// SPDX-License-Identifier: MIT
#include "audio/input_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>

#include <fmt/format.h>

#include "mlxaudio/error.h"

namespace mlxaudio {
namespace {

[[noreturn]] void fail(const std::string& what) {
  throw AudioError("[audio] " + what);
}

ssize_t read_some(int descriptor, char* out, std::size_t count) {
  ssize_t got = 0;
  do {
    got = ::read(descriptor, out, count);
  } while (got < 0 && errno == EINTR);
  return got;
}

bool write_all(int descriptor, const char* data, std::size_t count) {
  while (count > 0) {
    const ssize_t put = ::write(descriptor, data, count);
    if (put < 0 && errno == EINTR) {
      continue;
    }
    if (put <= 0) {
      return false;
    }
    data += put;
    count -= static_cast<std::size_t>(put);
  }
  return true;
}

} // namespace

InputFile::InputFile(const std::filesystem::path& file)
    : name_(
          file == "-" ? "standard input" : fmt::format("'{}'", file.string())) {
  if (file == "-") {
    if (::isatty(STDIN_FILENO) != 0) {
      fail(
          "standard input is a terminal: pipe audio into the program, or name "
          "a file");
    }
    spool(STDIN_FILENO);
    return;
  }
  std::error_code error;
  const auto status = std::filesystem::status(file, error);
  if (status.type() == std::filesystem::file_type::not_found) {
    fail(fmt::format("{} does not exist: check the path", name_));
  }
  if (std::filesystem::is_directory(status)) {
    fail(fmt::format(
        "{} is a folder: name the audio files in it, for example {}/*.wav",
        name_,
        file.string()));
  }
  const int opened = ::open(file.c_str(), O_RDONLY | O_CLOEXEC);
  if (opened < 0) {
    const int reason = errno;
    fail(fmt::format(
        "{} cannot be opened ({}): {}",
        name_,
        std::strerror(reason),
        reason == ENAMETOOLONG ? "check the path" : "check its permissions"));
  }
  if (!std::filesystem::is_regular_file(status)) {
    try {
      spool(opened);
    } catch (...) {
      ::close(opened);
      throw;
    }
    ::close(opened);
    return;
  }
  descriptor_ = opened;
  struct stat facts {};
  if (::fstat(descriptor_, &facts) == 0) {
    size_ = static_cast<std::uint64_t>(facts.st_size);
  }
  if (size_ == 0) {
    ::close(descriptor_);
    fail(fmt::format("{} is empty (0 bytes): get a whole copy", name_));
  }
}

InputFile::~InputFile() {
  if (descriptor_ >= 0) {
    ::close(descriptor_);
  }
}

void InputFile::spool(int source) {
  const std::filesystem::path folder = std::filesystem::temp_directory_path();
  std::string path = (folder / "mlx-audio-XXXXXX").string();
  const int copy = ::mkstemp(path.data());
  if (copy < 0) {
    fail(fmt::format(
        "{} cannot be copied to {} ({}): set TMPDIR to a folder that can "
        "be written",
        name_,
        folder.string(),
        std::strerror(errno)));
  }
  ::unlink(path.c_str());
  ::fcntl(copy, F_SETFD, FD_CLOEXEC);
  std::string problem;
  std::array<char, 1 << 16> block{};
  while (problem.empty()) {
    const ssize_t got = read_some(source, block.data(), block.size());
    if (got < 0) {
      problem = fmt::format(
          "{} cannot be read: {}: save it to a file and name that",
          name_,
          std::strerror(errno));
      break;
    }
    if (got == 0) {
      break;
    }
    size_ += static_cast<std::uint64_t>(got);
    if (size_ > kMaxSpooled) {
      problem = fmt::format(
          "{} gives more than {} GiB: save it to a file and name that",
          name_,
          kMaxSpooled >> 30);
    } else if (!write_all(copy, block.data(), static_cast<std::size_t>(got))) {
      problem = fmt::format(
          "{} cannot be copied to {} ({}): set TMPDIR to a folder with more "
          "room",
          name_,
          folder.string(),
          std::strerror(errno));
    }
  }
  if (problem.empty() && size_ == 0) {
    problem =
        fmt::format("{} is empty: check the program that writes to it", name_);
  }
  if (!problem.empty()) {
    ::close(copy);
    fail(problem);
  }
  descriptor_ = copy;
  spooled_ = true;
  ::lseek(descriptor_, 0, SEEK_SET);
}

std::string InputFile::bytes(std::uint64_t offset, std::size_t count) const {
  if (offset >= size_) {
    return {};
  }
  std::string out(
      static_cast<std::size_t>(std::min<std::uint64_t>(count, size_ - offset)),
      '\0');
  std::size_t have = 0;
  while (have < out.size()) {
    const ssize_t got = ::pread(
        descriptor_,
        out.data() + have,
        out.size() - have,
        static_cast<off_t>(offset + have));
    if (got < 0 && errno == EINTR) {
      continue;
    }
    if (got <= 0) {
      break;
    }
    have += static_cast<std::size_t>(got);
  }
  out.resize(have);
  return out;
}

void refuse_no_sound(const InputFile& input) {
  fail(fmt::format(
      "{} holds no sound (its header is followed by 0 samples): get a whole "
      "copy",
      input.name()));
}

} // namespace mlxaudio
