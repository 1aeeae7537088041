// SPDX-License-Identifier: MIT
#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

using Json = nlohmann::ordered_json;

/// An array as safetensors has it; whole numbers are kept as floats here.
struct Array {
  std::vector<long> shape;
  std::vector<float> values;
};

/// One question: its arguments, and what it says of the way to its answer.
class Call {
 public:
  Call(
      const Json& question,
      const std::map<std::string, Array>& in,
      std::map<std::string, Array>& out)
      : question_(question), in_(in), out_(out) {}

  template <class T>
  T get(const char* name, T fallback) const {
    return question_.at("args").value(name, fallback);
  }
  bool has(const char* name) const {
    return question_.at("args").contains(name);
  }
  const Array& array(const char* name) const {
    return read(question_.at("args").at(name));
  }
  const Array& weight(const char* name) const {
    return read(question_.at("args").at("weights").at(name));
  }

  /// Puts an array into the answer. \return what stands for it
  Json put(std::vector<long> shape, std::vector<float> values);

  /// Tells what was computed at a place, where the question asks for it.
  /// \return what to go on with: the same, or the reference's own
  std::vector<float> tap(
      const std::string& path,
      std::vector<long> shape,
      const std::vector<float>& values,
      const std::vector<Json>& inputs = {});
  const Json& taps() const {
    return taps_;
  }
  bool tapped() const {
    return question_.value("taps", false);
  }

 private:
  const Array& read(const Json& value) const {
    return in_.at(value.at("$array").get<std::string>());
  }

  const Json& question_;
  const std::map<std::string, Array>& in_;
  std::map<std::string, Array>& out_;
  Json taps_ = Json::array();
  std::map<std::string, int> calls_;
};

/// Probes by component.
class Probes {
 public:
  using Probe = std::function<Json(Call&)>;
  void add(const std::string& component, Probe probe) {
    all_.emplace(component, std::move(probe));
  }
  const std::map<std::string, Probe>& all() const {
    return all_;
  }

 private:
  std::map<std::string, Probe> all_;
};

/// The program: `--describe`, or `--run COMPONENT FOLDER`.
int run_probes(const Probes& probes, int argc, char** argv);
