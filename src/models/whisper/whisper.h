// SPDX-License-Identifier: MIT
// Ported from openai-whisper (whisper/model.py), Copyright (c) 2022 OpenAI,
// https://github.com/openai/whisper, licenses/whisper.txt, with the layout of
// mlx-audio, Copyright (c) 2023 Apple Inc.,
// https://github.com/Blaizzy/mlx-audio.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include <mlx/array.h>

#include "models/whisper/config.h"
#include "models/whisper/tokenizer.h"
#include "nn/conv1d.h"
#include "nn/each.h"
#include "nn/embedding.h"
#include "nn/kv_cache.h"
#include "nn/layer_norm.h"
#include "nn/linear.h"
#include "nn/scope.h"

namespace mlxaudio::whisper {

/// Sines, then cosines, of positions at wavelengths from 2 pi to
/// `max_timescale` * 2 pi.
///
/// \port whisper.model.sinusoids
/// \shape -> [length, channels], f32
/// \throws ArgumentError if channels is odd
mx::array sinusoids(int length, int channels, double max_timescale = 10000);

/// Attention of several heads, over itself or over the audio.
///
/// \port whisper.model.MultiHeadAttention
struct MultiHeadAttention {
  Scope at;
  int n_state;
  int n_head;

  Linear query{at / "query", n_state, n_state};
  Linear key{at / "key", n_state, n_state, kNoBias};
  Linear value{at / "value", n_state, n_state};
  Linear out{at / "out", n_state, n_state};

  /// What a call attends to, and what it is to return.
  struct Call {
    /// Audio features [B, S, n_state], or [B / G, S, n_state] where every G
    /// sequences are of one audio; empty: x itself.
    Maybe xa = {};
    bool mask = false; ///< no position sees a later one
    /// Of x: what came before, to be appended to. Of xa: keys and values from
    /// an earlier call, to be used as they are.
    std::optional<KVCache> kv_cache = {};
    bool with_qk = false;
  };
  struct Out {
    mx::array x; ///< [B, T, n_state]
    KVCache kv_cache;
    Maybe qk; ///< scores before the softmax [B, H, T, S], if asked for
  };

  /// \shape x [B, T, n_state] -> [B, T, n_state]
  Out operator()(const mx::array& x, Call call) const;
  /// The same, added to a residual.
  Out add_to(const mx::array& residual, const mx::array& x, Call call) const;
  /// The same before `out`.
  ///
  /// \port whisper.model.MultiHeadAttention.qkv_attention
  Out qkv_attention(const mx::array& x, Call call) const;
};

/// Attention to itself, attention to the audio if there is any, and a
/// perceptron, each normalised before and added to what came in.
///
/// \port whisper.model.ResidualAttentionBlock
struct ResidualAttentionBlock {
  Scope at;
  int n_state;
  int n_head;
  bool cross_attention = false;
  int n_mlp = n_state * 4;

  MultiHeadAttention attn{at / "attn", n_state, n_head};
  LayerNorm attn_ln{at / "attn_ln", n_state};
  std::optional<MultiHeadAttention> cross_attn = maybe<MultiHeadAttention>(
      cross_attention, at / "cross_attn", n_state, n_head);
  std::optional<LayerNorm> cross_attn_ln =
      maybe<LayerNorm>(cross_attention, at / "cross_attn_ln", n_state);
  Linear mlp1{at / "mlp1", n_state, n_mlp};
  Linear mlp2{at / "mlp2", n_mlp, n_state};
  LayerNorm mlp_ln{at / "mlp_ln", n_state};

  struct Cache {
    std::optional<KVCache> self;
    std::optional<KVCache> cross;
  };
  struct Call {
    Maybe xa = {};
    bool mask = false;
    Cache kv_cache = {};
    bool with_qk = false; ///< of the attention to the audio
  };
  struct Out {
    mx::array x;
    Cache kv_cache;
    Maybe cross_qk;
  };

  /// \shape x [B, T, n_state], xa [B, S, n_state] -> x [B, T, n_state]
  Out operator()(mx::array x, Call call) const;
};

/// Audio features of a log-mel spectrogram.
///
/// \port whisper.model.AudioEncoder
struct AudioEncoder {
  Scope at;
  int n_mels;
  int n_ctx;
  int n_state;
  int n_head;
  int n_layer;

  Conv1d conv1{at / "conv1", n_mels, n_state, 3, 1, 1};
  Conv1d conv2{at / "conv2", n_state, n_state, 3, 2, 1};
  /// OpenAI's checkpoints have the table (rounded to f16 in most), MLX's do
  /// not. What a checkpoint has is used: a rounded table is the one that the
  /// model was published with.
  Maybe loaded_positional_embedding =
      at.optional_param("positional_embedding", {n_ctx, n_state});
  mx::array positional_embedding =
      loaded_positional_embedding ? ops::widen(*loaded_positional_embedding)
                                  : sinusoids(n_ctx, n_state);
  std::vector<ResidualAttentionBlock> blocks =
      each<ResidualAttentionBlock>(at / "blocks", n_layer, n_state, n_head);
  LayerNorm ln_post{at / "ln_post", n_state};

