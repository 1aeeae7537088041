// SPDX-License-Identifier: MIT
#include "models/whisper/joined_step.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include <fmt/format.h>
#include <mlx/ops.h>

#include "kernels/linear.h"
#include "kernels/primitives.h"
#include "kernels/settings.h"
#include "mlxaudio/error.h"
#include "nn/kv_cache.h"
#include "ops/attention.h"

namespace mlxaudio::whisper {

namespace {

/// The rows of one window among those of all.
struct WindowRows {
  int begin;
  int count;

  mx::array of(const mx::array& x) const {
    return mx::slice(x, {begin, 0, 0}, {begin + count, x.shape(1), x.shape(2)});
  }
};

/// The blocks of a decoder over the rows of several windows.
class JoinedDecoder {
 public:
  JoinedDecoder(
      const TextDecoder& decoder, std::span<WindowStep* const> windows)
      : decoder_(decoder), windows_(windows) {
    int begin = 0;
    for (const WindowStep* window : windows) {
      const auto count = static_cast<int>(window->tokens.size());
      rows_.push_back({begin, count});
      begin += count;
    }
  }

  std::vector<mx::array> step() const {
    mx::array x = embed();
    for (std::size_t e = 0; e < decoder_.blocks.size(); ++e) {
      x = block(decoder_.blocks[e], e, std::move(x));
    }
    const mx::array logits = decoder_.token_embedding.as_linear(decoder_.ln(x));
    std::vector<mx::array> each;
    for (const WindowRows& rows : rows_) {
      each.push_back(rows.of(logits));
    }
    return each;
  }

 private:
  /// The tokens of all, each at its window's place in the text.
  /// \shape -> [rows, 1, n_state]
  mx::array embed() const {
    std::vector<int> tokens;
    std::vector<int> places;
    for (const WindowStep* window : windows_) {
      const int place = window->kv_cache.front().self->length;
      if (place >= decoder_.n_ctx) {
        throw ArgumentError(fmt::format(
            "[whisper.decoder] 1 tokens do not fit after {} in a text context "
            "of {}",
            place,
            decoder_.n_ctx));
      }
      tokens.insert(tokens.end(), window->tokens.begin(), window->tokens.end());
      places.insert(places.end(), window->tokens.size(), place);
    }
    const mx::Shape shape{static_cast<int>(tokens.size()), 1};
    const mx::array x =
        decoder_.token_embedding(mx::array(tokens.data(), shape, mx::int32));
    const mx::array positions = mx::take(
        decoder_.positional_embedding,
        mx::array(places.data(), shape, mx::int32),
        0);
    return mx::astype(
        x + ops::widen(positions),
        windows_.front()->audio_features.dtype());
  }

  mx::array block(
      const ResidualAttentionBlock& layer, std::size_t e, mx::array x) const {
    x = layer.attn.out.add_to(x, attend_to_text(layer, e, layer.attn_ln(x)));
    const auto& cross = *layer.cross_attn;
    x = cross.out.add_to(
        x,
        attend_to_audio(cross, e, (*layer.cross_attn_ln)(x)));
    return layer.mlp2.add_to(x, layer.mlp1.gelu(layer.mlp_ln(x)));
  }

  static float scale_of(const MultiHeadAttention& attn) {
    return static_cast<float>(std::pow(attn.n_state / attn.n_head, -0.25));
  }

  mx::array attend_to_text(
      const ResidualAttentionBlock& layer,
      std::size_t e,
      const mx::array& x) const {
    const MultiHeadAttention& attn = layer.attn;
    const mx::array q = attn.query(x);
    const mx::array k = attn.key(x);
    const mx::array v = attn.value(x);
    std::vector<mx::array> out;
    for (std::size_t i = 0; i < windows_.size(); ++i) {
      auto& cache = windows_[i]->kv_cache[e].self;
      cache = append(*std::move(cache), rows_[i].of(k), rows_[i].of(v));
      out.push_back(ops::attention(
          rows_[i].of(q),
          cache->keys(),
          cache->values(),
          attn.n_head,
          scale_of(attn),
          /*causal=*/true));
    }
    return mx::concatenate(out, 0);
  }

  mx::array attend_to_audio(
      const MultiHeadAttention& attn, std::size_t e, const mx::array& x) const {
    const mx::array q = attn.query(x);
    std::vector<mx::array> out;
    for (std::size_t i = 0; i < windows_.size(); ++i) {
      const KVCache& cache = *windows_[i]->kv_cache[e].cross;
      // To the audio that they share, sequences are queries of one.
      const mx::Shape shared{1, rows_[i].count, attn.n_state};
      const mx::array each = ops::attention(
          mx::reshape(rows_[i].of(q), shared),
          cache.keys(),
          cache.values(),
          attn.n_head,
          scale_of(attn),
          /*causal=*/false);
      out.push_back(mx::reshape(each, {rows_[i].count, 1, attn.n_state}));
    }
    return mx::concatenate(out, 0);
  }

  const TextDecoder& decoder_;
  std::span<WindowStep* const> windows_;
  std::vector<WindowRows> rows_;
};

} // namespace

std::vector<std::vector<std::size_t>> groups_of_steps(
    std::span<const std::size_t> rows, bool joinable) {
  struct Group {
    std::vector<std::size_t> windows;
    std::size_t rows;
  };
  std::vector<Group> groups;
  const auto few = [](std::size_t n) { return n <= kernels::kMatvecRows; };
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const auto found =
        std::find_if(groups.begin(), groups.end(), [&](const Group& group) {
          return joinable && few(group.rows) == few(rows[i]) &&
                 (!few(rows[i]) || few(group.rows + rows[i]));
        });
    if (found == groups.end()) {
      groups.push_back({{i}, rows[i]});
    } else {
      found->windows.push_back(i);
      found->rows += rows[i];
    }
  }
  std::vector<std::vector<std::size_t>> windows;
  for (auto& group : groups) {
    windows.push_back(std::move(group.windows));
  }
  return windows;
}

bool is_joinable(const TextDecoder& decoder) {
  return kernels::enabled() && ops::on_cpu() &&
         kernels::is_weight_type(decoder.token_embedding.weight.dtype());
}

std::vector<mx::array> joined_step(
    const TextDecoder& decoder, std::span<WindowStep* const> windows) {
  if (windows.size() == 1) {
    WindowStep& window = *windows.front();
    const mx::array tokens(
        window.tokens.data(),
        {static_cast<int>(window.tokens.size()), 1},
        mx::int32);
    auto out = decoder(
        tokens,
        window.audio_features,
        {.kv_cache = std::move(window.kv_cache)});
    window.kv_cache = std::move(out.kv_cache);
    return {std::move(out.logits)};
  }
  return JoinedDecoder(decoder, windows).step();
}

} // namespace mlxaudio::whisper
