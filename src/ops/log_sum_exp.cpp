// SPDX-License-Identifier: MIT
#include "ops/log_sum_exp.h"

#include "kernels/info.h"
#include "kernels/rows.h"
#include "ops/composite.h"

namespace mlxaudio::ops {

double log_sum_exp(std::span<const float> row) {
  return kernels::choose(kernels::Op::log_sum_exp)
             ? kernels::log_sum_exp(row.data(), row.size())
             : composite::log_sum_exp(row);
}

} // namespace mlxaudio::ops
