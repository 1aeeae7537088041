// SPDX-License-Identifier: MIT
#include "audio/sample_window.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "mlxaudio/error.h"

namespace mlxaudio {

SampleWindow::SampleWindow(AudioReader reader, std::string name)
    : reader_(std::move(reader)), name_(std::move(name)) {}

std::size_t SampleWindow::read(std::span<float> out) {
  placed_ = false;
  return reader_.read(out);
}

void SampleWindow::read_at(std::int64_t first, std::span<float> out) {
  if (!placed_ || first < start_) {
    restart();
  }
  // What a failing reader leaves behind is not used again.
  placed_ = false;
  skip_to(first);
  const std::size_t have = std::min(kept_.size(), out.size());
  if (have < out.size()) {
    kept_.resize(out.size());
    const std::size_t got = reader_.read(std::span(kept_).subspan(have));
    kept_.resize(have + got);
    if (kept_.size() < out.size()) {
      throw AudioError(fmt::format(
          "[audio] {} changed while it was read: {} samples were there at "
          "first, now there are {}; leave it alone and try again",
          name_,
          first + static_cast<std::int64_t>(out.size()),
          start_ + static_cast<std::int64_t>(kept_.size())));
    }
  }
  placed_ = true;
  counted_.resize(kept_.capacity() * sizeof(float));
  std::copy_n(kept_.begin(), out.size(), out.begin());
}

void SampleWindow::restart() {
  reader_.rewind();
  kept_.clear();
  start_ = 0;
}

// Forgets what lies before `first`, and reads over what is not here yet.
void SampleWindow::skip_to(std::int64_t first) {
  constexpr std::size_t kBlock = 1 << 16;
  while (true) {
    const auto ahead = static_cast<std::size_t>(first - start_);
    const std::size_t gone = std::min(ahead, kept_.size());
    kept_.erase(
        kept_.begin(),
        kept_.begin() + static_cast<std::ptrdiff_t>(gone));
    start_ += static_cast<std::int64_t>(gone);
    if (start_ == first) {
      return;
    }
    kept_.resize(kBlock);
    kept_.resize(reader_.read(kept_));
    if (kept_.empty()) {
      return;
    }
  }
}

} // namespace mlxaudio
