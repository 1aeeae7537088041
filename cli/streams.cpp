// SPDX-License-Identifier: MIT
#include "cli/streams.h"

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstring>
#include <string>

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include "core/atomic_file.h"

namespace mlxaudio::cli {
namespace {

/// Writes all of it, and returns 0 or the error.
int write_all(int file, std::string_view text) {
  while (!text.empty()) {
    const ssize_t written = ::write(file, text.data(), text.size());
    if (written >= 0) {
      text.remove_prefix(static_cast<std::size_t>(written));
    } else if (errno != EINTR) {
      return errno;
    }
  }
  return 0;
}

[[noreturn]] void fail(int error) {
  if (error == EPIPE) {
    throw ClosedPipe("[cli] the reader of the standard output went away");
  }
  throw OutputError(fmt::format(
      "[cli] cannot write to the standard output: {}: {}",
      std::strerror(error),
      error == EBADF ? "open it, or give a file to write to"
                     : mend_for_writing(error)));
}

} // namespace

void keep_standard_streams() {
  // Opened the wrong way round, so that using one fails as it should.
  for (const int file : {0, 1, 2}) {
    if (::fcntl(file, F_GETFD) < 0) {
      [[maybe_unused]] const int opened =
          ::open("/dev/null", file == 0 ? O_WRONLY : O_RDONLY);
    }
  }
}

void print(std::string_view text) {
  if (const int error = write_all(STDOUT_FILENO, text)) {
    fail(error);
  }
}

void tell(std::string_view text) {
  write_all(STDERR_FILENO, text);
}

void tell_error(std::string_view message) {
  constexpr std::ptrdiff_t kFewLines = 4;
  std::string out = "mlx-audio: ";
  const bool flat =
      std::count(message.begin(), message.end(), '\n') <= kFewLines;
  bool indent = false;
  for (const char c : message) {
    if (flat && c == '\n') {
      out += ' ';
      indent = true;
    } else if (!indent || c != ' ') {
      out += c;
      indent = false;
    }
  }
  tell(out + "\n");
}

void tell_warning(std::string_view message) {
  tell(fmt::format("mlx-audio: warning: {}\n", message));
}

void close_output() {
  if (::close(STDOUT_FILENO) != 0 && errno != EBADF) {
    fail(errno);
  }
}

} // namespace mlxaudio::cli
