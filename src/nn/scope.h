// SPDX-License-Identifier: MIT
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "nn/weights.h"

namespace mlxaudio {

/// A place in the tree of modules: a dotted path and the ledger that
/// parameters come from.
///
/// A module is an aggregate whose first member is its Scope, then the fields
/// of its configuration, then its parameters and submodules, each with a
/// default member initializer. Members are initialized in the order of their
/// declaration, so Scope and configuration must stand first.
class Scope {
 public:
  explicit Scope(std::shared_ptr<Weights> weights, std::string path = {});
  explicit Scope(Weights weights);

  /// The place of a child.
  Scope operator/(std::string_view name) const;
  Scope operator/(int index) const;

  mx::array param(std::string_view name, const mx::Shape& shape) const;
  /// The same for one that must be of a type.
  mx::array param(
      std::string_view name, const mx::Shape& shape, mx::Dtype dtype) const;
  Maybe optional_param(std::string_view name, const mx::Shape& shape) const;
  bool has(std::string_view name) const;
  /// Gives the memory back that holds a parameter's place in its file, once it
  /// is kept in another form.
  void forget(std::string_view name) const;
  /// What products with the weights here are computed in.
  Compute compute() const;
  /// What form the weights here, and products with them, are to have.
  LayerForm form() const;
  /// How the weights here are packed, if they are quantized.
  Quantization::Packing packing() const;

  /// Hands a result to the thread's tape, if there is one.
  /// \return `y`, or what a forcing tape puts in its place
  mx::array tap(const mx::array& y) const;
  /// The same for a part of the result, at a path below this one.
  mx::array tap(std::string_view name, const mx::array& y) const;

  const std::string& path() const {
    return path_;
  }
  Weights& weights() const {
    return *weights_;
  }

 private:
  std::string below(std::string_view name) const;

  std::shared_ptr<Weights> weights_;
  std::string path_;
};

} // namespace mlxaudio
