// SPDX-License-Identifier: MIT
#include <array>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

#include <mlx/device.h>
#include <mlx/ops.h>

#include "kernels/info.h"
#include "models/whisper/whisper.h"
#include "nn/tape.h"
#include "ops/attention.h"
#include "ops/composite.h"
#include "ops/gelu.h"
#include "probes.h"
#include "toy.h"

namespace mlxaudio::port {

using namespace mlxaudio::whisper;

namespace {

/// A cache with room for more that holds what was recorded.
std::optional<KVCache> cache_of(const Call& c, const std::string& name) {
  if (!c.has(name + "_k")) {
    return std::nullopt;
  }
  const mx::array k = c.array(name + "_k");
  const int capacity = k.shape(1) + 4;
  return append(
      KVCache::make(k.shape(0), capacity, k.shape(2)),
      k,
      c.array(name + "_v"));
}

Json put_cache(Call& c, const KVCache& cache) {
  return {c.put(cache.keys()), c.put(cache.values())};
}

/// Where kernels are on, MLX's own operations would pass every comparison and
/// be slow.
void expect_kernel(const std::string& op) {
  const kernels::Info info = kernels::info();
  if (!info.enabled || mx::default_device() != mx::Device::cpu) {
    return;
  }
  for (const kernels::OpCount& count : info.ops) {
    if (count.op == op && count.composite > 0) {
      throw std::runtime_error(op + " ran without its kernel");
    }
  }
}

/// Logits of each entry of `steps`, which are fed one after the other; if
/// `cached`, over one cache.
std::vector<mx::array> decoded(
    const Call& c, const TextDecoder& m, const mx::array& xa) {
  const bool cached = c.get<bool>("cached");
  TextDecoder::Cache cache;
  if (cached) {
    cache = m.make_cache(xa.shape(0), mx::float32);
  }
  std::vector<mx::array> logits;
  for (const Json& step : c.at("steps")) {
    auto out = m(tokens_of(step), xa, {.kv_cache = std::move(cache)});
    cache = cached ? std::move(out.kv_cache) : TextDecoder::Cache{};
    logits.push_back(out.logits);
  }
  return logits;
}

/// The types of floating point that a mask may have, as Python calls them.
constexpr std::array<std::pair<std::string_view, mx::Dtype>, 3> kFloats{
    {{"float32", mx::float32},
     {"float16", mx::float16},
     {"bfloat16", mx::bfloat16}}};

mx::Dtype half_or_float(std::string_view name) {
  for (const auto& [known, dtype] : kFloats) {
    if (known == name) {
      return dtype;
    }
  }
  throw std::runtime_error("no mask of type " + std::string(name));
}

std::string name_of_type(mx::Dtype dtype) {
  for (const auto& [name, known] : kFloats) {
    if (known == dtype) {
      return std::string(name);
    }
  }
  return "another";
}

mx::array index_of(const std::vector<int>& rows) {
  return mx::array(rows.data(), {static_cast<int>(rows.size())}, mx::int32);
}

} // namespace

void add_model(Probes& p) {
  p.add("whisper.model.LayerNorm", [](Call& c) {
    const LayerNorm m{c.weights(), c.get<int>("n_state")};
    return c.put(m(c.array("x")));
  });

  p.add("whisper.model.Linear", [](Call& c) {
    const Linear m{
        c.weights(),
        c.get<int>("n_in"),
        c.get<int>("n_out"),
        c.get<bool>("bias")};
    return c.put(m(c.array("x")));
  });

  p.add("whisper.model.Conv1d", [](Call& c) {
    const Conv1d m{
        c.weights(),
        c.get<int>("n_in"),
        c.get<int>("n_out"),
        3,
        c.get<int>("stride"),
        1};
    if (c.maybe<bool>("gelu").value_or(false)) {
      const Tape tape;
      const mx::array y = m.gelu(c.array("x"));
      return Json{{"conv", c.put(tape.at(""))}, {"gelu", c.put(y)}};
    }
    return c.put(m(c.array("x")));
  });

  p.add("mlx.nn.layers.embedding.Embedding", [](Call& c) {
    const Embedding m{
        c.weights(),
        c.get<int>("n_vocab"),
        c.get<int>("n_state")};
    return Json{
        {"y", c.put(m(c.array("tokens")))},
        {"logits", c.put(m.as_linear(c.array("x")))}};
  });

  p.add("mlx.nn.layers.activations.gelu", [](Call& c) {
    const mx::array y = ops::gelu(c.array("x"));
    const Json whole = c.put(y);
    expect_kernel("gelu");
    if (!c.maybe<bool>("apart").value_or(false)) {
      return whole;
    }
    mx::array is_nan = mx::isnan(y);
    const mx::array others = mx::where(is_nan, mx::zeros_like(y), y);
    is_nan.eval();
    Json flags = Json::array();
    for (std::size_t i = 0; i < is_nan.size(); ++i) {
      flags.push_back(is_nan.data<bool>()[i]);
    }
    return Json{{"is_nan", flags}, {"others", c.put(others)}};
  });

  p.add(
      "mlx.nn.layers.transformer.MultiHeadAttention.create_additive_causal_"
      "mask",
      [](Call& c) {
        if (c.has("n")) {
          const int n = c.get<int>("n");
          const auto type = c.get<std::string>("dtype");
          const mx::array mask =
              ops::composite::causal_mask(n, n, half_or_float(type));
          return Json{
              {"dtype", name_of_type(mask.dtype())},
              {"mask", c.put(mx::astype(mask, mx::float32))}};
        }
        return c.put(ops::attention(
            c.array("q"),
            c.array("k"),
            c.array("v"),
            1,
            1.0f,
            true));
      });

  p.add("whisper.model.sinusoids", [](Call& c) {
    return c.put(sinusoids(
        c.get<int>("length"),
        c.get<int>("channels"),
        c.maybe<double>("max_timescale").value_or(10000)));
  });

  p.add("whisper.model.MultiHeadAttention", [](Call& c) {
    const MultiHeadAttention m{
        c.weights(),
        c.get<int>("n_state"),
        c.get<int>("n_head")};
    const auto out =
        m(c.array("x"),
          {.xa = c.maybe_array("xa"),
           .mask = c.get<bool>("mask"),
           .kv_cache = cache_of(c, "kv_cache"),
           .with_qk = c.has("with_qk")});
    Json result = {
        {"x", c.put(out.x)},
        {"kv_cache", put_cache(c, out.kv_cache)}};
    if (out.qk) {
      result["qk"] = c.put(*out.qk);
    }
    return result;
  });

  p.add("whisper.model.ResidualAttentionBlock", [](Call& c) {
    const ResidualAttentionBlock m{
        c.weights(),
        c.get<int>("n_state"),
        c.get<int>("n_head"),
        c.get<bool>("cross_attention")};
    const auto out =
        m(c.array("x"),
          {.xa = c.maybe_array("xa"),
           .mask = c.get<bool>("mask"),
           .kv_cache = {cache_of(c, "self"), cache_of(c, "cross")}});
    Json result = {
        {"x", c.put(out.x)},
        {"self", put_cache(c, *out.kv_cache.self)}};
    if (out.kv_cache.cross) {
      result["cross"] = put_cache(c, *out.kv_cache.cross);
    }
    return result;
  });

  p.add("whisper.model.AudioEncoder", [](Call& c) {
    if (c.has("packaged")) {
      const Whisper whole = packaged_model(c);
      const auto rows = c.get<std::vector<int>>("rows");
      return c.put(mx::take(whole.encoder(mel_of(c, "x")), index_of(rows), 1));
    }
    const ModelDimensions d = toy_dims(c);
    const AudioEncoder m{
        c.weights(),
        d.n_mels,
        d.n_audio_ctx,
        d.n_audio_state,
        d.n_audio_head,
        d.n_audio_layer};
    return c.put(m(c.array("x")));
  });

  p.add("whisper.model.TextDecoder", [](Call& c) {
    if (c.has("packaged")) {
      const Whisper whole = packaged_model(c);
      const mx::array all = mx::astype(c.array("xa"), mx::float32);
      const mx::array xa = mx::slice(
          all,
          {0, 0, 0},
          {c.get<int>("batch"), all.shape(1), all.shape(2)});
      Json logits = Json::array();
      for (const mx::array& y : decoded(c, whole.decoder, xa)) {
        logits.push_back(c.put(mx::slice(
            y,
            {0, 0, 0},
            y.shape(),
            {1, 1, c.get<int>("column_step")})));
      }
      return logits;
    }
    const ModelDimensions d = toy_dims(c);
    const TextDecoder m{
        c.weights(),
        d.n_vocab,
        d.n_text_ctx,
        d.n_text_state,
        d.n_text_head,
        d.n_text_layer};
    Json logits = Json::array();
    for (const mx::array& y : decoded(c, m, c.array("xa"))) {
      logits.push_back(c.put(y));
    }
    return logits;
  });

  p.add("whisper.model.Whisper", [](Call& c) {
    const Whisper m{c.weights(), toy_dims(c)};
    const mx::array features = m.embed_audio(c.array("mel"));
    const mx::array tokens = tokens_of(c.at("tokens"));
    return Json{
        {"features", c.put(features)},
        {"logits", c.put(m.logits(tokens, features))},
        {"whole", c.put(m(c.array("mel"), tokens))},
        {"is_multilingual", m.is_multilingual()},
        {"num_languages", m.num_languages()}};
  });
}

} // namespace mlxaudio::port
