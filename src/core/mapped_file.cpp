// SPDX-License-Identifier: MIT
#include "core/mapped_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "core/throw_error.h"

namespace mlxaudio {

namespace {

/// A file descriptor that closes itself.
class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() {
    if (fd_ >= 0)
      ::close(fd_);
  }
  int get() const {
    return fd_;
  }

 private:
  int fd_;
};

[[noreturn]] void cannot_be_read(
    const std::filesystem::path& path, ErrorCode code, int error) {
  const char* mend = "copy it to another disk, or get it again";
  if (error == ENOENT || error == ENOTDIR || error == ENAMETOOLONG)
    mend = "check its path";
  else if (error == EACCES || error == EPERM)
    mend = "change its permissions";
  throw_error(
      code,
      fmt::format(
          "[core.file] {}: cannot be read: {}: {}",
          path.string(),
          std::strerror(error),
          mend));
}

/// Opens a regular file for reading and tells its size. O_NONBLOCK keeps a
/// named pipe given by mistake from blocking before we can refuse it.
std::pair<int, std::uint64_t> open_regular(
    const std::filesystem::path& path, ErrorCode code) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (fd < 0)
    cannot_be_read(path, code, errno);
  struct stat info {};
  const bool known = ::fstat(fd, &info) == 0;
  if (!known || !S_ISREG(info.st_mode)) {
    ::close(fd);
    throw_error(
        code,
        fmt::format(
            "[core.file] {}: not a regular file: name a file",
            path.string()));
  }
  return {fd, static_cast<std::uint64_t>(info.st_size)};
}

} // namespace

MappedFile::MappedFile(
    std::filesystem::path path, std::span<const std::byte> bytes)
    : path_(std::move(path)), bytes_(bytes) {}

MappedFile::~MappedFile() {
  if (!bytes_.empty())
    ::munmap(const_cast<std::byte*>(bytes_.data()), bytes_.size());
}

void MappedFile::forget_pages(std::span<const std::byte> part) const {
  if (part.empty())
    return;
  const auto page = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
  const auto offset = static_cast<std::size_t>(part.data() - bytes_.data());
  const std::size_t before = offset % page;
  // Of a private mapping that nobody writes to, nothing is lost; where the
  // system declines, it keeps the pages.
  ::madvise(
      const_cast<std::byte*>(part.data() - before),
      part.size() + before,
      MADV_DONTNEED);
}

std::shared_ptr<const MappedFile> MappedFile::open(
    const std::filesystem::path& path, ErrorCode code) {
  const auto [fd, size] = open_regular(path, code);
  const Descriptor file(fd);
  std::span<const std::byte> bytes;
  if (size > 0) {
    void* at = ::mmap(nullptr, size, PROT_READ, MAP_PRIVATE, file.get(), 0);
    if (at == MAP_FAILED)
      throw_error(
          code,
          fmt::format(
              "[core.file] {}: cannot be mapped: {}: copy it to another disk",
              path.string(),
              std::strerror(errno)));
    bytes = {static_cast<const std::byte*>(at), size};
  }
  return std::shared_ptr<const MappedFile>(new MappedFile(path, bytes));
}

std::string read_file(const std::filesystem::path& path, ErrorCode code) {
  const auto [fd, size] = open_regular(path, code);
  const Descriptor file(fd);
  std::string out(size, '\0');
  std::size_t done = 0;
  while (done < out.size()) {
    const ssize_t n = ::read(file.get(), out.data() + done, out.size() - done);
    if (n < 0 && errno == EINTR)
      continue;
    if (n < 0)
      cannot_be_read(path, code, errno);
    if (n == 0)
      break; // someone truncated it meanwhile
    done += static_cast<std::size_t>(n);
  }
  out.resize(done);
  return out;
}

} // namespace mlxaudio
