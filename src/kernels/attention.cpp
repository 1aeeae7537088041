// SPDX-License-Identifier: MIT
#include "kernels/attention.h"

#include "kernels/simd.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/attention.cpp"
#include "hwy/foreach_target.h"
#include "kernels/gemm-inl.h"
#include "kernels/simd_rows-inl.h"

#ifndef MLXAUDIO_KERNELS_ATTENTION_ONCE
#define MLXAUDIO_KERNELS_ATTENTION_ONCE

#include <cmath>
#include <cstring>
#include <type_traits>

namespace mlxaudio::kernels {

/// Queries of a strip: with 1500 keys their scores are 144 kB.
inline constexpr std::size_t kStrip = 24;
/// Keys that weighted values are summed over in registers before they are added
/// to the rest: partial sums make the rounding error smaller.
inline constexpr std::size_t kKeysAtOnce = 128;
/// Keys of a part of a decoder's step.
inline constexpr std::size_t kPart = 128;

/// Keys and values laid out as panels; see gemm-inl.h. For each batch and head
/// `head_size` floats.
struct Panels {
  std::size_t panel; ///< columns
  std::size_t keys;  ///< rounded up to whole panels
  std::size_t width; ///< rounded up to whole panels
  float* k;
  float* v;

  std::size_t k_size(const Attention& task) const {
    return keys * task.width;
  }
  std::size_t v_size(const Attention& task) const {
    return width * task.keys;
  }
};

/// What a part of a decoder's step finds, in one block of floats: for each
/// query and head the greatest score and the sum of exponentials, and for each
/// query the sum of weighted values.
struct PartResult {
  float* max;
  float* sum;
  float* values;
  float* scores; ///< scratch

  static std::size_t size(const Attention& task) {
    return task.queries * task.heads * (2 + task.width + kPart);
  }
  PartResult(const Attention& task, float* block)
      : max(block),
        sum(max + task.queries * task.heads),
        values(sum + task.queries * task.heads),
        scores(values + task.queries * task.heads * task.width) {}
};

} // namespace mlxaudio::kernels

#endif

