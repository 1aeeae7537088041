// SPDX-License-Identifier: MIT
#include "portproof/weight_mutants.h"

#include <algorithm>
#include <cstring>
#include <functional>
#include <utility>
#include <vector>

#include "core/half.h"
#include "core/sha256.h"
#include "mlxaudio/error.h"
#include "portproof/mutation_operators.h"

namespace portproof {
namespace {

using mlxaudio::DType;
using mlxaudio::Json;
using mlxaudio::Tensor;
using Arrays = std::map<std::string, Tensor>;

/// The name of the array that stands for a weight, or "".
std::string array_of(const Json& args, const std::string& weight) {
  if (!args.is_object() || !args.contains("weights")) {
    return {};
  }
  const Json& weights = args.at("weights");
  if (!weights.is_object() || !weights.contains(weight)) {
    return {};
  }
  const Json& value = weights.at(weight);
  return value.is_object() ? value.value("$array", "") : std::string();
}

std::vector<std::byte> bytes_of(const Tensor& t) {
  return {t.bytes.begin(), t.bytes.end()};
}

/// Each number replaced by what `change` makes of it. Types that are not
/// floating are left as they are.
std::vector<std::byte> each(
    const Tensor& t, const std::function<float(float)>& change) {
  std::vector<std::byte> out = bytes_of(t);
  const auto n = static_cast<std::size_t>(t.size());
  for (std::size_t i = 0; i < n; ++i) {
    if (t.dtype == DType::f32) {
      const float value = change(t.as<float>()[i]);
      std::memcpy(out.data() + i * sizeof value, &value, sizeof value);
    } else if (t.dtype == DType::f16) {
      const std::uint16_t value = mlxaudio::to_f16(
          change(mlxaudio::from_f16(t.as<std::uint16_t>()[i])));
      std::memcpy(out.data() + i * sizeof value, &value, sizeof value);
    }
  }
  return out;
}

std::size_t row_bytes(const Tensor& t) {
  return t.bytes.size() / static_cast<std::size_t>(t.shape.at(0));
}

std::vector<std::byte> transposed(const Tensor& t) {
  std::vector<std::byte> out = bytes_of(t);
  const auto n = static_cast<std::size_t>(t.shape.at(0));
  const std::size_t size = size_of(t.dtype);
  for (std::size_t i = 0; i < n; ++i) {
    for (std::size_t j = 0; j < n; ++j) {
      std::memcpy(
          out.data() + (i * n + j) * size,
          t.bytes.data() + (j * n + i) * size,
          size);
    }
  }
  return out;
}

/// The tensor as the operator leaves it; the swap and the dropped one are not
/// made here.
std::vector<std::byte> changed(const std::string& op, const Tensor& t) {
  std::vector<std::byte> out = bytes_of(t);
  if (op == "weight-zero-row") {
    std::fill_n(
        out.begin(),
        static_cast<std::ptrdiff_t>(row_bytes(t)),
        std::byte{0});
  } else if (op == "weight-roll") {
    std::rotate(
        out.begin(),
        out.begin() + static_cast<std::ptrdiff_t>(row_bytes(t)),
        out.end());
  } else if (op == "weight-scale") {
    out = each(t, [](float x) { return 2 * x; });
  } else if (op == "weight-negate") {
    out = each(t, [](float x) { return -x; });
  } else if (op == "weight-transpose") {
    out = transposed(t);
  } else {
    throw mlxaudio::ConfigError(
        "[portproof] there is no operator on weights named " + op);
  }
  return out;
}

/// The next weight of the same shape whose numbers differ, or "".
std::string partner(
    const Json& args, const std::string& weight, const Arrays& arrays) {
  const Tensor& here = arrays.at(array_of(args, weight));
  for (const auto& [name, value] : args.at("weights").items()) {
    const auto it = arrays.find(array_of(args, name));
    if (name != weight && it != arrays.end() &&
        it->second.shape == here.shape && it->second.dtype == here.dtype &&
        !std::equal(
            here.bytes.begin(),
            here.bytes.end(),
            it->second.bytes.begin())) {
      return name;
    }
  }
  return {};
}

/// Whether an operator changes a weight at all.
bool applies(
    const std::string& op,
    const Json& args,
    const std::string& weight,
    const Arrays& arrays) {
  if (op == "weight-dropped") {
    return true;
  }
  const Tensor& t = arrays.at(array_of(args, weight));
  if (t.shape.empty() || t.size() == 0) {
    return false;
  }
  if (op == "weight-swap") {
    return !partner(args, weight, arrays).empty();
  }
  if (op == "weight-transpose" &&
      (t.shape.size() != 2 || t.shape[0] != t.shape[1])) {
    return false;
  }
  return changed(op, t) != bytes_of(t);
}

} // namespace

std::vector<Mutant> weight_mutants(
    const Port& port, const Component& component) {
  std::vector<Mutant> out;
  const std::optional<Golden> golden = port.golden(component);
  if (!golden) {
    return out;
  }
  std::map<std::string, bool> seen;
  for (const Call& call : golden->calls) {
    Arrays arrays = golden->arrays;
    const Json args = expand(call.args, arrays);
    if (!args.is_object() || !args.contains("weights") ||
        !args.at("weights").is_object()) {
      continue;
    }
    for (const auto& [weight, value] : args.at("weights").items()) {
      if (!arrays.contains(array_of(args, weight)) ||
          !seen.emplace(weight, true).second) {
        continue;
      }
      for (const WeightOperator& op : weight_operators()) {
        Mutant m;
        m.op = op.name;
        m.component = component.name;
        m.symbol = weight;
        m.id = m.op + "-" +
               mlxaudio::sha256(m.component + "\n" + weight).substr(0, 8);
        if (applies(m.op, args, weight, arrays)) {
          out.push_back(std::move(m));
        }
      }
    }
  }
  return out;
}

void plant(const Mutant& mutant, Json& args, Arrays& arrays) {
  const std::string array = array_of(args, mutant.symbol);
  const auto it = arrays.find(array);
  if (it == arrays.end()) {
    return;
  }
  Json& weights = args.at("weights");
  if (mutant.op == "weight-dropped") {
    weights.erase(mutant.symbol);
    return;
  }
  if (mutant.op == "weight-swap") {
    const std::string with = partner(args, mutant.symbol, arrays);
    if (!with.empty()) {
      std::swap(weights.at(mutant.symbol), weights.at(with));
    }
    return;
  }
  const Tensor& t = it->second;
  const std::string name = "mutant." + array;
  arrays.insert_or_assign(
      name,
      make_tensor(t.dtype, t.shape, changed(mutant.op, t)));
  weights.at(mutant.symbol) = {{"$array", name}};
}

} // namespace portproof
