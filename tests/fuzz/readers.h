// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <cstddef>
#include <ostream>
#include <span>
#include <string_view>

namespace mlxaudio::fuzz {

/// A reader of foreign bytes, which must take any of them or throw an Error.
struct Reader {
  std::string_view name;
  /// Reads the bytes; \returns whether it took them.
  /// \throws whatever is not an Error, which is a defect
  bool (*run)(std::span<const std::byte> bytes);
  /// Folder of files that begin the search, below tests/fuzz/seeds.
  std::string_view seeds;
  /// Whether what is left of a cut file can be a whole one.
  bool cuts = false;
};

/// For GoogleTest, which would print addresses, and those change.
inline void PrintTo(const Reader& reader, std::ostream* out) {
  *out << reader.name;
}

extern const std::array<Reader, 9> kReaders;

/// The reader of this name. \throws std::out_of_range
const Reader& reader(std::string_view name);

} // namespace mlxaudio::fuzz
