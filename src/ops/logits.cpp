// SPDX-License-Identifier: MIT
#include "ops/logits.h"

#include "kernels/info.h"
#include "kernels/rows.h"
#include "ops/composite.h"

namespace mlxaudio::ops {

float greatest(std::span<const float> row) {
  return kernels::choose_on_host(kernels::Op::logits)
             ? kernels::greatest(row.data(), row.size())
             : composite::greatest(row);
}

double log_sum_exp(std::span<const float> row) {
  return kernels::choose_on_host(kernels::Op::logits)
             ? kernels::log_sum_exp(row.data(), row.size())
             : composite::log_sum_exp(row);
}

} // namespace mlxaudio::ops
