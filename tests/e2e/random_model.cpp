// SPDX-License-Identifier: MIT
#include "random_model.h"

#include <gtest/gtest.h>
#include <mlx/array.h>
#include <mlx/ops.h>
#include <mlx/transforms.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <functional>
#include <memory>
#include <numeric>
#include <utility>

#include "core/half.h"
#include "engine/model_store.h"
#include "models/whisper/weights.h"
#include "models/whisper/whisper.h"
#include "support.h"

namespace mlxaudio::e2e {

namespace mx = mlx::core;

namespace {

constexpr int kRange = 1024;

/// What an integer becomes in a parameter, for each of the 2048 integers.
using Scale = std::array<std::uint16_t, 2 * kRange>;

std::size_t place_of(int value) {
  return static_cast<std::size_t>(value) + kRange;
}

template <typename Value>
Scale scale_by(Value value) {
  Scale scale{};
  for (int v = -kRange; v < kRange; ++v) {
    scale[place_of(v)] = to_f16(static_cast<float>(value(v)));
  }
  return scale;
}

Scale scale_of(const whisper::Parameter& p) {
  const auto& shape = p.shape;
  if (shape.size() > 1) {
    if (p.name.find("embedding") != std::string::npos) {
      return scale_by([](int v) { return std::ldexp(v, -14); });
    }
    const auto fan_in = std::accumulate(
        shape.begin() + 1,
        shape.end(),
        std::int64_t{1},
        std::multiplies<>());
    // Ties to even, as Python rounds.
    const int exponent =
        10 + static_cast<int>(std::nearbyint(
                 0.5 * std::log2(static_cast<double>(fan_in) / 3)));
    return scale_by([exponent](int v) { return std::ldexp(v, -exponent); });
  }
  if (p.name.ends_with(".weight")) { // of a layer norm
    return scale_by([](int v) { return 1 + std::ldexp(v >> 4, -10); });
  }
  return scale_by([](int v) { return std::ldexp(v, -15); });
}

void expect_sample(
    const std::string& what,
    const mx::array& ours,
    const Json& recorded,
    double tolerance) {
  SCOPED_TRACE(what);
  ASSERT_EQ(
      std::vector<int>(ours.shape().begin(), ours.shape().end()),
      recorded["shape"].get<std::vector<int>>());
  const mx::array flat = mx::contiguous(mx::reshape(ours, {-1}));
  mx::eval(flat);
  const float* data = flat.data<float>();
  const auto positions = recorded["positions"].get<std::vector<std::size_t>>();
  const auto values = recorded["values"].get<std::vector<double>>();
  double worst = 0;
  for (std::size_t i = 0; i < positions.size(); ++i) {
    const double error = std::abs(double{data[positions[i]]} - values[i]);
    ASSERT_TRUE(std::isfinite(error));
    worst = std::max(worst, error);
  }
  EXPECT_LE(worst, tolerance);
  EXPECT_NEAR(l2_norm(ours) / recorded["l2"].get<double>(), 1, 1e-5);
}

} // namespace

std::vector<std::int16_t> integers(std::string_view name, std::size_t count) {
  std::uint32_t seed = 2166136261U;
  for (const char c : name) {
    seed = (seed ^ static_cast<unsigned char>(c)) * 16777619U;
  }
  std::vector<std::int16_t> values(count);
  for (std::size_t i = 0; i < count; ++i) {
    std::uint32_t x = static_cast<std::uint32_t>(i) * 0x9E3779B1U + seed;
    x = (x ^ (x >> 16)) * 0x7FEB352DU;
    x = (x ^ (x >> 15)) * 0x846CA68BU;
    x ^= x >> 16;
    values[i] = static_cast<std::int16_t>(static_cast<int>(x >> 21) - kRange);
  }
  return values;
}

Checkpoint random_checkpoint(const whisper::ModelDimensions& dims) {
  Checkpoint checkpoint;
  checkpoint.path = "pseudo-random weights";
  for (const auto& p : whisper::parameters_of(dims)) {
    const Scale scale = scale_of(p);
    const auto count = static_cast<std::size_t>(*element_count(p.shape));
    const auto values = integers(p.name, count);
    std::vector<std::byte> bytes(count * 2);
    for (std::size_t i = 0; i < count; ++i) {
      std::memcpy(&bytes[2 * i], &scale[place_of(values[i])], 2);
    }
    checkpoint.tensors.emplace(
        p.name,
        make_tensor(DType::f16, p.shape, std::move(bytes)));
  }
  return checkpoint;
}

void expect_size_as_recorded(const std::string& name) {
  SCOPED_TRACE(name);
  const Json recorded = read_golden("sizes.json")["sizes"][name];
  const auto* entry = engine::find_in_catalogue(name);
  ASSERT_NE(entry, nullptr);
  const auto& dims = entry->dims;
  whisper::ModelDimensions::fields(
      dims,
      [&](const char* field, const int& value, int) {
        EXPECT_EQ(value, recorded["dims"][field].get<int>()) << field;
      });

  const auto ledger =
      std::make_shared<Weights>(Weights(random_checkpoint(dims)));
  const whisper::Whisper net{Scope(ledger), dims};
  ledger->finish();

  const auto mel_values =
      integers("mel", std::size_t{3000} * static_cast<unsigned>(dims.n_mels));
  std::vector<float> mel_floats;
  for (const auto v : mel_values) {
    mel_floats.push_back(std::ldexp(static_cast<float>(v), -10));
  }
  const mx::array mel(mel_floats.data(), {1, 3000, dims.n_mels}, mx::float32);
  const auto ids = recorded["tokens"].get<std::vector<int>>();
  const mx::array tokens(
      ids.data(),
      {1, static_cast<int>(ids.size())},
      mx::int32);

  const mx::array encoded = net.embed_audio(mel);
  const mx::array logits = net.logits(tokens, encoded);
  // Rounding grows with depth: 64 layers of float32 in another order.
  expect_sample("encoder", mx::squeeze(encoded, 0), recorded["encoder"], 2e-3);
  expect_sample("logits", mx::squeeze(logits, 0), recorded["logits"], 2e-3);
  const mx::array argmax =
      mx::astype(mx::squeeze(mx::argmax(logits, -1), 0), mx::int32);
  mx::eval(argmax);
  EXPECT_EQ(
      std::vector<int>(argmax.data<int>(), argmax.data<int>() + argmax.size()),
      recorded["argmax"].get<std::vector<int>>());

  // The tokens once more, step by step with the cache: the same last logits.
  auto cache = net.decoder.make_cache(1, net.dtype());
  mx::array last = logits;
  for (const int id : ids) {
    auto out = net.decoder(
        mx::array({id}, {1, 1}),
        encoded,
        {.kv_cache = std::move(cache)});
    cache = std::move(out.kv_cache);
    last = out.logits;
  }
  const mx::array whole = mx::slice(
      logits,
      {0, static_cast<int>(ids.size()) - 1, 0},
      {1, static_cast<int>(ids.size()), dims.n_vocab});
  EXPECT_LE(mx::max(mx::abs(last - whole)).item<float>(), 1e-3F);
}

} // namespace mlxaudio::e2e
