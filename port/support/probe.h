// SPDX-License-Identifier: MIT
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <mlx/array.h>

#include "core/json.h"
#include "core/tensor.h"
#include "nn/scope.h"

namespace mlxaudio::port {

namespace mx = mlx::core;

/// The arguments of one recorded call, and where its arrays go.
class Call {
 public:
  using Tensors = std::map<std::string, Tensor>;

  /// \param in outlives the call
  Call(Json args, const Tensors& in, Tensors& out, std::string id);

  bool has(const std::string& name) const;

  /// An argument that is a number, text, flag or list of these.
  template <class T>
  T get(const std::string& name) const {
    return at(name).get<T>();
  }
  /// The same, empty where the reference was given None.
  template <class T>
  std::optional<T> maybe(const std::string& name) const {
    return has(name) ? std::optional<T>(get<T>(name)) : std::nullopt;
  }
  const Json& at(const std::string& name) const;

  mx::array array(const std::string& name) const;
  Maybe maybe_array(const std::string& name) const;
  /// Of a list of arrays.
  std::vector<mx::array> arrays(const std::string& name) const;
  /// Samples, as plain numbers. \shape [N] f32
  std::vector<float> floats(const std::string& name) const;
  /// The ledger over the call's `weights`, for a module at the root.
  Scope weights();
  /// The same tensors as a checkpoint.
  Checkpoint checkpoint(const std::string& name) const;

  /// \throws WeightError unless the module that was built took all weights
  void finish() const;

  /// Puts an array into the answer.
  /// \return what stands for it in the result
  Json put(const mx::array& a);

 private:
  const Tensor& tensor(const Json& value) const;

  Json args_;
  const Tensors& in_;
  Tensors& out_;
  std::string id_;
  std::shared_ptr<Weights> weights_;
};

/// Probes by the component that each runs.
class Probes {
 public:
  /// Answers one call: the result as JSON, arrays by `Call::put`.
  using Probe = std::function<Json(Call&)>;

  void add(const std::string& component, Probe probe);
  const std::map<std::string, Probe>& all() const {
    return probes_;
  }

 private:
  std::map<std::string, Probe> probes_;
};

/// A number as the protocol has it: what is not finite is null.
Json number(double value);

/// The program: `--describe`, or `--run COMPONENT FOLDER`. See
/// docs/porting/protocol.md.
int run_probes(const Probes& probes, int argc, char** argv);

} // namespace mlxaudio::port
