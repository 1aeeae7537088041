// SPDX-License-Identifier: MIT
#include "models/whisper/exact_layers.h"

#include <iterator>

namespace mlxaudio::whisper {

namespace {

/// The error of the encoder's features is measured with each of its layers in
/// f32 by turns; these are where it falls most for their time
/// (docs/model-optimization.md). Convolutions and the vocabulary are no linear
/// layers, and always exact.
constexpr const char* kExactInInt8[] = {
    "encoder.blocks.0.attn.value",
    "encoder.blocks.0.attn.out",
    "encoder.blocks.0.mlp1",
};

} // namespace

std::vector<std::string> exact_layers(Compute compute) {
  if (compute != Compute::int8) {
    return {};
  }
  return {std::begin(kExactInInt8), std::end(kExactInInt8)};
}

} // namespace mlxaudio::whisper
