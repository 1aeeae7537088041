// SPDX-License-Identifier: MIT
#include "recipes.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <span>
#include <stdexcept>
#include <vector>

#include "core/paths.h"
#include "core/sha256.h"
#include "support.h"

namespace mlxaudio::e2e {

namespace fs = std::filesystem;

namespace {

using Samples = std::vector<std::int16_t>;

fs::path path_of(const Json& part) {
  if (part.contains("debian")) {
    return cache_dir() / "audio" / part["debian"].get<std::string>();
  }
  return shared_audio_dir() / part["shared"].get<std::string>();
}

bool is_file(const Json& part) {
  return part.contains("debian") || part.contains("shared");
}

Samples samples_at(std::span<const char> bytes) {
  Samples samples(bytes.size() / 2);
  std::memcpy(samples.data(), bytes.data(), samples.size() * 2);
  return samples;
}

template <typename T>
T number_at(std::span<const char> bytes, std::size_t position) {
  T value;
  std::memcpy(&value, bytes.subspan(position, sizeof(T)).data(), sizeof(T));
  return value;
}

/// White noise of a linear congruential generator.
Samples noise(const Json& part) {
  Samples samples(part["noise"].get<std::size_t>());
  auto x = part["seed"].get<std::uint32_t>();
  const int shift = part["shift"];
  for (auto& sample : samples) {
    x = 1664525U * x + 1013904223U;
    const auto high = static_cast<std::int16_t>(x >> 16);
    sample = static_cast<std::int16_t>(high >> shift);
  }
  return samples;
}

/// Up, through the filter, down, all in integers.
Samples resample(const Samples& in, const Json& how) {
  const auto taps = how["taps"].get<std::vector<std::int64_t>>();
  const std::int64_t up = how["up"];
  const std::int64_t down = how["down"];
  const int shift = how["shift"];
  const auto n_in = static_cast<std::int64_t>(in.size());
  const auto n_taps = static_cast<std::int64_t>(taps.size());
  const std::int64_t half = n_taps / 2;
  Samples out(static_cast<std::size_t>((n_in * up + down - 1) / down));
  for (std::size_t m = 0; m < out.size(); ++m) {
    // The first tap lies at this place of the stuffed signal.
    const std::int64_t start = static_cast<std::int64_t>(m) * down - half;
    std::int64_t sum = 0;
    for (std::int64_t k = (up - start % up) % up; k < n_taps; k += up) {
      const std::int64_t i = (start + k) / up;
      if (start + k >= 0 && i < n_in) {
        sum +=
            taps[static_cast<std::size_t>(k)] * in[static_cast<std::size_t>(i)];
      }
    }
    const std::int64_t value =
        (sum + (std::int64_t{1} << (shift - 1))) >> shift;
    out[m] = static_cast<std::int16_t>(
        std::clamp<std::int64_t>(value, -32768, 32767));
  }
  return out;
}

/// 16-bit mono samples of a RIFF file and their rate, in the plainest way: the
/// library's own reader is what these tests are about.
Samples read_wav(std::span<const char> bytes, std::uint32_t& rate) {
  rate = 0;
  for (std::size_t p = 12; p + 8 <= bytes.size();) {
    const std::string id(bytes.data() + p, 4);
    const auto size = number_at<std::uint32_t>(bytes, p + 4);
    if (id == "fmt ") {
      rate = number_at<std::uint32_t>(bytes, p + 12);
    } else if (id == "data") {
      return samples_at(bytes.subspan(
          p + 8,
          std::min<std::size_t>(size, bytes.size() - p - 8)));
    }
    p += 8 + size + (size & 1U);
  }
  throw std::runtime_error("no data chunk");
}

Samples read_file(const fs::path& path, const Json& resampling) {
  std::ifstream file(path, std::ios::binary);
  const std::vector<char> bytes(
      std::istreambuf_iterator<char>(file),
      std::istreambuf_iterator<char>{});
  if (path.extension() == ".raw") {
    return samples_at(bytes);
  }
  std::uint32_t rate = 0;
  Samples samples = read_wav(bytes, rate);
  return rate == 24000 ? resample(samples, resampling) : samples;
}

Samples make_part(const Json& part, const Json& resampling) {
  if (part.contains("zeros")) {
    return Samples(part["zeros"].get<std::size_t>());
  }
  if (part.contains("noise")) {
    return noise(part);
  }
  Samples samples = read_file(path_of(part), resampling);
  const std::size_t start =
      std::min(part.value("start", std::size_t{0}), samples.size());
  const std::size_t count =
      std::min(part.value("count", samples.size()), samples.size() - start);
  const auto first = samples.begin() + static_cast<std::ptrdiff_t>(start);
  return Samples(first, first + static_cast<std::ptrdiff_t>(count));
}

} // namespace

Recipes::Recipes(const Json& recording)
    : inputs_(recording["inputs"]), resampling_(recording["resampling"]) {}

std::string Recipes::lack_of(const std::string& input) const {
  for (const Json& part : inputs_[input]["parts"]) {
    if (is_file(part) && !fs::exists(path_of(part))) {
      return "NOT TESTED: " + input + " needs " + path_of(part).string() +
             (part.contains("debian")
                  ? ": run `make setup`"
                  : ": MLXAUDIO_SHARED names the folder with audio/");
    }
  }
  return {};
}

Audio Recipes::make(const std::string& input) const {
  Samples samples;
  for (const Json& part : inputs_[input]["parts"]) {
    const Samples more = make_part(part, resampling_);
    samples.insert(samples.end(), more.begin(), more.end());
  }
  EXPECT_EQ(
      sha256(std::as_bytes(std::span(samples))),
      inputs_[input]["sha256"].get<std::string>())
      << input << " is not what the reference was given";
  Audio audio;
  audio.samples.reserve(samples.size());
  for (const std::int16_t sample : samples) {
    audio.samples.push_back(static_cast<float>(sample) / 32768.0F);
  }
  return audio;
}

} // namespace mlxaudio::e2e
