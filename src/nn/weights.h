// SPDX-License-Identifier: MIT
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/tensor.h"
#include "mlxaudio/compute.h"
#include "nn/quantization.h"
#include "ops/array.h"

namespace mlxaudio {

/// MLX's view of a tensor. Memory of the file is shared, not copied, where its
/// alignment permits.
/// \throws WeightError for a type that MLX lacks
mx::array to_array(const Tensor& tensor);

/// Modules, by their paths, that are computed otherwise than the others, each
/// with all below it.
struct OtherLayers {
  /// In f32, with weights as the file has them.
  std::vector<std::string> exact = {};
  /// In f32, with weights in 12 bits.
  std::vector<std::string> int12 = {};
  /// As `int12`, where only the greatest results must be exact.
  std::vector<std::string> scores = {};
  /// Whose results are kept in f16.
  std::vector<std::string> to_f16 = {};
};

/// What the lists say of one.
struct LayerForm {
  bool int12 = false, scores = false, to_f16 = false;
};

/// The ledger over a checkpoint's tensors: each parameter that a model
/// declares is entered once, and `finish` says all that does not fit.
class Weights {
 public:
  /// A parameter as a module declared it.
  struct Declaration {
    std::string name;
    mx::Shape shape;
    bool optional = false;
  };

  /// \throws WeightError for a tensor of a type that MLX lacks
  explicit Weights(const Checkpoint& checkpoint);
  /// \param source names the file in errors
  explicit Weights(
      std::map<std::string, mx::array> arrays, std::string source = {});

  /// A ledger without a file: modules built from it list their own parameters,
  /// nothing is missing, and no array is to be evaluated.
  static Weights dry();

  /// Says what products with weights are to be computed in, before modules are
  /// built.
  /// \throws ArgumentError for `automatic`, which is to be resolved before
  void compute_in(Compute compute, OtherLayers others = {});
  /// What the products of the module at a path are computed in; f32 unless
  /// `compute_in` said otherwise.
  Compute compute_of(const std::string& path);
  /// What else `compute_in` said of the module at a path. Weights that the file
  /// has packed stay so.
  LayerForm form_of(const std::string& path);

  /// Says how quantized layers are packed, before modules are built.
  void packed_in(std::optional<Quantization> quantization);
  /// How the weights of the module at a path are packed, which are quantized.
  /// \throws ConfigError if `packed_in` said nothing
  Quantization::Packing packing_of(const std::string& path) const;

  /// Whether the file has a tensor that nobody took yet.
  bool has(const std::string& name) const;
  /// Takes a parameter out. What is missing or misshapen is noted, and zeros
  /// of the declared shape stand in until `finish` throws.
  /// \param dtype that it must have; empty: any
  mx::array take(
      const std::string& name,
      const mx::Shape& shape,
      std::optional<mx::Dtype> dtype = {});
  /// Takes a parameter that a file may lack.
  Maybe take_optional(const std::string& name, const mx::Shape& shape);
  /// Gives the memory back that holds a parameter's place in its file. Who has
  /// taken it may read it yet, from the file.
  void forget(const std::string& name) const;

  /// Closes the ledger.
  /// \throws WeightError that lists every missing, misshapen, not finite and
  /// unused tensor, and every name that was declared twice
  /// \throws ArgumentError that lists paths of `compute_in` at which no module
  /// asked what it is computed in
  void finish() const;

  const std::vector<Declaration>& declared() const {
    return declared_;
  }

 private:
  Weights() = default;
  void declare(const std::string& name, const mx::Shape& shape, bool optional);
  /// Whether one of the modules is the one at a path or above it; that is asked
  /// for then.
  bool covers(const std::vector<std::string>& modules, const std::string& path);

  bool dry_ = false;
  Compute compute_ = Compute::f32;
  std::optional<Quantization> quantization_;
  OtherLayers others_;
  std::vector<std::string> unasked_; ///< those of all lists, until asked for
  std::string source_;
  std::map<std::string, mx::array> arrays_;
  std::map<std::string, Tensor> in_file_; ///< where in mapped files these lie
  std::vector<Declaration> declared_;
  std::vector<std::string> missing_;
  std::vector<std::string> misshapen_;
  std::vector<std::string> not_finite_;
  std::vector<std::string> repeated_;
};

} // namespace mlxaudio