HWY_BEFORE_NAMESPACE();
namespace mlxaudio::kernels {
namespace HWY_NAMESPACE {

std::size_t PanelColumns() {
  return panel_columns();
}

/// Lays out the keys of one panel and the values of its keys, for one head.
void PackPanel(
    const Attention& task,
    const Panels& panels,
    std::size_t batch,
    std::size_t head,
    std::size_t number) {
  const std::size_t index = batch * task.heads + head;
  const std::size_t panel = panels.panel, first = number * panel;
  float* k = panels.k + index * panels.k_size(task) + first * task.width;
  float* v = panels.v + index * panels.v_size(task);
  for (std::size_t j = 0; j < panel; ++j) {
    const std::size_t key = first + j;
    if (key >= task.keys) {
      for (std::size_t i = 0; i < task.width; ++i) {
        k[i * panel + j] = 0.0f;
      }
      continue;
    }
    constexpr std::size_t kRun = 64;
    HWY_ALIGN float run[kRun];
    const Numbers of_head = task.k.row(batch, key).from(head * task.width);
    for (std::size_t i = 0; i < task.width; i += kRun) {
      const std::size_t n = std::min(kRun, task.width - i);
      widen(of_head.from(i), n, run);
      for (std::size_t l = 0; l < n; ++l) {
        k[(i + l) * panel + j] = run[l];
      }
    }
    const Numbers values = task.v.row(batch, key).from(head * task.width);
    for (std::size_t i = 0; i < panels.width; i += panel) {
      float* to = v + i * task.keys + key * panel;
      const std::size_t n = std::min(panel, task.width - i);
      widen(values.from(i), n, to);
      std::fill(to + n, to + panel, 0.0f);
    }
  }
}

std::size_t StripScratch(const Attention& task, const Panels& panels) {
  return kStrip * (task.width + panels.keys + panels.width);
}

/// A strip of queries of one head. \param scratch StripScratch() floats
void AttentionStrip(
    const Attention& task,
    const Panels& panels,
    std::size_t batch,
    std::size_t head,
    std::size_t first,
    float* scratch) {
  const FloatTag d;
  const std::size_t width = task.width, panel = panels.panel;
  const std::size_t rows = std::min(kStrip, task.queries - first);
  const std::size_t index = batch * task.heads + head;
  float* const q = scratch;
  float* const scores = q + kStrip * width;
  float* const sums = scores + kStrip * panels.keys;

  const auto scale = hn::Set(d, task.scale);
  for (std::size_t i = 0; i < rows; ++i) {
    const float* from = task.query(batch, first + i) + head * width;
    map_row(from, width, q + i * width, [&](auto v) HWY_ATTR {
      return hn::Mul(v, scale);
    });
  }
  // The last query of the strip sees the most keys.
  const std::size_t keys = task.seen_by(first + rows - 1);
  const float* k = panels.k + index * panels.k_size(task);
  for (std::size_t j = 0; j < keys; j += panel) {
    multiply_panel(
        q,
        width,
        rows,
        k + j * width,
        width,
        scores + j,
        panels.keys,
        false);
  }
  float sum[kStrip];
  for (std::size_t i = 0; i < rows; ++i) {
    float* row = scores + i * panels.keys;
    const std::size_t seen = task.seen_by(first + i);
    sum[i] = exponentials(row, seen, row).sum;
    std::fill(row + seen, row + keys, 0.0f);
  }
  const float* v = panels.v + index * panels.v_size(task);
  for (std::size_t i = 0; i < panels.width; i += panel) {
    for (std::size_t j = 0; j < keys; j += kKeysAtOnce) {
      multiply_panel(
          scores + j,
          panels.keys,
          rows,
          v + i * task.keys + j * panel,
          std::min(kKeysAtOnce, keys - j),
          sums + i,
          panels.width,
          j > 0);
    }
  }
  for (std::size_t i = 0; i < rows; ++i) {
    const std::size_t row = batch * task.queries + first + i;
    const auto total = hn::Set(d, sum[i]);
    map_row(
        sums + i * panels.width,
        width,
        task.out + (row * task.heads + head) * width,
        [&](auto value) HWY_ATTR { return hn::Div(value, total); });
  }
}

template <class T>
HWY_INLINE float dot(
    const float* HWY_RESTRICT a, const T* HWY_RESTRICT b, std::size_t n) {
  const FloatTag d;
  const std::size_t lanes = hn::Lanes(d);
  auto sum = hn::Zero(d);
  std::size_t i = 0;
  for (; i + lanes <= n; i += lanes) {
    sum = hn::MulAdd(hn::LoadU(d, a + i), load_wide(d, b + i), sum);
  }
  float result = hn::GetLane(hn::SumOfLanes(d, sum));
  if (i < n) {
    HWY_ALIGN float rest[hn::MaxLanes(hn::ScalableTag<float>())];
    hn::Store(load_wide_part(d, b + i, n - i), d, rest);
    for (std::size_t l = 0; i + l < n; ++l) {
      result += a[i + l] * rest[l];
    }
  }
  return result;
}

/// to += p[0] rows[0] + ... + p[3] rows[3], in that order.
template <class T>
HWY_INLINE void add_four(
    const T* const* rows,
    const float* HWY_RESTRICT p,
    std::size_t n,
    float* HWY_RESTRICT to) {
  const FloatTag d;
  const std::size_t lanes = hn::Lanes(d);
  const auto p0 = hn::Set(d, p[0]), p1 = hn::Set(d, p[1]);
  const auto p2 = hn::Set(d, p[2]), p3 = hn::Set(d, p[3]);
  std::size_t i = 0;
  for (; i + lanes <= n; i += lanes) {
    auto sum = hn::LoadU(d, to + i);
    sum = hn::MulAdd(p0, load_wide(d, rows[0] + i), sum);
    sum = hn::MulAdd(p1, load_wide(d, rows[1] + i), sum);
    sum = hn::MulAdd(p2, load_wide(d, rows[2] + i), sum);
    sum = hn::MulAdd(p3, load_wide(d, rows[3] + i), sum);
    hn::StoreU(sum, d, to + i);
  }
  if (i < n) {
    HWY_ALIGN float rest[hn::MaxLanes(hn::ScalableTag<float>())];
    for (std::size_t j = 0; j < 4; ++j) {
      hn::Store(load_wide_part(d, rows[j] + i, n - i), d, rest);
      for (std::size_t l = 0; i + l < n; ++l) {
        to[i + l] += p[j] * rest[l];
      }
    }
  }
}

/// Keys [first, first + kPart) of a decoder's step, all heads.
/// \tparam T of keys and values
template <class T>
HWY_INLINE void step_part(
    const Attention& task,
    std::size_t batch,
    std::size_t first,
    const PartResult& result) {
  const std::size_t heads = task.heads, width = task.width;
  const std::size_t count = std::min(kPart, task.keys - first);
  for (std::size_t j = 0; j < count; ++j) {
    const auto* k = static_cast<const T*>(task.k.row(batch, first + j).data);
    for (std::size_t t = 0; t < task.queries; ++t) {
      const float* q = task.query(batch, t);
      for (std::size_t h = 0; h < heads; ++h) {
        result.scores[(t * heads + h) * kPart + j] =
            task.scale * dot(q + h * width, k + h * width, width);
      }
    }
  }
  for (std::size_t t = 0; t < task.queries; ++t) {
    const std::size_t seen = task.seen_by(t);
    const std::size_t keys = seen > first ? std::min(count, seen - first) : 0;
    for (std::size_t h = 0; h < heads; ++h) {
      const std::size_t at = t * heads + h;
      float* scores = result.scores + at * kPart;
      const auto e =
          keys > 0
              ? exponentials(scores, keys, scores)
              : Exponentials{-std::numeric_limits<float>::infinity(), 0.0f};
      result.max[at] = e.max;
      result.sum[at] = e.sum;
      // To whole fours, with weights of 0 for keys that are not seen.
      std::fill(scores + keys, scores + kPart, 0.0f);
    }
    float* const values = result.values + t * heads * width;
    std::fill(values, values + heads * width, 0.0f);
    for (std::size_t j = 0; j < keys; j += 4) {
      const T* rows[4];
      for (std::size_t i = 0; i < 4; ++i) {
        // Beyond the end the last row stands in, with a weight of 0.
        const std::size_t key = first + std::min(j + i, keys - 1);
        rows[i] = static_cast<const T*>(task.v.row(batch, key).data);
      }
      for (std::size_t h = 0; h < heads; ++h) {
        const T* of_head[4] = {
            rows[0] + h * width,
            rows[1] + h * width,
            rows[2] + h * width,
            rows[3] + h * width};
        add_four(
            of_head,
            result.scores + (t * heads + h) * kPart + j,
            width,
            values + h * width);
      }
    }
  }
}

void StepPart(
    const Attention& task,
    std::size_t batch,
    std::size_t first,
    const PartResult& result) {
  with_type(task.k.data, [&](const auto* k) HWY_ATTR {
    using T = std::remove_cv_t<std::remove_pointer_t<decltype(k)>>;
    step_part<T>(task, batch, first, result);
  });
}

} // namespace HWY_NAMESPACE
} // namespace mlxaudio::kernels
HWY_AFTER_NAMESPACE();

