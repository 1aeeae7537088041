// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "audio/downmix.h"
#include "audio/input_file.h"

namespace mlxaudio {

/// How an AIFF or CAF file names its channels: the header of Apple's
/// AudioChannelLayout.
struct AppleLayout {
  std::uint32_t tag = 0;    ///< the layout, and in its low half their number
  std::uint32_t bitmap = 0; ///< with kUseBitmap, a channel mask
  std::vector<std::uint32_t> labels = {}; ///< with kUseDescriptions, one each

  static constexpr std::uint32_t kUseDescriptions = 0;
  static constexpr std::uint32_t kUseBitmap = 1U << 16;
};

/// What an AIFF or CAF file says of its channels; nothing where it does not.
/// libsndfile 1.2 reads past the end of what it keeps of it where the tag's
/// number of channels is not the file's, and must not be asked.
std::optional<AppleLayout> apple_layout(const InputFile& input);

/// Positions of the channels by tag, mask or label, as ffmpeg takes them: in
/// the order of the mask's bits. Nothing where they are not that many.
std::optional<std::vector<Channel>> channels_of(
    const AppleLayout& layout, int n_channels);

} // namespace mlxaudio
