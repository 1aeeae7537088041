// SPDX-License-Identifier: MIT
#include "models/whisper/load_model.h"

#include <future>
#include <memory>

#include "models/whisper/finer_layers.h"

namespace mlxaudio::whisper {

Whisper load_model(const LoadedCheckpoint& checkpoint, Compute compute) {
  const auto& dims = checkpoint.dims;
  // Beside the weights, which are looked through by all threads: each takes
  // about as long. Where the system gives no thread, it is done after them.
  auto vocabulary = std::async(
      std::launch::async | std::launch::deferred,
      [file = find_vocabulary(checkpoint.path, dims), &dims] {
        return get_encoding(file, dims.num_languages());
      });
  const auto weights = std::make_shared<Weights>(checkpoint.weights);
  const auto encoding = vocabulary.get();
  check_vocabulary(*encoding, dims.n_vocab, checkpoint.path);

  weights->packed_in(checkpoint.quantization);
  weights->compute_in(compute, finer_layers(compute, dims.n_text_layer));
  Whisper model{Scope(weights), dims, encoding, checkpoint.alignment_heads};
  weights->finish();
  return model;
}

Whisper load_model(const std::filesystem::path& path) {
  return load_model(load_checkpoint(path));
}

} // namespace mlxaudio::whisper
