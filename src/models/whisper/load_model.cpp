// SPDX-License-Identifier: MIT
#include "models/whisper/load_model.h"

#include <memory>

namespace mlxaudio::whisper {

Whisper load_model(const LoadedCheckpoint& checkpoint) {
  const auto& dims = checkpoint.dims;
  const auto encoding = get_encoding(
      find_vocabulary(checkpoint.path, dims),
      dims.num_languages());
  check_vocabulary(*encoding, dims.n_vocab, checkpoint.path);

  const auto weights = std::make_shared<Weights>(checkpoint.weights);
  Whisper model{Scope(weights), dims, encoding, checkpoint.alignment_heads};
  weights->finish();
  return model;
}

Whisper load_model(const std::filesystem::path& path) {
  return load_model(load_checkpoint(path));
}

} // namespace mlxaudio::whisper
