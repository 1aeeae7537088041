// SPDX-License-Identifier: MIT
#include "models/whisper/mel_window.h"

#include <algorithm>

#include <mlx/ops.h>

namespace mlxaudio::whisper {

namespace {

mx::array rows(const mx::array& a, int begin, int end) {
  return mx::slice(a, {begin, 0}, {end, a.shape(1)});
}

mx::array put(const mx::array& room, int at, const mx::array& frames) {
  return mx::slice_update(
      room,
      frames,
      mx::Shape{at, 0},
      mx::Shape{at + frames.shape(0), room.shape(1)});
}

} // namespace

void MelWindow::append(const mx::array& mel) {
  const int n = std::min(mel.shape(0), kNFrames);
  const auto empty = [&mel] {
    return mx::zeros({kRoom, mel.shape(1)}, mel.dtype());
  };
  if (!room_) {
    room_ = empty();
  }
  if (end_ + n > kRoom) {
    const int kept = kNFrames - n;
    room_ = put(empty(), 0, rows(*room_, end_ - kept, end_));
    end_ = kept;
  }
  if (n > 0) {
    room_ = put(*room_, end_, rows(mel, mel.shape(0) - n, mel.shape(0)));
    end_ += n;
  }
}

int MelWindow::n_frames() const {
  return std::min(end_, kNFrames);
}

mx::array MelWindow::frames() const {
  const int begin = std::max(end_ - kNFrames, 0);
  return rows(room_.value(), begin, begin + kNFrames);
}

void MelWindow::reset() {
  room_.reset();
  end_ = 0;
}

} // namespace mlxaudio::whisper
