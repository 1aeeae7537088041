// SPDX-License-Identifier: MIT
#include "nn/linear_weight.h"

#include "fmt/format.h"
#include "mlxaudio/error.h"

namespace mlxaudio {

namespace {

/// As the file has it, or packed.
ops::LinearWeight whole_weight(
    const Scope& at, int out, int in, Compute compute, bool int12) {
  const auto weight = at.param("weight", {out, in});
  return int12 ? ops::LinearWeight::in_12_bits(weight)
               : ops::LinearWeight(weight, compute);
}

ops::LinearWeight quantized_weight(
    const Scope& at, int out, int in, Compute compute) {
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
  return ops::LinearWeight(
      {at.param("weight", {out, in * bits / 32}, mx::uint32),
       at.param("scales", groups),
       at.param("biases", groups),
       group_size,
       bits},
      compute);
}

} // namespace

ops::LinearWeight linear_weight(
    const Scope& at, int out, int in, Compute compute) {
  const auto form = at.form();
  auto kept = at.has("scales") ? quantized_weight(at, out, in, compute)
                               : whole_weight(at, out, in, compute, form.int12);
  if (kept.int8() || kept.int12()) {
    at.forget("weight");
  }
  if (form.scores) {
    kept.only_for_scores();
  }
  if (form.to_f16) {
    kept.give_f16();
  }
  return kept;
}

} // namespace mlxaudio
