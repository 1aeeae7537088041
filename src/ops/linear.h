// SPDX-License-Identifier: MIT
#pragma once

#include "mlxaudio/compute.h"
#include "ops/array.h"

namespace mlxaudio::ops {

/// A matrix of weights [out, in], and what its products are computed in.
/// Kernels read f32, f16 and bf16 as they are in memory. Cheap to copy: copies
/// share the numbers.
class LinearWeight {
 public:
  /// Weights rounded to 8 bits, which are all that is kept of them then:
  /// -127 to 127, times a scale for each 32 inputs.
  struct Int8 {
    mx::array values; ///< [out, inputs to a multiple of 32]
    mx::array scales; ///< [out, groups of 32 inputs]
  };

  /// Weights in MLX's affine quantization, as `mx::quantize` makes them: of
  /// each group of inputs scale * value + bias. They stay packed in memory.
  struct Affine {
    mx::array values; ///< [out, in * bits / 32] u32
    mx::array scales; ///< [out, in / group_size]
    mx::array biases; ///< the same
    int group_size;   ///< 32, 64 or 128
    int bits;         ///< 8 or 4
  };

  /// Weights rounded to 12 bits, which are all that is kept of them then: 16
  /// high + low, -2039 to 2039, times a scale for each 128 inputs.
  struct Int12 {
    mx::array high; ///< [out, inputs to a multiple of 128] i8
    /// [out, half of that] u8: of two inputs of a group that are 64 apart the
    /// first has the low bits; -8 to 7
    mx::array low;
    mx::array scales; ///< [out, groups of 128 inputs]
    mx::array errors; ///< [out] how far off high bits may be, for x of norm 1
  };

  /// For int8, evaluates and packs the weights at once.
  /// \param compute what the processor has
  /// \throws ArgumentError for `automatic`, or if the weights have another
  ///   shape or are no numbers that can be packed
  explicit LinearWeight(mx::array weight, Compute compute = Compute::f32);
  /// For int8, evaluates the weights, rounds them to 8 bits of that form, and
  /// keeps nothing else.
  /// \throws ArgumentError for `automatic`, or for arrays, groups and bits that
  ///   do not fit together
  explicit LinearWeight(Affine weight, Compute compute = Compute::f32);

  /// For products in f32, evaluates the weights and rounds them to 12 bits at
  /// once: a step of a decoder, which waits for memory, reads fewer bytes.
  /// \throws ArgumentError if the weights have another shape or are no numbers
  ///   that can be packed
  static LinearWeight in_12_bits(const mx::array& weight);

  /// Says that of products with these weights only the greatest of each row
  /// must be exact: `linear` of few rows then gives `scores`.
  void only_for_scores() {
    for_scores_ = true;
  }
  /// Says that products with these weights are kept in f16.
  void give_f16() {
    gives_f16_ = true;
  }

  /// \throws ArgumentError for weights in 8 or 12 bits and quantized ones
  const mx::array& array() const;
  /// The weights in 8 bits, if they are.
  const std::optional<Int8>& int8() const {
    return int8_;
  }
  /// The weights in 12 bits, if they are.
  const std::optional<Int12>& int12() const {
    return int12_;
  }
  /// The weights in MLX's quantization, if they are.
  const std::optional<Affine>& affine() const {
    return affine_;
  }
  /// The type of the weights before they were rounded to 8 or 12 bits; of
  /// quantized ones that of their scales.
  mx::Dtype dtype() const {
    return dtype_;
  }
  Compute compute() const {
    return compute_;
  }
  bool is_for_scores() const {
    return for_scores_;
  }
  bool gives_f16() const {
    return gives_f16_;
  }
  int in() const {
    return in_;
  }
  int out() const {
    return out_;
  }

 private:
  Compute compute_;
  mx::Dtype dtype_;
  int out_, in_;
  bool for_scores_ = false, gives_f16_ = false;
  Maybe weight_;
  std::optional<Int8> int8_;
  std::optional<Int12> int12_;
  std::optional<Affine> affine_;
};

enum class Activation { none, gelu };

/// What follows a product, fused where a kernel can: y = act(x W^T + bias) +
/// residual.
struct Epilogue {
  Maybe bias = {}; ///< [out]
  Activation activation = Activation::none;
  Maybe residual = {}; ///< of the result's shape
};

/// Product with a matrix of weights, and what follows it.
///
/// On a CPU f16, bf16 and quantized weights are widened and the work is done in
/// f32, or in what the weights say: then many rows are rounded as the weights
/// are; few (a decoder's step) are not, but to 16 bits where weights are in 12.
/// \shape x [..., in] -> [..., out] \throws ArgumentError if shapes do not fit
mx::array linear(
    const mx::array& x, const LinearWeight& weight, const Epilogue& e = {});

/// The product alone, where only the greatest of each row must be exact, as of
/// scores of a vocabulary. With few rows of x and weights in 12 bits others may
/// be computed with their high 8 bits.
/// \shape x [..., in] -> [..., out] \throws ArgumentError if shapes do not fit
mx::array scores(const mx::array& x, const LinearWeight& weight);

/// Rows of a matrix of weights by their numbers, as an embedding looks them up,
/// in the type that the device computes in.
/// \shape indices [...] of integers -> [..., in]
/// \throws ArgumentError for weights in 8 bits
mx::array take_rows(const LinearWeight& weight, const mx::array& indices);

} // namespace mlxaudio::ops
