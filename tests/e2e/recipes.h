// SPDX-License-Identifier: MIT
#pragma once

#include <functional>
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

/// Checks the recorded runs that are wanted, each with its sound. Says what
/// there is no audio for, and skips the test if that is all of them.
void check_runs(
    const Json& recording,
    const std::function<bool(const Json& run)>& wanted,
    const std::function<void(const Audio& audio, const Json& run)>& check);

} // namespace mlxaudio::e2e
