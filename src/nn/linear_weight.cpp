// SPDX-License-Identifier: MIT
#include "nn/linear_weight.h"

#include "fmt/format.h"
#include "mlxaudio/error.h"

namespace mlxaudio {

ops::LinearWeight linear_weight(
    const Scope& at, int out, int in, Compute compute) {
  const bool int12 = at.is_int12();
  if (!at.has("scales")) {
    const auto weight = at.param("weight", {out, in});
    const auto kept = int12 ? ops::LinearWeight::in_12_bits(weight)
                            : ops::LinearWeight(weight, compute);
    if (kept.int8() || kept.int12()) {
      at.forget("weight");
    }
    return kept;
  }
  const auto [group_size, bits] = at.packing();
  if (in % group_size != 0) {
    throw WeightError(fmt::format(
        "[nn.linear_weight] {} has {} inputs, which are no whole groups of {}: "
        "mend \"quantization\" in the configuration",
        at.path(),
        in,
        group_size));
  }
  const mx::Shape groups{out, in / group_size};
  ops::LinearWeight kept(
      {at.param("weight", {out, in * bits / 32}, mx::uint32),
       at.param("scales", groups),
       at.param("biases", groups),
       group_size,
       bits},
      compute);
  if (kept.int8()) {
    at.forget("weight");
  }
  return kept;
}

} // namespace mlxaudio
