// SPDX-License-Identifier: MIT
#pragma once

// For tests: tensors as MLX's converters quantize them, by MLX itself.

#include <cstring>
#include <map>
#include <string>
#include <vector>

#include <mlx/ops.h>
#include <mlx/transforms.h>

#include "nn/quantization.h"
#include "nn/weights.h"

namespace mlxaudio::whisper::quantized {

using Tensors = std::map<std::string, Tensor>;

inline Tensor tensor_of(const mx::array& array) {
  mx::array whole = mx::contiguous(array);
  whole.eval();
  std::vector<std::byte> bytes(whole.nbytes());
  std::memcpy(bytes.data(), whole.data<char>(), bytes.size());
  const DType dtype = whole.dtype() == mx::uint32     ? DType::u32
                      : whole.dtype() == mx::float16  ? DType::f16
                      : whole.dtype() == mx::bfloat16 ? DType::bf16
                                                      : DType::f32;
  return make_tensor(
      dtype,
      {whole.shape().begin(), whole.shape().end()},
      std::move(bytes));
}

/// Each linear layer and embedding as `mlx.nn.quantize` packs it; scales have
/// the type of its weights.
inline Tensors pack(const Tensors& tensors, const Quantization& quantization) {
  Tensors packed;
  for (const auto& [name, tensor] : tensors) {
    if (tensor.shape.size() != 2 || !name.ends_with(".weight")) {
      packed.emplace(name, tensor);
      continue;
    }
    const std::string module = name.substr(0, name.rfind('.'));
    const auto [group_size, bits] = quantization.of(module);
    const auto parts = mx::quantize(to_array(tensor), group_size, bits);
    // AUDIT(sync-in-loop): each tensor once, for a test's file
    packed.emplace(name, tensor_of(parts[0]));
    // AUDIT(sync-in-loop): likewise
    packed.emplace(module + ".scales", tensor_of(parts[1]));
    // AUDIT(sync-in-loop): likewise
    packed.emplace(module + ".biases", tensor_of(parts[2]));
  }
  return packed;
}

/// What packed tensors are worth, in f32; the others as they are.
inline Tensors unpack(
    const Tensors& tensors, const Quantization& quantization) {
  Tensors unpacked;
  for (const auto& [name, tensor] : tensors) {
    if (name.ends_with(".scales") || name.ends_with(".biases")) {
      continue;
    }
    if (tensor.dtype != DType::u32) {
      unpacked.emplace(name, tensor);
      continue;
    }
    const std::string module = name.substr(0, name.rfind('.'));
    const auto [group_size, bits] = quantization.of(module);
    const auto of_groups = [&](const char* kind) {
      // AUDIT(cast-in-loop): as many small arrays as there are modules
      return mx::astype(to_array(tensors.at(module + kind)), mx::float32);
    };
    unpacked.emplace(
        name,
        // AUDIT(sync-in-loop): each tensor once, for a test
        tensor_of(mx::dequantize(
            to_array(tensor),
            of_groups(".scales"),
            of_groups(".biases"),
            group_size,
            bits)));
  }
  return unpacked;
}

} // namespace mlxaudio::whisper::quantized
