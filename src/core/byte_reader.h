// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>

namespace mlxaudio {

/// A cursor over foreign bytes that cannot leave them: every read is checked,
/// and one that does not fit calls `refuse`, which must throw.
class ByteReader {
 public:
  using Refuse = std::function<void(const std::string&)>;

  ByteReader(std::span<const std::byte> bytes, Refuse refuse)
      : bytes_(bytes), refuse_(std::move(refuse)) {}

  std::uint64_t position() const {
    return at_;
  }
  std::uint64_t left() const {
    return bytes_.size() - at_;
  }
  void seek(std::uint64_t position) {
    if (position > bytes_.size())
      refuse("offset " + std::to_string(position) + " is outside");
    at_ = position;
  }

  /// The next `count` bytes.
  std::span<const std::byte> take(std::uint64_t count) {
    if (count > left())
      refuse(
          "ends early: " + std::to_string(count) + " more bytes expected at " +
          std::to_string(at_) + ", " + std::to_string(left()) + " there");
    const auto out = bytes_.subspan(at_, count);
    at_ += count;
    return out;
  }

  /// A little-endian number (our hosts are little-endian).
  template <typename T>
  T number() {
    static_assert(std::is_arithmetic_v<T>);
    T value;
    std::memcpy(&value, take(sizeof(T)).data(), sizeof(T));
    return value;
  }

  std::string_view text(std::uint64_t count) {
    const auto bytes = take(count);
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
  }

  [[noreturn]] void refuse(const std::string& why) const {
    refuse_(why);
    std::terminate(); // unreachable: refuse_ throws
  }

 private:
  std::span<const std::byte> bytes_;
  std::uint64_t at_ = 0;
  Refuse refuse_;
};

} // namespace mlxaudio
