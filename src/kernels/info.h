// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace mlxaudio::kernels {

/// The ops that have kernels.
enum class Op {
  linear,        ///< products of many rows
  linear_bf16,   ///< the same in bf16
  linear_int8,   ///< the same in 8 bits
  linear_affine, ///< the same with weights in MLX's quantization
  matvec,        ///< products of few rows: a decoder's step
  matvec_int8,   ///< the same with weights in 8 bits
  matvec_affine, ///< the same with weights in MLX's quantization
  take_affine,   ///< rows of weights in MLX's quantization, by their numbers
  linear_int12,  ///< products of many rows with weights in 12 bits
  matvec_int12,  ///< the same of few rows
  take_int12,    ///< rows of weights in 12 bits, by their numbers
  scores_int12,  ///< products of few rows, of which the greatest matter
  conv1d,
  attention,      ///< of many queries
  attention_step, ///< of few queries over a cache
  gelu,
  softmax,
  layer_norm,
  log_mel, ///< a speech model's spectrogram
  logits,  ///< the greatest of a step's, and the logarithm of their sum
  append,  ///< of keys and values to a cache
  narrow,  ///< to f16
};

/// How often an op was built with its kernel, and how often of MLX's own
/// operations.
struct OpCount {
  std::string op;
  std::uint64_t kernel = 0;
  std::uint64_t composite = 0;
};

/// What computes, for `info --kernels` and for evidence.
struct Info {
  bool enabled = true; ///< whether ops use kernels
  std::string isa;     ///< instruction set of the kernels
  int threads = 0;
  std::string blas; ///< where MLX's own products go
  std::uint64_t blas_calls = 0;
  std::vector<OpCount> ops;
};

Info info();

/// Whether an op on the current device is to use its kernel; counts the answer.
/// \param fits whether the kernel can serve this call at all
bool choose(Op op, bool fits = true);

/// The same for work on numbers of the host, whatever device MLX computes on.
bool choose_on_host(Op op);

} // namespace mlxaudio::kernels
