// SPDX-License-Identifier: MIT
#pragma once

#include <mlx/array.h>

#include "models/whisper/audio.h"
#include "ops/array.h"

namespace mlxaudio::whisper {

/// The last 30 s of a spectrogram that is still arriving.
///
/// New frames are written in place behind those there are, in room for a
/// minute, so that a chunk costs what it is long. Every 30 s or more the last
/// of them move to the front.
class MelWindow {
 public:
  /// \shape mel [n, n_mels], the same n_mels each time
  void append(const mx::array& mel);

  /// Frames of audio in the window, at most 3000.
  int n_frames() const;

  /// \shape [3000, n_mels]; zeros follow the audio
  mx::array frames() const;

  /// Forgets all of them.
  void reset();

 private:
  static constexpr int kRoom = 2 * kNFrames;

  Maybe room_;  // [kRoom, n_mels]; zeros from end_ on before the first move
  int end_ = 0; // where the next frame goes
};

} // namespace mlxaudio::whisper
