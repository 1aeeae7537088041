// SPDX-License-Identifier: MIT
#include "models/whisper/exact_layers.h"

#include "fmt/format.h"

namespace mlxaudio::whisper {

namespace {

/// The error of the encoder's features is measured with each of its layers in
/// f32 by turns; these are where it falls most for their time
/// (docs/model-optimization.md). Convolutions and the vocabulary are no linear
/// layers, and always exact.
constexpr const char* kOfTheEncoder[] = {
    "encoder.blocks.0.attn.value",
    "encoder.blocks.0.attn.out",
    "encoder.blocks.0.mlp1",
};

/// What every step of the decoder goes through: of a block all but the keys
/// and values of the audio, which are computed once for a window. A step's
/// weights in 8 bits change words where the encoder's do not.
constexpr const char* kOfAStep[] = {
    "attn",
    "cross_attn.query",
    "cross_attn.out",
    "mlp1",
    "mlp2",
};

} // namespace

std::vector<std::string> exact_layers(Compute compute, int n_text_layer) {
  std::vector<std::string> exact;
  if (compute != Compute::int8) {
    return exact;
  }
  for (const char* layer : kOfTheEncoder) {
    exact.emplace_back(layer);
  }
  for (int i = 0; i < n_text_layer; ++i) {
    for (const char* module : kOfAStep) {
      exact.push_back(fmt::format("decoder.blocks.{}.{}", i, module));
    }
  }
  return exact;
}

} // namespace mlxaudio::whisper
