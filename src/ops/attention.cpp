// SPDX-License-Identifier: MIT
#include "ops/attention.h"

#include "kernels/attention.h"
#include "kernels/info.h"
#include "kernels/primitives.h"
#include "ops/check.h"
#include "ops/composite.h"

namespace mlxaudio::ops {
namespace {

void check(
    const mx::array& q,
    const mx::array& k,
    const mx::array& v,
    int n_head,
    bool causal) {
  const char* where = "ops.attention";
  expect(
      q.ndim() == 3 && n_head > 0 && q.shape(2) % n_head == 0,
      where,
      fmt::format("queries [B, T, C] with C a multiple of {} heads", n_head),
      q.shape());
  expect(
      k.ndim() == 3 && k.shape(0) == q.shape(0) && k.shape(2) == q.shape(2) &&
          k.shape(1) > 0,
      where,
      fmt::format("keys [{}, S, {}] with S > 0", q.shape(0), q.shape(2)),
      k.shape());
  expect(
      v.shape() == k.shape(),
      where,
      "values of the keys' shape " + text_of(k.shape()),
      v.shape());
  expect(
      !causal || k.shape(1) >= q.shape(1),
      where,
      fmt::format("at least {} keys for a causal mask", q.shape(1)),
      k.shape());
}

} // namespace

mx::array attention(
    const mx::array& q,
    const mx::array& k,
    const mx::array& v,
    int n_head,
    float qk_scale,
    bool causal) {
  check(q, k, v, n_head, causal);
  const auto wide = widen(q);
  const bool fits = wide.dtype() == mx::float32 && k.dtype() == v.dtype() &&
                    kernels::is_weight_type(k.dtype());
  const bool few = q.shape(1) <= static_cast<int>(kernels::kStepQueries);
  if (!kernels::choose(
          few ? kernels::Op::attention_step : kernels::Op::attention,
          fits)) {
    return composite::attention(q, k, v, n_head, qk_scale, causal).out;
  }
  return kernels::attention(wide, k, v, n_head, qk_scale * qk_scale, causal);
}

AttentionScores attention_with_scores(
    const mx::array& q,
    const mx::array& k,
    const mx::array& v,
    int n_head,
    float qk_scale,
    bool causal) {
  check(q, k, v, n_head, causal);
  return composite::attention(q, k, v, n_head, qk_scale, causal);
}

} // namespace mlxaudio::ops
