// SPDX-License-Identifier: MIT
#pragma once

// What the tests of kernels share.

#include <cmath>
#include <cstdint>
#include <cstring>
#include <random>
#include <vector>

#include "kernels/cpu.h"
#include "kernels/numbers.h"
#include "kernels/threads.h"

namespace mlxaudio::kernels::test {

using Floats = std::vector<float>;

/// Normal numbers, the same for the same seed.
inline Floats normal(std::size_t n, unsigned seed, float scale = 1.0f) {
  std::mt19937 engine(seed);
  std::normal_distribution<float> distribution(0.0f, scale);
  Floats numbers(n);
  for (float& x : numbers) {
    x = distribution(engine);
  }
  return numbers;
}

/// Weights of a type in memory, and what each is worth.
struct Weights {
  std::vector<std::byte> bytes;
  Floats worth;
  Type type;

  Numbers numbers() const {
    return {bytes.data(), type};
  }
};

/// Rounds numbers to a type by truncating the last bits, which makes exact
/// values of it (within the range of f16's normal numbers, or zero).
inline Weights weights(const Floats& numbers, Type type) {
  Weights result{{}, {}, type};
  for (const float x : numbers) {
    std::uint32_t bits = 0;
    std::memcpy(&bits, &x, 4);
    const auto put = [&](const auto& value) {
      const auto* from = reinterpret_cast<const std::byte*>(&value);
      result.bytes.insert(result.bytes.end(), from, from + sizeof(value));
    };
    if (type == Type::bf16) {
      bits &= 0xffff0000u;
      put(static_cast<std::uint16_t>(bits >> 16));
    } else if (type == Type::f16) {
      bits &= 0xffffe000u;
      const auto exponent = static_cast<int>(bits >> 23 & 0xff) - 127;
      if (exponent < -14) {
        bits &= 0x80000000u;
        put(static_cast<std::uint16_t>(bits >> 16));
      } else {
        put(static_cast<std::uint16_t>(
            (bits >> 16 & 0x8000) | static_cast<unsigned>(exponent + 15) << 10 |
            (bits >> 13 & 0x3ff)));
      }
    } else {
      put(bits);
    }
    float worth = 0;
    std::memcpy(&worth, &bits, 4);
    result.worth.push_back(worth);
  }
  return result;
}

/// Restores the instruction set and the number of threads.
class Restore {
 public:
  Restore() : isa_(isa()), threads_(threads()) {}
  ~Restore() {
    set_isa(isa_);
    set_threads(threads_);
  }
  Restore(const Restore&) = delete;
  Restore& operator=(const Restore&) = delete;

 private:
  Isa isa_;
  int threads_;
};

/// Calls f on every instruction set of this machine.
template <class Function>
void on_every_isa(const Function& f) {
  const Restore restore;
  for (const Isa each : available_isas()) {
    set_isa(each);
    f(name_of(each));
  }
}

/// Whether f gives the same bits with 1, 2, 3 and 7 threads.
template <class Function>
bool same_for_every_thread_count(const Function& f) {
  const Restore restore;
  set_threads(1);
  const Floats one = f();
  for (const int n : {2, 3, 7}) {
    set_threads(n);
    const Floats more = f();
    if (more.size() != one.size() ||
        std::memcmp(more.data(), one.data(), one.size() * sizeof(float)) != 0) {
      return false;
    }
  }
  return true;
}

} // namespace mlxaudio::kernels::test