#if HWY_ONCE

#include <vector>

#include "kernels/parallel.h"
#include "kernels/scratch.h"

namespace mlxaudio::kernels {

HWY_EXPORT(PanelColumns);
HWY_EXPORT(PackPanel);
HWY_EXPORT(StripScratch);
HWY_EXPORT(AttentionStrip);
HWY_EXPORT(StepPart);

namespace {

std::size_t round_up(std::size_t n, std::size_t to) {
  return (n + to - 1) / to * to;
}

/// Weighs the parts of a step by their greatest scores and joins them, in
/// order.
void join(
    const Attention& task,
    std::size_t batch,
    const std::vector<PartResult>& parts) {
  for (std::size_t at = 0; at < task.queries * task.heads; ++at) {
    float max = -std::numeric_limits<float>::infinity();
    for (const auto& part : parts) {
      max = std::max(max, part.max[at]);
    }
    float* out =
        task.out + (batch * task.queries * task.heads + at) * task.width;
    std::fill(out, out + task.width, 0.0f);
    float total = 0.0f;
    for (const auto& part : parts) {
      const float weight = std::exp(part.max[at] - max);
      total += weight * part.sum[at];
      const float* values = part.values + at * task.width;
      for (std::size_t i = 0; i < task.width; ++i) {
        out[i] += weight * values[i];
      }
    }
    for (std::size_t i = 0; i < task.width; ++i) {
      out[i] /= total;
    }
  }
}

} // namespace

void attention(const Attention& task) {
  const std::size_t panel = HWY_DYNAMIC_DISPATCH(PanelColumns)();
  Panels panels{
      panel,
      round_up(task.keys, panel),
      round_up(task.width, panel),
      nullptr,
      nullptr};
  const std::size_t groups = task.batch * task.heads;
  const Scratch k(groups * panels.k_size(task));
  const Scratch v(groups * panels.v_size(task));
  panels.k = k.get();
  panels.v = v.get();

  auto* const pack = HWY_DYNAMIC_DISPATCH(PackPanel);
  const std::size_t numbers = panels.keys / panel;
  parallel_for(groups * numbers, true, [&](std::size_t i) {
    const std::size_t group = i / numbers;
    pack(task, panels, group / task.heads, group % task.heads, i % numbers);
  });

  auto* const strip = HWY_DYNAMIC_DISPATCH(AttentionStrip);
  const std::size_t strips = (task.queries + kStrip - 1) / kStrip;
  const std::size_t size = HWY_DYNAMIC_DISPATCH(StripScratch)(task, panels);
  parallel_for_with<Scratch>(
      groups * strips,
      [&] { return Scratch(size); },
      [&](std::size_t i, const auto& scratch) {
        const std::size_t group = i / strips;
        strip(
            task,
            panels,
            group / task.heads,
            group % task.heads,
            i % strips * kStrip,
            scratch.get());
      });
}

void attention_step(const Attention& task) {
  const std::size_t parts = (task.keys + kPart - 1) / kPart;
  const std::size_t size = PartResult::size(task);
  std::vector<float> memory(task.batch * parts * size);
  const auto result_of = [&](std::size_t i) {
    return PartResult(task, memory.data() + i * size);
  };
  auto* const part = HWY_DYNAMIC_DISPATCH(StepPart);
  const bool threaded =
      task.batch * task.keys * task.heads * task.width >= 1u << 16;
  parallel_for(task.batch * parts, threaded, [&](std::size_t i) {
    part(task, i / parts, i % parts * kPart, result_of(i));
  });
  for (std::size_t batch = 0; batch < task.batch; ++batch) {
    std::vector<PartResult> results;
    for (std::size_t i = 0; i < parts; ++i) {
      results.push_back(result_of(batch * parts + i));
    }
    join(task, batch, results);
  }
}

} // namespace mlxaudio::kernels

#endif
