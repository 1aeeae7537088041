// SPDX-License-Identifier: MIT

// Timings of the kernels at the sizes of Whisper base: the encoder's (1500
// frames of 512 channels, 8 heads) and a decoder's step. `--benchmark_filter`
// picks some; the instruction set is MLXAUDIO_ISA's.

#include <benchmark/benchmark.h>

#include <random>
#include <vector>

#include "kernels/attention.h"
#include "kernels/compute.h"
#include "kernels/cpu.h"
#include "kernels/int12.h"
#include "kernels/linear.h"
#include "kernels/reduced.h"
#include "kernels/rows.h"
#include "kernels/threads.h"

namespace mlxaudio::kernels {
namespace {

using Floats = std::vector<float>;
using State = benchmark::State;

Floats normal(std::size_t n) {
  std::mt19937 engine(1);
  std::normal_distribution<float> distribution;
  Floats numbers(n);
  for (float& x : numbers) {
    x = distribution(engine);
  }
  return numbers;
}

void set_rate(State& state, const char* name, double per_iteration) {
  state.counters[name] = benchmark::Counter(
      per_iteration,
      benchmark::Counter::kIsIterationInvariantRate);
}

/// rows, in, out. Weights are 0 in f16: their value does not change the time.
void product(State& state, void (*kernel)(const Linear&), std::size_t stride) {
  const auto size = [&](int i) {
    return static_cast<std::size_t>(state.range(i));
  };
  const std::vector<std::uint16_t> weight(size(1) * size(2));
  Linear task;
  task.rows = size(0);
  task.in = size(1);
  task.out = size(2);
  task.stride = stride ? stride : task.in;
  const Floats x = normal(task.rows * task.stride + task.in);
  Floats y(task.rows * task.out);
  task.x = x.data();
  task.weight = {weight.data(), Type::f16};
  task.gelu = task.out == 2048 || stride > 0;
  task.y = y.data();
  for (auto _ : state) {
    kernel(task);
    benchmark::ClobberMemory();
  }
  const double weights = static_cast<double>(task.in * task.out);
  set_rate(state, "FLOPS", 2.0 * weights * static_cast<double>(task.rows));
  set_rate(state, "weight_bytes", 2.0 * weights);
}

void encoder_linear(State& state) {
  product(state, linear, 0);
}
BENCHMARK(encoder_linear)
    ->Args({1500, 512, 512})
    ->Args({1500, 512, 2048})
    ->Args({1500, 2048, 512})
    ->UseRealTime()
    ->Unit(benchmark::kMillisecond);

/// With 16-bit floating-point weights of the task in 8 bits.
void int8_product(
    State& state, void (*kernel)(const Linear&, const Int8Weights&)) {
  const auto size = [&](int i) {
    return static_cast<std::size_t>(state.range(i));
  };
  const std::size_t groups = groups_of(size(1));
  const std::vector<std::int8_t> values(size(2) * groups * kGroup, 1);
  const std::vector<float> scales(size(2) * groups, 0.01f);
  Linear task;
  task.rows = size(0);
  task.in = task.stride = size(1);
  task.out = size(2);
  const Floats x = normal(task.rows * task.in);
  Floats y(task.rows * task.out);
  task.x = x.data();
  task.gelu = task.out == 2048;
  task.y = y.data();
  for (auto _ : state) {
    kernel(task, {values.data(), scales.data()});
    benchmark::ClobberMemory();
  }
  const double weights = static_cast<double>(task.in * task.out);
  set_rate(state, "FLOPS", 2.0 * weights * static_cast<double>(task.rows));
  set_rate(state, "weight_bytes", weights * (1 + 4.0 / kGroup));
}

void encoder_int8(State& state) {
  int8_product(state, linear_int8);
}
BENCHMARK(encoder_int8)
    ->Args({1500, 512, 512})
    ->Args({1500, 512, 2048})
    ->Args({1500, 2048, 512})
    ->UseRealTime()
    ->Unit(benchmark::kMillisecond);

void decoder_int8(State& state) {
  int8_product(state, matvec_int8);
}
BENCHMARK(decoder_int8)
    ->Args({1, 512, 512})
    ->Args({1, 512, 2048})
    ->Args({1, 2048, 512})
    ->Args({5, 512, 512})
    ->UseRealTime()
    ->Unit(benchmark::kMicrosecond);

void encoder_bf16(State& state) {
  if (!has_bf16_dot()) {
    state.SkipWithError("this processor has no bf16");
    return;
  }
  product(state, linear_bf16, 0);
}
BENCHMARK(encoder_bf16)
    ->Args({1500, 512, 512})
    ->Args({1500, 512, 2048})
    ->Args({1500, 2048, 512})
    ->UseRealTime()
    ->Unit(benchmark::kMillisecond);

/// Rows overlap: the stride of the product is that of the filter.
void conv1d(State& state) {
  product(state, linear, static_cast<std::size_t>(state.range(3)));
}
BENCHMARK(conv1d)
    ->Args({3000, 240, 512, 80})
    ->Args({1500, 1536, 512, 1024})
    ->UseRealTime()
    ->Unit(benchmark::kMillisecond);

void decoder_matvec(State& state) {
  product(state, matvec, 0);
}
BENCHMARK(decoder_matvec)
    ->Args({1, 512, 512})
    ->Args({1, 512, 2048})
    ->Args({1, 2048, 512})
    ->Args({1, 512, 51865})
    ->Args({5, 512, 512})
    ->Args({5, 512, 51865})
    ->UseRealTime()
    ->Unit(benchmark::kMicrosecond);

/// rows, in, out, bits; groups of 64 with scales and biases in f16, all 0.
void affine_product(State& state, void (*kernel)(const Linear&)) {
  constexpr std::size_t kGroupSize = 64;
  const auto size = [&](int i) {
    return static_cast<std::size_t>(state.range(i));
  };
  const std::size_t weights = size(1) * size(2), groups = weights / kGroupSize;
  const std::vector<std::uint8_t> values(weights * size(3) / 8);
  const std::vector<std::uint16_t> scales(groups), biases(groups);
  Linear task;
  task.rows = size(0);
  task.in = task.stride = size(1);
  task.out = size(2);
  task.affine = {
      values.data(),
      {scales.data(), Type::f16},
      {biases.data(), Type::f16},
      kGroupSize,
      size(3)};
  const Floats x = normal(task.rows * task.in);
  Floats y(task.rows * task.out);
  task.x = x.data();
  task.y = y.data();
  for (auto _ : state) {
    kernel(task);
    benchmark::ClobberMemory();
  }
  const auto count = static_cast<double>(weights);
  set_rate(state, "FLOPS", 2.0 * count * static_cast<double>(task.rows));
  set_rate(
      state,
      "weight_bytes",
      static_cast<double>(values.size() + 4 * groups));
}

void encoder_affine(State& state) {
  affine_product(state, linear);
}
BENCHMARK(encoder_affine)
    ->Args({1500, 512, 512, 8})
    ->Args({1500, 512, 2048, 4})
    ->Args({1500, 2048, 512, 4})
    ->UseRealTime()
    ->Unit(benchmark::kMillisecond);

void decoder_affine(State& state) {
  affine_product(state, matvec);
}
BENCHMARK(decoder_affine)
    ->Args({1, 512, 512, 8})
    ->Args({1, 2048, 512, 8})
    ->Args({1, 512, 51865, 8})
    ->Args({1, 512, 512, 4})
    ->Args({1, 2048, 512, 4})
    ->Args({1, 512, 51865, 4})
    ->Args({5, 512, 51865, 8})
    ->Args({5, 512, 51865, 4})
    ->UseRealTime()
    ->Unit(benchmark::kMicrosecond);

/// rows, in, out; weights of 12 bits, all 0.
void int12_product(State& state, void (*kernel)(const Linear&)) {
  const auto size = [&](int i) {
    return static_cast<std::size_t>(state.range(i));
  };
  const std::size_t weights = size(1) * size(2);
  const std::vector<std::int8_t> high(weights);
  const std::vector<std::uint8_t> low(weights / 2);
  const Floats scales(weights / Int12Weights::kGroup), errors(size(2));
  Linear task;
  task.rows = size(0);
  task.in = task.stride = size(1);
  task.out = size(2);
  task.int12 = {high.data(), low.data(), scales.data(), errors.data()};
  const Floats x = normal(task.rows * task.in);
  Floats y(task.rows * task.out);
  task.x = x.data();
  task.y = y.data();
  for (auto _ : state) {
    kernel(task);
    benchmark::ClobberMemory();
  }
  const auto count = static_cast<double>(weights);
  set_rate(state, "FLOPS", 2.0 * count * static_cast<double>(task.rows));
  set_rate(state, "weights", count);
}

void decoder_int12(State& state) {
  int12_product(state, matvec);
}
BENCHMARK(decoder_int12)
    ->Args({1, 512, 512})
    ->Args({1, 2048, 512})
    ->Args({1, 512, 51865})
    ->Args({5, 512, 51865})
    ->UseRealTime()
    ->Unit(benchmark::kMicrosecond);

/// Where all weights are 0 every column may be the greatest: random ones leave
/// a few.
void decoder_scores(State& state) {
  const auto size = [&](int i) {
    return static_cast<std::size_t>(state.range(i));
  };
  const std::size_t weights = size(1) * size(2);
  const Floats wide = normal(weights);
  std::vector<std::int8_t> high(weights);
  std::vector<std::uint8_t> low(weights / 2);
  Floats scales(weights / Int12Weights::kGroup), errors(size(2));
  quantize_int12(
      {wide.data(), Type::f32},
      size(2),
      size(1),
      {high.data(), low.data(), scales.data(), errors.data()});
  Linear task;
  task.rows = size(0);
  task.in = task.stride = size(1);
  task.out = size(2);
  task.int12 = {high.data(), low.data(), scales.data(), errors.data()};
  const Floats x = normal(task.rows * task.in);
  Floats y(task.rows * task.out);
  task.x = x.data();
  task.y = y.data();
  for (auto _ : state) {
    scores_int12(task);
    benchmark::ClobberMemory();
  }
  set_rate(state, "weights", static_cast<double>(weights));
}
BENCHMARK(decoder_scores)
    ->Args({1, 512, 51865})
    ->Args({5, 512, 51865})
    ->UseRealTime()
    ->Unit(benchmark::kMicrosecond);

void pack_int12(State& state) {
  const auto size = [&](int i) {
    return static_cast<std::size_t>(state.range(i));
  };
  const std::size_t weights = size(0) * size(1);
  const std::vector<std::uint16_t> half(weights);
  std::vector<std::int8_t> high(weights);
  std::vector<std::uint8_t> low(weights / 2);
  Floats scales(weights / Int12Weights::kGroup), errors(size(1));
  for (auto _ : state) {
    quantize_int12(
        {half.data(), Type::f16},
        size(1),
        size(0),
        {high.data(), low.data(), scales.data(), errors.data()});
    benchmark::ClobberMemory();
  }
  set_rate(state, "weights", static_cast<double>(weights));
}
BENCHMARK(pack_int12)
    ->Args({512, 51865})
    ->UseRealTime()
    ->Unit(benchmark::kMillisecond);

/// queries, keys; 8 heads of 64.
void attend(State& state, void (*kernel)(const Attention&)) {
  constexpr std::size_t kHeads = 8, kWidth = 64, kChannels = kHeads * kWidth;
  Attention task;
  task.batch = 1;
  task.queries = static_cast<std::size_t>(state.range(0));
  task.keys = static_cast<std::size_t>(state.range(1));
  task.heads = kHeads;
  task.width = kWidth;
  task.scale = 0.125f;
  const Floats q = normal(task.queries * kChannels);
  const Floats k = normal(task.keys * kChannels);
  Floats out(q.size());
  task.q = {{q.data()}, 0, kChannels};
  task.k = {{k.data()}, 0, kChannels};
  task.v = task.k;
  task.out = out.data();
  for (auto _ : state) {
    kernel(task);
    benchmark::ClobberMemory();
  }
  set_rate(
      state,
      "FLOPS",
      4.0 * static_cast<double>(task.queries * task.keys * kChannels));
}

void encoder_attention(State& state) {
  attend(state, attention);
}
BENCHMARK(encoder_attention)
    ->Args({1500, 1500})
    ->UseRealTime()
    ->Unit(benchmark::kMillisecond);

void decoder_attention(State& state) {
  attend(state, attention_step);
}
BENCHMARK(decoder_attention)
    ->Args({1, 100})
    ->Args({1, 1500})
    ->Args({5, 1500})
    ->UseRealTime()
    ->Unit(benchmark::kMicrosecond);

void gelu_rows(State& state) {
  const Floats x = normal(1500 * 2048);
  Floats y(x.size());
  for (auto _ : state) {
    gelu(x.data(), x.size(), y.data());
    benchmark::ClobberMemory();
  }
}
BENCHMARK(gelu_rows)->UseRealTime()->Unit(benchmark::kMillisecond);

void softmax_rows(State& state) {
  const auto rows = static_cast<std::size_t>(state.range(0));
  const auto columns = static_cast<std::size_t>(state.range(1));
  const Floats x = normal(rows * columns);
  Floats y(x.size());
  for (auto _ : state) {
    softmax(x.data(), rows, columns, y.data());
    benchmark::ClobberMemory();
  }
}
BENCHMARK(softmax_rows)
    ->Args({12000, 1500})
    ->Args({1, 51865})
    ->UseRealTime()
    ->Unit(benchmark::kMicrosecond);

void log_sum_exp_row(State& state) {
  const Floats x = normal(static_cast<std::size_t>(state.range(0)));
  for (auto _ : state) {
    benchmark::DoNotOptimize(log_sum_exp(x.data(), x.size()));
  }
}
BENCHMARK(log_sum_exp_row)->Arg(51865)->Unit(benchmark::kMicrosecond);

void layer_norm_rows(State& state) {
  const auto rows = static_cast<std::size_t>(state.range(0));
  const Floats x = normal(rows * 512), weight = normal(512);
  Floats y(x.size());
  const Numbers w{weight.data(), Type::f32};
  for (auto _ : state) {
    layer_norm(x.data(), rows, 512, w, w, 1e-5f, y.data());
    benchmark::ClobberMemory();
  }
}
BENCHMARK(layer_norm_rows)
    ->Arg(1500)
    ->Arg(1)
    ->UseRealTime()
    ->Unit(benchmark::kMicrosecond);

} // namespace
} // namespace mlxaudio::kernels

int main(int argc, char** argv) {
  benchmark::Initialize(&argc, argv);
  benchmark::AddCustomContext(
      "isa",
      mlxaudio::kernels::name_of(mlxaudio::kernels::isa()));
  benchmark::AddCustomContext(
      "threads",
      std::to_string(mlxaudio::kernels::threads()));
  benchmark::RunSpecifiedBenchmarks();
}
