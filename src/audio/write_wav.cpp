// SPDX-License-Identifier: MIT
#include "audio/write_wav.h"

#include <cmath>
#include <cstdint>
#include <cstring>
#include <limits>
#include <string>

#include <fmt/format.h>

#include "audio/downmix.h"
#include "core/atomic_file.h"
#include "mlxaudio/error.h"

namespace mlxaudio {
namespace {

void put(std::string& out, std::uint64_t value, int n_bytes) {
  for (int i = 0; i < n_bytes; ++i) {
    out.push_back(static_cast<char>(value >> (8 * i) & 0xff));
  }
}

} // namespace

void write_wav(
    const std::filesystem::path& file, const Audio& audio, WavFormat format) {
  const bool is_float = format == WavFormat::float32;
  const std::uint64_t n_bytes = is_float ? 4 : 2;
  const std::uint64_t length = audio.samples.size() * n_bytes;
  constexpr std::uint64_t kHeader = 44;
  if (length > std::numeric_limits<std::uint32_t>::max() - kHeader) {
    throw AudioError(fmt::format(
        "[audio] '{}' would need {} bytes of samples, a WAV file holds 4 "
        "GiB: write it in parts",
        file.string(),
        length));
  }
  constexpr std::uint64_t kPcm = 1;
  constexpr std::uint64_t kFloat = 3;
  const auto rate = static_cast<std::uint64_t>(audio.sample_rate);
  std::string out = "RIFF";
  put(out, kHeader - 8 + length, 4);
  out += "WAVEfmt ";
  put(out, 16, 4);
  put(out, is_float ? kFloat : kPcm, 2);
  put(out, 1, 2);
  put(out, rate, 4);
  put(out, rate * n_bytes, 4);
  put(out, n_bytes, 2);
  put(out, 8 * n_bytes, 2);
  out += "data";
  put(out, length, 4);

  AtomicFile target(file);
  constexpr std::size_t kBlock = 1 << 16;
  for (std::size_t i = 0; i < audio.samples.size(); ++i) {
    const float x = audio.samples[i];
    if (!std::isfinite(x)) {
      throw AudioError(fmt::format(
          "[audio] '{}' is not written: sample {} of the sound is {}",
          file.string(),
          i,
          x));
    }
    if (is_float) {
      std::uint32_t bits = 0;
      std::memcpy(&bits, &x, sizeof bits);
      put(out, bits, 4);
    } else {
      const auto step = static_cast<std::int16_t>(round_to_16_bit(x) * 32768);
      put(out, static_cast<std::uint16_t>(step), 2);
    }
    if (out.size() >= kBlock) {
      target.write(out);
      out.clear();
    }
  }
  target.write(out);
  target.commit();
}

} // namespace mlxaudio
