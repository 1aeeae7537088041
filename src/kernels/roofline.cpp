// SPDX-License-Identifier: MIT
#include "kernels/roofline.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <limits>

#include "kernels/compute.h"
#include "kernels/linear.h"
#include "kernels/parallel.h"
#include "kernels/reduced.h"

namespace mlxaudio::kernels {
namespace {

/// The shortest time of some calls. \unit s
template <class Function>
double best_of(int calls, const Function& f) {
  using Clock = std::chrono::steady_clock;
  double best = std::numeric_limits<double>::infinity();
  for (int i = 0; i < calls; ++i) {
    const auto begin = Clock::now();
    f();
    const std::chrono::duration<double> time = Clock::now() - begin;
    best = std::min(best, time.count());
  }
  return best;
}

struct Shape {
  std::size_t rows, in, out;

  double flops() const {
    return 2.0 * static_cast<double>(rows) * static_cast<double>(in) *
           static_cast<double>(out);
  }
};

/// Those of an encoder: wide, narrow, and square.
constexpr Shape kShapes[] = {
    {1500, 512, 2048},
    {1500, 2048, 512},
    {1024, 1024, 1024},
};

/// \param compute available
double rate_of(const Shape& shape, Compute compute) {
  constexpr int kCalls = 7;
  // No zeros, and nothing that grows small: denormal numbers are slow.
  const std::vector<float> x(shape.rows * shape.in, 0.5f);
  const std::vector<float> weight(shape.in * shape.out, 0.25f);
  std::vector<float> y(shape.rows * shape.out);
  Linear task;
  task.x = x.data();
  task.stride = task.in = shape.in;
  task.rows = shape.rows;
  task.out = shape.out;
  task.weight = {weight.data(), Type::f32};
  task.y = y.data();
  std::vector<std::int8_t> values;
  std::vector<float> scales;
  if (compute == Compute::int8) {
    values.resize(shape.out * groups_of(shape.in) * kGroup);
    scales.resize(shape.out * groups_of(shape.in));
    quantize(task.weight, shape.out, shape.in, values.data(), scales.data());
  }
  return shape.flops() / best_of(kCalls, [&] {
           if (compute == Compute::int8) {
             linear_int8(task, {values.data(), scales.data()});
           } else {
             compute == Compute::bf16 ? linear_bf16(task) : linear(task);
           }
         });
}

/// Sums words without waiting for one sum after the other.
std::uint64_t sum_of(const std::uint64_t* words, std::size_t n) {
  constexpr std::size_t kSums = 32;
  std::uint64_t sums[kSums] = {};
  for (std::size_t i = 0; i + kSums <= n; i += kSums) {
    for (std::size_t j = 0; j < kSums; ++j) {
      sums[j] += words[i + j];
    }
  }
  std::uint64_t all = 0;
  for (const std::uint64_t sum : sums) {
    all += sum;
  }
  return all;
}

} // namespace

std::vector<ProductRate> product_rates() {
  std::vector<ProductRate> rates;
  for (const Compute compute : available_computes()) {
    double best = 0;
    for (const Shape& shape : kShapes) {
      best = std::max(best, rate_of(shape, compute));
    }
    rates.push_back({name_of(compute), best});
  }
  return rates;
}

double read_bandwidth() {
  constexpr std::size_t kBytes = std::size_t{256} << 20;
  constexpr std::size_t kPiece = std::size_t{1} << 20;
  constexpr std::size_t kWords = kPiece / sizeof(std::uint64_t);
  constexpr int kCalls = 5;
  // Written, so that each page is memory of its own.
  const std::vector<std::uint64_t> words(kBytes / sizeof(std::uint64_t), 1);
  std::atomic<std::uint64_t> all{0};
  const double seconds = best_of(kCalls, [&] {
    parallel_for(kBytes / kPiece, true, [&](std::size_t i) {
      all += sum_of(words.data() + i * kWords, kWords);
    });
  });
  // Used, so that no compiler leaves the reading out.
  return all > 0 ? static_cast<double>(kBytes) / seconds : 0;
}

} // namespace mlxaudio::kernels
