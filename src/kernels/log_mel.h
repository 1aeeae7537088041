// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <vector>

namespace mlxaudio::kernels {

/// The length of frames that the kernel transforms.
inline constexpr std::size_t kLogMelFft = 400;
/// Bins of their spectrum.
inline constexpr std::size_t kLogMelBins = kLogMelFft / 2 + 1;

/// Mel filters, each only where it is not zero.
class MelBank {
 public:
  /// \shape filters [n_mels, kLogMelBins], row-major
  MelBank(const float* filters, std::size_t n_mels);

  std::size_t n_mels() const {
    return filters_.size();
  }

  struct Filter {
    std::size_t begin = 0; ///< first bin
    std::vector<double> weights;
  };
  const std::vector<Filter>& filters() const {
    return filters_;
  }

 private:
  std::vector<Filter> filters_;
};

/// Logarithms of mel energies of overlapping frames under a Hann window:
/// log10(max(filters |rfft(window x)|^2, 1e-10)).
///
/// All in double precision, in the same order for each frame whatever the
/// processor, the threads and the other frames. The error is that of rounding
/// the result.
struct LogMel {
  const float* x = nullptr; ///< [(n_frames - 1) * hop + kLogMelFft]
  std::size_t hop = 0;
  std::size_t n_frames = 0;
  const MelBank* bank = nullptr;
  float* y = nullptr; ///< [n_frames, n_mels]
};

void log_mel(const LogMel& task);

} // namespace mlxaudio::kernels
