// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <vector>

namespace mlxaudio::kernels {

/// How fast our products are where nothing holds them up.
struct ProductRate {
  std::string type; ///< that is computed in: "f32", "bf16", "int8"
  double flops = 0; ///< additions and multiplications \unit 1/s
};

/// The rate of the kernels' products for each type that they compute in, on
/// `threads()` threads: the best of some shapes that models have.
std::vector<ProductRate> product_rates();

/// Bytes that `threads()` threads read from memory, none of it in a cache.
/// \unit 1/s
double read_bandwidth();

} // namespace mlxaudio::kernels
