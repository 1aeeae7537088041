// SPDX-License-Identifier: MIT
#include "recipes.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <map>
#include <set>
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

/// A sine's parabolas, of a phase from 0 to 65535.
std::int64_t wave_of(std::int64_t phase) {
  const std::int64_t half = phase & 0x7FFF;
  const std::int64_t height = (half * (0x8000 - half)) >> 13;
  return phase < 0x8000 ? height : -height;
}

/// Chords one after another.
Samples tones(const Json& part) {
  const auto chords =
      part["chords"].get<std::vector<std::vector<std::int64_t>>>();
  const std::int64_t length = part["length"];
  const bool decay = part["decay"] != 0;
  const int shift = part["shift"];
  Samples samples(part["tones"].get<std::size_t>());
  for (std::size_t n = 0; n < samples.size(); ++n) {
    const auto i = static_cast<std::int64_t>(n);
    const std::int64_t envelope =
        4096 - (decay ? i % length * 4096 / length : 0);
    std::int64_t total = 0;
    for (const auto step :
         chords[static_cast<std::size_t>(i / length) % chords.size()]) {
      total += wave_of(step * i & 0xFFFF);
    }
    samples[n] = static_cast<std::int16_t>(std::clamp<std::int64_t>(
        (total * envelope) >> (12 + shift),
        -32768,
        32767));
  }
  return samples;
}

Samples make_parts(const Json& parts, const Json& resampling);

/// The sum of several recipes, halved.
Samples overlay(const Json& recipes, const Json& resampling) {
  std::vector<std::int64_t> total;
  for (const Json& parts : recipes) {
    const Samples samples = make_parts(parts, resampling);
    total.resize(std::max(total.size(), samples.size()));
    for (std::size_t i = 0; i < samples.size(); ++i) {
      total[i] += samples[i];
    }
  }
  Samples sum;
  for (const std::int64_t sample : total) {
    sum.push_back(static_cast<std::int16_t>(
        std::clamp<std::int64_t>(sample >> 1, -32768, 32767)));
  }
  return sum;
}

Samples make_part(const Json& part, const Json& resampling) {
  if (part.contains("zeros")) {
    return Samples(part["zeros"].get<std::size_t>());
  }
  if (part.contains("noise")) {
    return noise(part);
  }
  if (part.contains("tones")) {
    return tones(part);
  }
  if (part.contains("overlay")) {
    return overlay(part["overlay"], resampling);
  }
  Samples samples = read_file(path_of(part), resampling);
  const std::size_t start =
      std::min(part.value("start", std::size_t{0}), samples.size());
  const std::size_t count =
      std::min(part.value("count", samples.size()), samples.size() - start);
  const auto first = samples.begin() + static_cast<std::ptrdiff_t>(start);
  Samples stretch(first, first + static_cast<std::ptrdiff_t>(count));
  if (part.contains("backwards")) {
    std::reverse(stretch.begin(), stretch.end());
  }
  return stretch;
}

Samples make_parts(const Json& parts, const Json& resampling) {
  Samples samples;
  for (const Json& part : parts) {
    const Samples more = make_part(part, resampling);
    samples.insert(samples.end(), more.begin(), more.end());
  }
  return samples;
}

/// Calls a function with each part that is a file.
template <class Function>
void each_file(const Json& parts, const Function& function) {
  for (const Json& part : parts) {
    if (is_file(part)) {
      function(part);
    }
    for (const Json& more : part.value("overlay", Json::array())) {
      each_file(more, function);
    }
  }
}

} // namespace

Recipes::Recipes(const Json& recording)
    : inputs_(recording["inputs"]), resampling_(recording["resampling"]) {}

std::string Recipes::lack_of(const std::string& input) const {
  std::string lack;
  each_file(inputs_[input]["parts"], [&](const Json& part) {
    if (!fs::exists(path_of(part))) {
      lack = "NOT TESTED: " + input + " needs " + path_of(part).string() +
             (part.contains("debian")
                  ? ": run `make setup`"
                  : ": MLXAUDIO_SHARED names the folder with audio/");
    }
  });
  return lack;
}

Audio Recipes::make(const std::string& input) const {
  const Samples samples = make_parts(inputs_[input]["parts"], resampling_);
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

void check_runs(
    const Json& recording,
    const std::function<bool(const Json& run)>& wanted,
    const std::function<void(const Audio& audio, const Json& run)>& check) {
  const Recipes recipes(recording);
  std::map<std::string, Audio> made;
  std::set<std::string> lacks;
  int n_wanted = 0;
  int n_done = 0;
  for (const Json& run : recording["runs"]) {
    if (!wanted(run)) {
      continue;
    }
    ++n_wanted;
    const std::string input = run["input"];
    if (const auto lack = recipes.lack_of(input); !lack.empty()) {
      lacks.insert(lack);
      continue;
    }
    std::string trace = input + " " + run["options"].dump();
    for (const auto* margin : {"margin", "draw_margin"}) {
      if (run.contains(margin)) {
        trace += std::string(", ") + margin + " " + run[margin].dump();
      }
    }
    SCOPED_TRACE(trace);
    if (!made.contains(input)) {
      made.emplace(input, recipes.make(input));
    }
    check(made.at(input), run);
    ++n_done;
  }
  EXPECT_GT(n_wanted, 0);
  for (const auto& lack : lacks) {
    std::cerr << lack << '\n';
  }
  if (n_done == 0 && !lacks.empty()) {
    GTEST_SKIP() << *lacks.begin();
  }
}

} // namespace mlxaudio::e2e
