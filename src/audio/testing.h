// SPDX-License-Identifier: MIT
#pragma once

// What the tests of this room and of tests/audio share. Not for the library.

#include <unistd.h>

#include <cmath>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <numbers>
#include <string>
#include <vector>

#include "audio/reader.h"
#include "mlxaudio/error.h"

namespace mlxaudio::testing {

/// A folder that lives as long as a test.
class TemporaryFolder {
 public:
  TemporaryFolder() {
    std::string path =
        (std::filesystem::temp_directory_path() / "mlx-audio-test-XXXXXX")
            .string();
    if (::mkdtemp(path.data()) == nullptr) {
      throw OutputError("[test] no temporary folder: " + path);
    }
    path_ = path;
  }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  ~TemporaryFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  std::filesystem::path operator/(const std::string& name) const {
    return path_ / name;
  }

 private:
  std::filesystem::path path_;
};

inline void write_bytes(
    const std::filesystem::path& file, const std::string& bytes) {
  std::ofstream(file, std::ios::binary) << bytes;
}

inline std::string read_bytes(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

/// Numbers that look random and are the same everywhere.
class Noise {
 public:
  explicit Noise(std::uint32_t seed = 1) : state_(seed) {}

  std::uint32_t next() {
    state_ = state_ * 1664525U + 1013904223U;
    return state_ >> 8;
  }
  /// In [-scale, scale).
  double real(double scale = 1.0) {
    return (next() / 8388608.0 - 1.0) * scale;
  }
  std::int32_t bits(int n) {
    return static_cast<std::int32_t>(next() << 8 ^ next()) >> (32 - n);
  }

 private:
  std::uint32_t state_;
};

/// What stands in the header of a WAV file that a test makes.
struct WavHeader {
  int sample_rate = 16000;
  int channels = 1;
  int bits = 16;
  bool is_float = false;
  /// Loudspeakers; 0 writes the plain header without them.
  std::uint32_t mask = 0;
};

/// A WAV file, byte by byte: independent of the code under test.
inline std::string wav_bytes(
    const WavHeader& header, const std::string& samples) {
  std::string out;
  const auto put = [&](std::uint64_t value, int n) {
    for (int i = 0; i < n; ++i) {
      out.push_back(static_cast<char>(value >> (8 * i) & 0xff));
    }
  };
  const std::uint64_t tag = header.is_float ? 3 : 1;
  const auto n_channels = static_cast<std::uint64_t>(header.channels);
  const auto bits = static_cast<std::uint64_t>(header.bits);
  const auto rate = static_cast<std::uint64_t>(header.sample_rate);
  const std::uint64_t frame = n_channels * ((bits + 7) / 8);
  const bool extensible = header.mask != 0;
  const std::uint64_t n_format = extensible ? 40 : 16;
  out += "RIFF";
  put(20 + n_format + samples.size(), 4);
  out += "WAVEfmt ";
  put(n_format, 4);
  put(extensible ? 0xfffe : tag, 2);
  put(n_channels, 2);
  put(rate, 4);
  put(rate * frame, 4);
  put(frame, 2);
  put(bits, 2);
  if (extensible) {
    put(22, 2);
    put(bits, 2);
    put(header.mask, 4);
    put(tag, 2);
    out += std::string(
        "\x00\x00\x00\x00\x10\x00\x80\x00\x00\xaa\x00\x38\x9b\x71",
        14);
  }
  out += "data";
  put(samples.size(), 4);
  return out + samples;
}

/// Samples as they lie in a WAV file.
template <class T>
std::string bytes_of(
    const std::vector<T>& samples, std::size_t n_bytes = sizeof(T)) {
  std::string out;
  for (const T sample : samples) {
    char bytes[sizeof(T)];
    std::memcpy(bytes, &sample, sizeof(T));
    out.append(bytes, n_bytes);
  }
  return out;
}

/// 16-bit samples of a sine.
inline std::vector<std::int16_t> sine(
    double hz, int sample_rate, std::size_t n, double level = 0.5) {
  std::vector<std::int16_t> out(n);
  for (std::size_t i = 0; i < n; ++i) {
    const double phase =
        2 * std::numbers::pi * hz * static_cast<double>(i) / sample_rate;
    out[i] =
        static_cast<std::int16_t>(std::lrint(32767 * level * std::sin(phase)));
  }
  return out;
}

/// Samples in 16-bit steps.
inline std::vector<int> steps(const std::vector<float>& samples) {
  std::vector<int> out;
  for (const float x : samples) {
    out.push_back(static_cast<int>(std::lrint(x * 32768.0F)));
  }
  return out;
}

/// The message that reading a file fails with; empty if it does not fail.
inline std::string error_of_reading(const std::filesystem::path& file) {
  try {
    read_audio(file);
  } catch (const AudioError& error) {
    return error.what();
  }
  return {};
}

} // namespace mlxaudio::testing
