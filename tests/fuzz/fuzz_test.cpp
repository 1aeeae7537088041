// SPDX-License-Identifier: MIT
// What libFuzzer searches at length, in small and always the same: valid files
// are cut at every length and have bytes changed; each reader must take the
// result or throw an Error.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "tests/fuzz/readers.h"

namespace mlxaudio::fuzz {
namespace {

namespace fs = std::filesystem;

/// A small generator of our own: the same numbers with every library.
class Random {
 public:
  explicit Random(std::uint64_t seed) : state_(seed) {}
  std::uint64_t next() {
    state_ += 0x9E3779B97F4A7C15;
    std::uint64_t z = state_;
    z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9;
    z = (z ^ z >> 27) * 0x94D049BB133111EB;
    return z ^ z >> 31;
  }
  std::size_t below(std::size_t n) {
    return static_cast<std::size_t>(next() % n);
  }

 private:
  std::uint64_t state_;
};

/// The seeds of a reader, and those that every reader must refuse.
std::vector<fs::path> seeds_of(const Reader& reader) {
  const fs::path root = fs::path(MLXAUDIO_SOURCE_DIR) / "tests/fuzz/seeds";
  std::vector<fs::path> out;
  std::vector<fs::path> folders{root / reader.seeds};
  if (reader.name != "npy" && reader.name != "pickle" &&
      reader.name != "toml" && reader.name != "manifest")
    folders.push_back(root / "refused"); // those are whole files
  for (const fs::path& folder : folders)
    for (const auto& entry : fs::directory_iterator(folder))
      if (entry.path().extension() != ".safetensors" ||
          reader.name == "safetensors")
        out.push_back(entry.path());
  std::ranges::sort(out);
  return out;
}

std::string contents(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

bool run(const Reader& reader, const std::string& bytes) {
  return reader.run(std::as_bytes(std::span(bytes)));
}

/// Values that sizes and offsets go wrong at.
constexpr std::array<std::uint64_t, 8> kHostile{
    0,
    1,
    0x7F,
    0xFF,
    0x7FFFFFFF,
    0xFFFFFFFF,
    0x7FFFFFFFFFFFFFFF,
    0xFFFFFFFFFFFFFFFF};

/// Changes a few places: a bit, a byte, a number, a piece moved or lost.
std::string mutate(std::string bytes, Random& random) {
  const std::size_t changes = 1 + random.below(4);
  for (std::size_t i = 0; i < changes && !bytes.empty(); ++i) {
    const std::size_t at = random.below(bytes.size());
    switch (random.below(6)) {
      case 0:
        bytes[at] = static_cast<char>(bytes[at] ^ (1 << random.below(8)));
        break;
      case 1:
        bytes[at] = static_cast<char>(random.next());
        break;
      case 2: {
        const std::size_t width = std::size_t{1} << random.below(4);
        const std::uint64_t value = kHostile[random.below(kHostile.size())];
        for (std::size_t j = 0; j < width && at + j < bytes.size(); ++j)
          bytes[at + j] = static_cast<char>(value >> (8 * j));
        break;
      }
      case 3:
        bytes.erase(at, 1 + random.below(16));
        break;
      case 4:
        bytes.insert(at, bytes.substr(random.below(bytes.size()), 16));
        break;
      default:
        bytes.resize(at);
    }
  }
  return bytes;
}

class Readers : public testing::TestWithParam<Reader> {};

TEST_P(Readers, TakeTheirSeeds) {
  int taken = 0;
  for (const fs::path& seed : seeds_of(GetParam()))
    taken += run(GetParam(), contents(seed)) ? 1 : 0;
  EXPECT_GT(taken, 0);
}

TEST_P(Readers, AnswerEveryTruncation) {
  for (const fs::path& seed : seeds_of(GetParam())) {
    const std::string bytes = contents(seed);
    const bool whole = run(GetParam(), bytes);
    for (std::size_t n = 0; n < bytes.size(); ++n) {
      const bool taken = run(GetParam(), bytes.substr(0, n));
      // Little of what we read is complete without its end.
      if (whole && !GetParam().cuts) {
        ASSERT_FALSE(taken) << seed << " cut at " << n;
      }
    }
  }
}

TEST_P(Readers, AnswerChangedBytes) {
  for (const fs::path& seed : seeds_of(GetParam())) {
    const std::string bytes = contents(seed);
    // Not all bytes of a large seed: most of them are its numbers.
    const std::size_t step = 1 + bytes.size() / 1500;
    for (std::size_t at = 0; at < bytes.size(); at += step)
      for (const int change : {0x01, 0xFF}) {
        std::string changed = bytes;
        changed[at] = static_cast<char>(changed[at] ^ change);
        run(GetParam(), changed);
      }
  }
}

TEST_P(Readers, AnswerSeededMutations) {
  Random random(20250625);
  const auto seeds = seeds_of(GetParam());
  for (int i = 0; i < 5000; ++i) {
    const std::string bytes = contents(seeds[random.below(seeds.size())]);
    run(GetParam(), mutate(bytes, random));
  }
}

INSTANTIATE_TEST_SUITE_P(
    Fuzz, Readers, testing::ValuesIn(kReaders), [](const auto& test) {
      return std::string(test.param.name);
    });

} // namespace
} // namespace mlxaudio::fuzz
