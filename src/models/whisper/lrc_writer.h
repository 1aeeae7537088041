// SPDX-License-Identifier: MIT
#pragma once

#include <iosfwd>
#include <string_view>

#include "models/whisper/writers.h"

namespace mlxaudio::whisper {

/// Lyrics with times: `[mm:ss.xx]text`, a line for each segment that has text.
/// Where segments have words, each has its time in front (`<mm:ss.xx>`, known
/// as enhanced LRC), and the line ends with the time at which the last one
/// does. Minutes go past 59. The reference does not have this format.
class WriteLRC final : public ResultWriter {
 public:
  std::string_view extension() const override {
    return "lrc";
  }
  /// \throws ArgumentError for a time that is negative
  void write(const Segment& segment, std::ostream& file) override;
};

} // namespace mlxaudio::whisper