  /// \shape x [B, 2 n_ctx, n_mels] -> [B, n_ctx, n_state]
  /// \throws ArgumentError for another shape
  mx::array operator()(const mx::array& x) const;
};

/// Logits of the next token from the tokens so far and the audio features.
///
/// \port whisper.model.TextDecoder
struct TextDecoder {
  Scope at;
  int n_vocab;
  int n_ctx;
  int n_state;
  int n_head;
  int n_layer;

  Embedding token_embedding{at / "token_embedding", n_vocab, n_state};
  mx::array positional_embedding =
      at.param("positional_embedding", {n_ctx, n_state});
  std::vector<ResidualAttentionBlock> blocks = each<ResidualAttentionBlock>(
      at / "blocks",
      n_layer,
      n_state,
      n_head,
      /*cross_attention=*/true);
  LayerNorm ln{at / "ln", n_state};

  /// One entry for each block.
  using Cache = std::vector<ResidualAttentionBlock::Cache>;
  /// A cache with room for `n_ctx` tokens. Keys and values of the audio are
  /// added to it by the first call.
  Cache make_cache(int n_batch, mx::Dtype dtype) const;

  struct Call {
    /// What was seen before; empty: nothing, and nothing will be added.
    Cache kv_cache = {};
    /// Which of the tokens to compute logits for; empty: all of them.
    std::vector<int> positions = {};
    bool with_cross_qk = false;
  };
  struct Out {
    mx::array logits; ///< [B, positions, n_vocab]
    Cache kv_cache;
    std::vector<mx::array> cross_qk; ///< of each block, if asked for
  };

  /// \port mlx_audio.stt.models.whisper.decoding.Inference.logits_with_cross_qk
  /// \shape x [B, T] of token ids, xa [B, n_audio_ctx, n_state], or
  ///   [B / G, n_audio_ctx, n_state] where every G sequences are of one audio
  /// \throws ArgumentError if the tokens do not fit into the context
  Out operator()(const mx::array& x, const mx::array& xa, Call call) const;
};

/// Makes sequence i of a cache the former sequence `source_indices[i]`. Keys
/// and values of the audio stay: they are the same for all sequences of one.
TextDecoder::Cache rearrange_kv_cache(
    TextDecoder::Cache kv_cache, std::span<const int> source_indices);

/// The whole model.
///
/// \port whisper.model.Whisper
struct Whisper {
  Scope at;
  ModelDimensions dims;
  /// The vocabulary; may be missing where no text is made.
  std::shared_ptr<const text::Encoding> encoding = {};
  /// The heads of the attention to the audio that follow the speech.
  AlignmentHeads alignment_heads = default_alignment_heads(dims);

  AudioEncoder encoder{
      at / "encoder",
      dims.n_mels,
      dims.n_audio_ctx,
      dims.n_audio_state,
      dims.n_audio_head,
      dims.n_audio_layer};
  TextDecoder decoder{
      at / "decoder",
      dims.n_vocab,
      dims.n_text_ctx,
      dims.n_text_state,
      dims.n_text_head,
      dims.n_text_layer};

  /// \shape mel [B, T, n_mels] -> [B, n_audio_ctx, n_audio_state]
  mx::array embed_audio(const mx::array& mel) const;
  /// \shape tokens [B, T] -> [B, T, n_vocab]
  mx::array logits(
      const mx::array& tokens, const mx::array& audio_features) const;

  struct CrossQk {
    mx::array logits;
    std::vector<mx::array> cross_qk; ///< of each block [B, H, T, S]
  };
  /// Logits with the scores that align tokens and audio.
  ///
  /// \port mlx_audio.stt.models.whisper.whisper.Model.forward_with_cross_qk
  CrossQk forward_with_cross_qk(
      const mx::array& mel, const mx::array& tokens) const;
  mx::array operator()(const mx::array& mel, const mx::array& tokens) const;

  bool is_multilingual() const;
  int num_languages() const;
  /// What activations are: f32 on a CPU, else the weights' type.
  mx::Dtype dtype() const;

  /// \port mlx_audio.stt.models.whisper.whisper.Model.get_tokenizer
  /// \throws TokenError if the model has no vocabulary
  Tokenizer get_tokenizer(
      const std::optional<std::string>& language,
      const std::optional<std::string>& task) const;
};

} // namespace mlxaudio::whisper
