// SPDX-License-Identifier: MIT
// Ported from openai-whisper (whisper/model.py), Copyright (c) 2022 OpenAI,
// https://github.com/openai/whisper, licenses/whisper.txt, with the layout of
// mlx-audio, Copyright (c) 2023 Apple Inc.,
// https://github.com/Blaizzy/mlx-audio.
#include "models/whisper/whisper.h"

#include <cmath>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <mlx/ops.h>

#include "mlxaudio/error.h"
#include "nn/tape.h"
#include "ops/attention.h"

namespace mlxaudio::whisper {

namespace {

std::string shape_of(const mx::array& a) {
  return fmt::format("[{}]", fmt::join(a.shape(), ", "));
}

/// Scores of sequences that were taken for queries of one, each by itself.
/// \shape [n_audio, H, G T, S] -> [n_audio G, H, T, S]
mx::array scores_of_each(const mx::array& qk, int n_batch) {
  const int n_audio = qk.shape(0);
  if (n_batch == n_audio) {
    return qk;
  }
  const int n_group = n_batch / n_audio;
  const auto grouped = mx::reshape(
      qk,
      {n_audio, qk.shape(1), n_group, qk.shape(2) / n_group, qk.shape(3)});
  const auto each = mx::transpose(grouped, {0, 2, 1, 3, 4});
  return mx::reshape(
      each,
      {n_batch, qk.shape(1), qk.shape(2) / n_group, qk.shape(3)});
}

} // namespace

mx::array sinusoids(int length, int channels, double max_timescale) {
  if (channels % 2 != 0) {
    throw ArgumentError(fmt::format(
        "[whisper.sinusoids] expected an even number of channels, got {}",
        channels));
  }
  const auto log_timescale_increment =
      // NOLINTNEXTLINE(bugprone-integer-division): as the reference
      static_cast<float>(std::log(max_timescale) / (channels / 2 - 1));
  const mx::array inv_timescales =
      mx::exp(mx::array(-log_timescale_increment) * mx::arange(channels / 2));
  const mx::array scaled_time = mx::expand_dims(mx::arange(length), 1) *
                                mx::expand_dims(inv_timescales, 0);
  return mx::concatenate({mx::sin(scaled_time), mx::cos(scaled_time)}, 1);
}

MultiHeadAttention::Out MultiHeadAttention::qkv_attention(
    const mx::array& x, Call call) const {
  mx::array q = query(x);
  const auto kv = [&]() -> KVCache {
    if (call.xa && call.kv_cache) {
      return *std::move(call.kv_cache);
    }
    const mx::array& source = call.xa ? *call.xa : x;
    mx::array k = key(source);
    mx::array v = value(source);
    if (call.kv_cache) {
      return append(*std::move(call.kv_cache), k, v);
    }
    const int length = k.shape(1);
    return {std::move(k), std::move(v), length};
  }();

  // Sequences of one audio share its keys and values: to these they are more
  // queries of one sequence.
  const auto shape = q.shape();
  const int n_audio = kv.k.shape(0);
  if (call.xa && shape[0] != n_audio && shape[0] % n_audio == 0) {
    q = mx::reshape(q, {n_audio, -1, n_state});
  }

  const auto scale = static_cast<float>(std::pow(n_state / n_head, -0.25));
  if (call.with_qk) {
    auto scored = ops::attention_with_scores(
        q,
        kv.keys(),
        kv.values(),
        n_head,
        scale,
        call.mask);
    return {
        mx::reshape(scored.out, shape),
        kv,
        scores_of_each(scored.qk, shape[0])};
  }
  const mx::array wv =
      ops::attention(q, kv.keys(), kv.values(), n_head, scale, call.mask);
  return {mx::reshape(wv, shape), kv, {}};
}

MultiHeadAttention::Out MultiHeadAttention::operator()(
    const mx::array& x, Call call) const {
  auto attended = qkv_attention(x, std::move(call));
  attended.x = at.tap(out(attended.x));
  return attended;
}

MultiHeadAttention::Out MultiHeadAttention::add_to(
    const mx::array& residual, const mx::array& x, Call call) const {
  if (Tape::active()) {
    // What a tape records is the attention alone.
    auto attended = (*this)(x, std::move(call));
    attended.x = residual + attended.x;
    return attended;
  }
  auto attended = qkv_attention(x, std::move(call));
  attended.x = out.add_to(residual, attended.x);
  return attended;
}

ResidualAttentionBlock::Out ResidualAttentionBlock::operator()(
    mx::array x, Call call) const {
  auto self = attn.add_to(
      x,
      attn_ln(x),
      {.mask = call.mask, .kv_cache = std::move(call.kv_cache.self)});
  x = std::move(self.x);
  Cache kv_cache{std::move(self.kv_cache), {}};
  Maybe cross_qk;
  if (cross_attn) {
    auto cross = cross_attn->add_to(
        x,
        (*cross_attn_ln)(x),
        {.xa = std::move(call.xa),
         .kv_cache = std::move(call.kv_cache.cross),
         .with_qk = call.with_qk});
    x = std::move(cross.x);
    kv_cache.cross = std::move(cross.kv_cache);
    cross_qk = std::move(cross.qk);
  }
  x = mlp2.add_to(x, mlp1.gelu(mlp_ln(x)));
  return {at.tap(x), std::move(kv_cache), std::move(cross_qk)};
}

mx::array AudioEncoder::operator()(const mx::array& mel) const {
  if (mel.ndim() != 3 || mel.shape(2) != n_mels) {
    throw ArgumentError(fmt::format(
        "[whisper.encoder] expected features [B, {}, {}], got {}: the "
        "features were made for another checkpoint",
        2 * n_ctx,
        n_mels,
        shape_of(mel)));
  }
  mx::array x = conv1.gelu(mel);
  x = conv2.gelu(x);
  if (x.shape(1) != n_ctx) {
    throw ArgumentError(fmt::format(
        "[whisper.encoder] expected features [B, {}, {}], got {}: pad or "
        "trim them to one window",
        2 * n_ctx,
        n_mels,
        shape_of(mel)));
  }
  x = x + mx::astype(positional_embedding, x.dtype());

  for (const auto& block : blocks) {
    x = block(x, {}).x;
  }
  return at.tap(ln_post(x));
}

TextDecoder::Cache TextDecoder::make_cache(int n_batch, mx::Dtype dtype) const {
  Cache kv_cache;
  for (int i = 0; i < n_layer; ++i) {
    kv_cache.push_back({KVCache::make(n_batch, n_ctx, n_state, dtype), {}});
  }
  return kv_cache;
}

TextDecoder::Out TextDecoder::operator()(
    const mx::array& tokens, const mx::array& xa, Call call) const {
  auto& kv_cache = call.kv_cache;
  const bool cached = !kv_cache.empty();
  const int offset = cached ? kv_cache.front().self->length : 0;
  const int length = tokens.shape(1);
  if (offset + length > n_ctx) {
    throw ArgumentError(fmt::format(
        "[whisper.decoder] {} tokens do not fit after {} in a text context "
        "of {}",
        length,
        offset,
        n_ctx));
  }
  mx::array x = token_embedding(tokens) + ops::widen(mx::slice(
                                              positional_embedding,
                                              {offset, 0},
                                              {offset + length, n_state}));
  x = mx::astype(x, xa.dtype());

  if (!cached) {
    kv_cache.resize(blocks.size());
  }
  std::vector<mx::array> cross_qk;
  for (std::size_t e = 0; e < blocks.size(); ++e) {
    auto out = blocks[e](
        std::move(x),
        {.xa = xa,
         .mask = true,
         .kv_cache = std::move(kv_cache[e]),
         .with_qk = call.with_cross_qk});
    x = std::move(out.x);
    kv_cache[e] = std::move(out.kv_cache);
    if (out.cross_qk) {
      cross_qk.push_back(*std::move(out.cross_qk));
    }
  }

  if (!call.positions.empty()) {
    const auto n = static_cast<int>(call.positions.size());
    x = mx::take(x, mx::array(call.positions.data(), {n}, mx::int32), 1);
  }
  x = ln(x);
  return {
      at.tap(token_embedding.as_linear(x)),
      std::move(kv_cache),
      std::move(cross_qk)};
}

TextDecoder::Cache rearrange_kv_cache(
    TextDecoder::Cache kv_cache, std::span<const int> source_indices) {
  std::vector<KVCache> caches;
  for (auto& block : kv_cache) {
    caches.push_back(*std::move(block.self));
  }
  caches = gather(std::move(caches), source_indices);
  for (std::size_t e = 0; e < caches.size(); ++e) {
    kv_cache[e].self = std::move(caches[e]);
  }
  return kv_cache;
}

mx::array Whisper::embed_audio(const mx::array& mel) const {
  return encoder(mx::astype(mel, dtype()));
}

mx::array Whisper::logits(
    const mx::array& tokens, const mx::array& audio_features) const {
  return decoder(tokens, audio_features, {}).logits;
}

Whisper::CrossQk Whisper::forward_with_cross_qk(
    const mx::array& mel, const mx::array& tokens) const {
  auto out = decoder(tokens, embed_audio(mel), {.with_cross_qk = true});
  return {std::move(out.logits), std::move(out.cross_qk)};
}

mx::array Whisper::operator()(
    const mx::array& mel, const mx::array& tokens) const {
  return logits(tokens, embed_audio(mel));
}

bool Whisper::is_multilingual() const {
  return dims.is_multilingual();
}

int Whisper::num_languages() const {
  return dims.num_languages();
}

mx::Dtype Whisper::dtype() const {
  return ops::on_cpu() ? mx::float32 : decoder.token_embedding.weight.dtype();
}

Tokenizer Whisper::get_tokenizer(
    const std::optional<std::string>& language,
    const std::optional<std::string>& task) const {
  if (!encoding) {
    throw TokenError(
        "[whisper] the model was built without a vocabulary: load it from its "
        "folder");
  }
  return whisper::get_tokenizer(
      encoding,
      is_multilingual(),
      num_languages(),
      language,
      task);
}

} // namespace mlxaudio::whisper
