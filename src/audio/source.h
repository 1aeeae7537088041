// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <span>

#include "audio/reader.h"

namespace mlxaudio {

/// Something that decodes a file to mono samples, block by block.
class AudioSource {
 public:
  virtual ~AudioSource() = default;

  /// Fills `out` from the start; fewer samples only at the end.
  /// \throws AudioError
  virtual std::size_t read(std::span<float> out) = 0;

  virtual const AudioInfo& info() const = 0;
};

} // namespace mlxaudio
