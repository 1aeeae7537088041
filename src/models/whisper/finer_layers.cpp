// SPDX-License-Identifier: MIT
#include "models/whisper/finer_layers.h"

#include <iterator>

#include "fmt/format.h"

namespace mlxaudio::whisper {

namespace {

/// The error of the encoder's features is measured with each of its layers in
/// f32 by turns; these are where it falls most for their time
/// (docs/model-optimization.md). Convolutions are no linear layers, and always
/// exact.
constexpr const char* kOfTheEncoder[] = {
    "encoder.blocks.0.attn.value",
    "encoder.blocks.0.attn.out",
    "encoder.blocks.0.mlp1",
};

/// What every step of the decoder goes through: of a block all but the keys
/// and values of the audio, which are computed once for a window. A step's
/// weights in 8 bits change words where the encoder's do not; 12 bits are finer
/// than bf16, and fewer to read.
constexpr const char* kOfAStep[] = {
    "attn",
    "cross_attn.query",
    "cross_attn.out",
    "mlp1",
    "mlp2",
};

/// Keys and values of the audio, which every step reads.
constexpr const char* kOfTheAudio[] = {
    "cross_attn.key",
    "cross_attn.value",
};

} // namespace

OtherLayers finer_layers(Compute compute, int n_text_layer) {
  OtherLayers finer;
  if (compute == Compute::f32) {
    return finer;
  }
  if (compute == Compute::int8) {
    finer.exact.assign(std::begin(kOfTheEncoder), std::end(kOfTheEncoder));
  }
  for (int i = 0; i < n_text_layer; ++i) {
    for (const char* module : kOfAStep) {
      finer.int12.push_back(fmt::format("decoder.blocks.{}.{}", i, module));
    }
    for (const char* module : kOfTheAudio) {
      finer.to_f16.push_back(fmt::format("decoder.blocks.{}.{}", i, module));
    }
  }
  finer.scores.emplace_back("decoder.token_embedding");
  return finer;
}

} // namespace mlxaudio::whisper
