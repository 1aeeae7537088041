// SPDX-License-Identifier: MIT
#pragma once

#include <string>

#include "core/json.h"
#include "mlxaudio/audio.h"

namespace mlxaudio::e2e {

/// The sounds of a recording, remade from its recipes
/// (port/whisper/record_inputs.py makes the same ones).
class Recipes {
 public:
  /// \param recording with `inputs` and `resampling`
  explicit Recipes(const Json& recording);

  /// What a sound needs and is not here, or nothing.
  std::string lack_of(const std::string& input) const;

  /// The 16 kHz samples. Records a failure if they are not the ones that the
  /// reference was given.
  Audio make(const std::string& input) const;

 private:
  Json inputs_;
  Json resampling_;
};

} // namespace mlxaudio::e2e
