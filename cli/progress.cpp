// SPDX-License-Identifier: MIT
#include "cli/progress.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "cli/streams.h"
#include "core/utf8.h"

namespace mlxaudio::cli {
namespace {

constexpr std::string_view kClearLine = "\r\x1b[K";

bool is_capable_terminal() {
  const char* const term = std::getenv("TERM");
  return ::isatty(STDERR_FILENO) == 1 && term != nullptr &&
         std::string_view(term) != "dumb";
}

/// The end of a title, in at most `width` characters.
std::string shorten(std::string_view title, std::size_t width) {
  const std::u32string characters =
      to_utf32(replace_malformed_utf8(title)).value();
  if (characters.size() <= width) {
    return to_utf8(characters);
  }
  return "..." + to_utf8(characters.substr(characters.size() - width + 3));
}

} // namespace

std::string clock(double seconds) {
  const auto whole = static_cast<long>(std::max(0.0, std::round(seconds)));
  const long hours = whole / 3600;
  const long minutes = whole / 60 % 60;
  return hours > 0 ? fmt::format("{}:{:02d}:{:02d}", hours, minutes, whole % 60)
                   : fmt::format("{}:{:02d}", minutes, whole % 60);
}

std::string bar(
    std::string_view title,
    const TranscribeProgress& progress,
    double elapsed,
    std::size_t width) {
  const double share =
      progress.total > 0 ? std::clamp(progress.done / progress.total, 0.0, 1.0)
                         : 0.0;
  std::string times = fmt::format(
      " {:3.0f}% {} / {}",
      100 * share,
      clock(progress.done),
      clock(progress.total));
  if (progress.done > 0 && elapsed > 0) {
    times += fmt::format(
        ", {:.1f}x, {} left",
        progress.done / elapsed,
        clock(elapsed * (1 - share) / share));
  }
  const std::string name = shorten(title, std::max<std::size_t>(width / 3, 4));
  constexpr std::size_t kLeast = 10;
  const std::size_t taken = name.size() + times.size() + 3;
  if (taken + kLeast > width) {
    return times.substr(1, width);
  }
  const std::size_t cells = std::min<std::size_t>(width - taken, 40);
  const auto full =
      static_cast<std::size_t>(share * static_cast<double>(cells));
  return fmt::format(
      "{} [{}{}]{}",
      name,
      std::string(full, '='),
      std::string(cells - full, ' '),
      times);
}

ProgressLine::ProgressLine() : visible_(is_capable_terminal()) {}

ProgressLine::~ProgressLine() {
  finish();
}

std::size_t ProgressLine::width() const {
  winsize size{};
  constexpr std::size_t kUsual = 80;
  return ::ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 1
             ? size.ws_col - 1u
             : kUsual;
}

void ProgressLine::show(const std::string& text) {
  line_ = text;
  restore();
}

void ProgressLine::start(const std::string& title, double elapsed) {
  using Clock = std::chrono::steady_clock;
  title_ = title;
  begin_ = Clock::now() - std::chrono::duration_cast<Clock::duration>(
                              std::chrono::duration<double>(elapsed));
  show(shorten(title, width()));
}

void ProgressLine::update(const TranscribeProgress& progress) {
  const std::chrono::duration<double> elapsed =
      std::chrono::steady_clock::now() - begin_;
  show(bar(title_, progress, elapsed.count(), width()));
}

void ProgressLine::clear() {
  if (shown_) {
    tell(kClearLine);
    shown_ = false;
  }
}

void ProgressLine::restore() {
  if (visible_ && !line_.empty()) {
    tell(fmt::format("{}{}", kClearLine, line_));
    shown_ = true;
  }
}

void ProgressLine::finish() {
  clear();
  line_.clear();
}

} // namespace mlxaudio::cli
