// SPDX-License-Identifier: MIT
#include "core/atomic_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "mlxaudio/error.h"

namespace mlxaudio {

namespace fs = std::filesystem;

namespace {

/// Folder of a path, "." for a bare name.
fs::path folder_of(const fs::path& path) {
  return path.has_parent_path() ? path.parent_path() : fs::path(".");
}

/// The path without the slash that a user may have ended it with.
fs::path without_slash(const fs::path& path) {
  return path.has_filename() ? path : path.parent_path();
}

/// Hidden names beside a target, different at each call and in each process.
fs::path temporary_name(const fs::path& path) {
  static std::atomic<unsigned> count{0};
  return folder_of(path) / fmt::format(
                               ".{}.{}.{}.tmp",
                               path.filename().string(),
                               ::getpid(),
                               count++);
}

std::string reason(int error) {
  return std::strerror(error);
}

/// The number at the end of `text` with a dot before it, which both are taken
/// off; false if there is none.
bool take_number(std::string_view& text) {
  const std::size_t dot = text.rfind('.');
  if (dot == std::string_view::npos || dot + 1 == text.size() ||
      text.find_first_not_of("0123456789", dot + 1) != std::string_view::npos)
    return false;
  text.remove_suffix(text.size() - dot);
  return true;
}

/// A path as the user knows it: in a folder with a temporary name, by the name
/// that the folder will have.
fs::path shown(const fs::path& path) {
  const fs::path folder = path.parent_path();
  const std::string name = folder.filename().string();
  constexpr std::string_view kEnd = ".tmp";
  if (!name.starts_with('.') || !name.ends_with(kEnd))
    return path;
  std::string_view known(name);
  known.remove_prefix(1);
  known.remove_suffix(kEnd.size());
  return take_number(known) && take_number(known)
             ? folder.parent_path() / known / path.filename()
             : path;
}

/// Removes what a process that was killed left of the same target.
void remove_leftovers(const fs::path& path) {
  const std::string begin = fmt::format(".{}.", path.filename().string());
  std::error_code ec;
  std::vector<fs::path> dead;
  for (const auto& entry : fs::directory_iterator(folder_of(path), ec)) {
    const std::string name = entry.path().filename().string();
    if (!name.starts_with(begin) || !name.ends_with(".tmp"))
      continue;
    const auto numbers = name.substr(begin.size());
    pid_t process = 0;
    const auto parsed = std::from_chars(
        numbers.data(),
        numbers.data() + numbers.size(),
        process);
    if (parsed.ec == std::errc() && process > 0 && ::kill(process, 0) != 0 &&
        errno == ESRCH)
      dead.push_back(entry.path());
  }
  for (const fs::path& folder : dead)
    fs::remove_all(folder, ec);
}

} // namespace

AtomicFile::AtomicFile(fs::path path) : path_(std::move(path)) {
  std::error_code ec;
  const auto status = fs::status(path_, ec);
  if (fs::is_directory(status))
    fail("cannot be written", EISDIR);
  if (fs::exists(status) && !fs::is_regular_file(status)) {
    // A device or a pipe is written to, not replaced by a file.
    file_ = ::open(path_.c_str(), O_WRONLY | O_CLOEXEC);
    if (file_ < 0)
      fail("cannot be written", errno);
    return;
  }
  // Through a link, its target is replaced, not the link.
  if (fs::exists(status) && fs::is_symlink(fs::symlink_status(path_, ec)))
    target_ = fs::canonical(path_, ec);
  if (target_.empty())
    target_ = path_;
  do {
    temporary_ = temporary_name(target_);
    file_ = ::open(
        temporary_.c_str(),
        O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC,
        0666);
  } while (file_ < 0 && errno == EEXIST);
  if (file_ < 0) {
    temporary_.clear();
    fail("cannot be written", errno);
  }
}

AtomicFile::~AtomicFile() {
  if (file_ >= 0)
    ::close(file_);
  if (!temporary_.empty())
    ::unlink(temporary_.c_str());
}

void AtomicFile::write(std::span<const std::byte> bytes) {
  while (!bytes.empty()) {
    const ssize_t n = ::write(file_, bytes.data(), bytes.size());
    if (n < 0 && errno == EINTR)
      continue;
    if (n < 0)
      fail("cannot be written", errno);
    bytes = bytes.subspan(static_cast<std::size_t>(n));
  }
}

void AtomicFile::write(std::string_view text) {
  write(std::as_bytes(std::span(text)));
}

void AtomicFile::commit() {
  // fsync is not for durability alone: a full disk may show only here.
  // Devices and pipes cannot be flushed (EINVAL), and need not be.
  if (::fsync(file_) != 0 && errno != EINVAL && errno != ENOTSUP)
    fail("cannot be written", errno);
  const int closed = ::close(std::exchange(file_, -1));
  if (closed != 0)
    fail("cannot be written", errno);
  if (temporary_.empty())
    return;
  if (::rename(temporary_.c_str(), target_.c_str()) != 0)
    fail("cannot be put in its place", errno);
  temporary_.clear();
}

void AtomicFile::fail(const char* what, int error) const {
  throw OutputError(fmt::format(
      "[core.file] {}: {}: {}: {}",
      shown(path_).string(),
      what,
      reason(error),
      mend_for_writing(error)));
}

const char* mend_for_writing(int error) {
  switch (error) {
    case ENOSPC:
    case EDQUOT:
    case EFBIG:
      return "make room there, or write to another disk";
    case EACCES:
    case EPERM:
      return "change the permissions, or choose another place";
    case ENOENT:
      return "make its folder first";
    case ENAMETOOLONG:
      return "choose a shorter name";
    default:
      return "choose another place";
  }
}

void check_folder(const fs::path& folder) {
  // Whether a file can be made there is best asked by making one.
  std::string probe = (folder / ".mlx-audio-XXXXXX").string();
  const int file = ::mkstemp(probe.data());
  if (file < 0) {
    const int error = errno;
    throw OutputError(fmt::format(
        "[core.file] {}: no file can be made in this folder: {}: {}",
        folder.string(),
        reason(error),
        mend_for_writing(error)));
  }
  ::close(file);
  ::unlink(probe.c_str());
}

void write_file(const fs::path& path, std::string_view text) {
  AtomicFile file(path);
  file.write(text);
  file.commit();
}

AtomicFolder::AtomicFolder(const fs::path& path) : path_(without_slash(path)) {
  const auto refuse = [&](const std::string& why, const char* mend) {
    throw OutputError(fmt::format(
        "[core.file] {}: cannot be made: {}: {}",
        path_.string(),
        why,
        mend));
  };
  std::error_code ec;
  fs::create_directories(folder_of(path_), ec);
  if (ec)
    refuse(ec.message(), mend_for_writing(ec.value()));
  if (fs::exists(path_, ec) && !fs::is_directory(path_, ec))
    refuse("a file has this name", "move the file away");
  remove_leftovers(path_);
  int made = -1;
  do {
    temporary_ = temporary_name(path_);
    made = ::mkdir(temporary_.c_str(), 0777);
  } while (made != 0 && errno == EEXIST);
  if (made != 0)
    refuse(reason(errno), mend_for_writing(errno));
}

AtomicFolder::~AtomicFolder() {
  std::error_code ec;
  if (!temporary_.empty())
    fs::remove_all(temporary_, ec);
}

void AtomicFolder::commit() {
  const auto refuse = [&](const std::error_code& error) {
    throw OutputError(fmt::format(
        "[core.file] {}: cannot be put in its place: {}: {}",
        path_.string(),
        error.message(),
        mend_for_writing(error.value())));
  };
  std::error_code ec;
#ifdef RENAME_EXCHANGE
  if (fs::exists(path_, ec) && ::renameat2(
                                   AT_FDCWD,
                                   temporary_.c_str(),
                                   AT_FDCWD,
                                   path_.c_str(),
                                   RENAME_EXCHANGE) == 0) {
    fs::remove_all(std::exchange(temporary_, {}), ec); // now the old one
    return;
  }
#endif
  // Else a folder cannot be renamed over one that is not empty: the old one
  // steps aside, and comes back if the new one cannot take its place.
  fs::path old;
  if (fs::exists(path_, ec)) {
    old = temporary_;
    old += ".old";
    fs::rename(path_, old, ec);
    if (ec)
      refuse(ec);
  }
  fs::rename(temporary_, path_, ec);
  if (ec) {
    std::error_code ignored;
    if (!old.empty())
      fs::rename(old, path_, ignored);
    refuse(ec);
  }
  temporary_.clear();
  if (!old.empty())
    fs::remove_all(old, ec);
}

} // namespace mlxaudio
