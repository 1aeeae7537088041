// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "mlxaudio/stt.h"

namespace mlxaudio::cli {

/// A time for people: "0:07", "12:34", "1:02:03". \param seconds \unit s
std::string clock(double seconds);

/// A bar with times, in `width` columns.
/// \param elapsed since the work began \unit s
std::string bar(
    std::string_view title,
    const TranscribeProgress& progress,
    double elapsed,
    std::size_t width);

/// The line at the bottom of a terminal that says how far the work is. Shows
/// nothing if the standard error is no terminal.
class ProgressLine {
 public:
  ProgressLine();
  ProgressLine(const ProgressLine&) = delete;
  ProgressLine& operator=(const ProgressLine&) = delete;
  ~ProgressLine();

  bool visible() const {
    return visible_;
  }

  /// Shows a text without times.
  void show(const std::string& text);
  /// Begins to measure the time of a new piece of work.
  /// \param elapsed since it began \unit s
  void start(const std::string& title, double elapsed = 0);
  void update(const TranscribeProgress& progress);
  /// Takes the line away, so that other lines can be written.
  void clear();
  /// Shows again what was cleared.
  void restore();
  /// Takes the line away for good.
  void finish();

 private:
  std::size_t width() const;

  bool visible_;
  bool shown_ = false;
  std::string title_;
  std::string line_;
  std::chrono::steady_clock::time_point begin_;
};

} // namespace mlxaudio::cli
