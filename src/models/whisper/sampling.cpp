// SPDX-License-Identifier: MIT
#include "models/whisper/sampling.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "core/philox.h"
#include "mlxaudio/error.h"

namespace mlxaudio::whisper {

double Draws::uniform(std::uint32_t row, std::uint32_t step) const {
  return mlxaudio::uniform(philox4x32(
      {row, step, attempt, window},
      {static_cast<std::uint32_t>(seed),
       static_cast<std::uint32_t>(seed >> 32)}));
}

int sample(std::span<const float> logits, double temperature, double u) {
  const auto divisor = static_cast<float>(temperature);
  const double max = static_cast<double>(
      *std::max_element(logits.begin(), logits.end()) / divisor);
  std::vector<double> cumulative(logits.size());
  double total = 0;
  for (std::size_t i = 0; i < logits.size(); ++i) {
    total += std::exp(static_cast<double>(logits[i] / divisor) - max);
    cumulative[i] = total;
  }
  const double wanted = u * total;
  const auto found =
      std::upper_bound(cumulative.begin(), cumulative.end(), wanted);
  if (!std::isfinite(total) || found == cumulative.end()) {
    throw ArgumentError(
        "[whisper.decode] no token is left to sample: all are suppressed, or "
        "the model's numbers are not finite");
  }
  return static_cast<int>(found - cumulative.begin());
}

} // namespace mlxaudio::whisper
