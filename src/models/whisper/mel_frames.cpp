// SPDX-License-Identifier: MIT
#include "models/whisper/mel_frames.h"

#include <algorithm>
#include <limits>
#include <memory>
#include <utility>
#include <vector>

#include "core/memory_count.h"
#include "mlxaudio/error.h"

namespace mlxaudio::whisper {

namespace {

/// Samples scanned between two looks at the stop token.
constexpr std::size_t kScanBlock = 60 * kSampleRate;

} // namespace

MelFrames mel_frames(
    SamplePasses samples, int n_mels, const std::stop_token& stop) {
  const auto log_mel = std::make_shared<LogMel>(n_mels, kNSamples);
  std::vector<float> block(kScanBlock);
  const CountedMemory counted(MemoryFor::audio, block.size() * sizeof(float));
  for (std::size_t got = block.size(); got == block.size();) {
    if (stop.stop_requested()) {
      throw InterruptedError(
          "[whisper.transcribe] stopped before the first window was done");
    }
    got = samples.next(block);
    log_mel->scan(std::span(block).first(got));
  }
  log_mel->finish();
  if (log_mel->n_frames() > std::numeric_limits<int>::max()) {
    throw AudioError(
        "[whisper.transcribe] the audio is longer than 248 days: cut it");
  }
  return {
      static_cast<int>(log_mel->content_frames()),
      [log_mel, at = std::move(samples.at)](int seek, int n) {
        return log_mel->frames(at, seek, n);
      }};
}

MelFrames mel_frames(
    std::span<const float> audio, int n_mels, const std::stop_token& stop) {
  const auto read_at = [audio](std::int64_t first, std::span<float> out) {
    const auto part =
        audio.subspan(static_cast<std::size_t>(first), out.size());
    std::copy(part.begin(), part.end(), out.begin());
  };
  const auto next = [audio,
                     done = std::size_t{0}](std::span<float> out) mutable {
    const auto part =
        audio.subspan(done).first(std::min(out.size(), audio.size() - done));
    std::copy(part.begin(), part.end(), out.begin());
    done += part.size();
    return part.size();
  };
  return mel_frames({.next = next, .at = read_at}, n_mels, stop);
}

} // namespace mlxaudio::whisper
