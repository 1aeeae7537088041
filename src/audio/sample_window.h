// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "audio/reader.h"
#include "core/memory_count.h"

namespace mlxaudio {

/// Samples of a file by place, for a caller that moves forward through it.
///
/// Holds what was asked for last, and at most a block more: memory does not
/// grow with the file. Going back is allowed and costs decoding from the start.
class SampleWindow {
 public:
  /// \param name of the file, for messages
  SampleWindow(AudioReader reader, std::string name);

  /// Next samples in order, as AudioReader::read. Places are not counted here:
  /// it is for a pass over the whole file before the first read_at().
  std::size_t read(std::span<float> out);

  /// Samples [first, first + out.size()).
  /// \throws AudioError as AudioReader; also if the file has fewer samples,
  ///   that is, if it changed since it was counted
  void read_at(std::int64_t first, std::span<float> out);

 private:
  void restart();
  void skip_to(std::int64_t first);

  AudioReader reader_;
  std::string name_;
  bool placed_ = false;     ///< whether the reader is where kept_ ends
  std::vector<float> kept_; ///< samples from start_ on
  CountedMemory counted_{MemoryFor::audio, 0};
  std::int64_t start_ = 0;
};

} // namespace mlxaudio
