// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

namespace mlxaudio {

/// An open file to read audio from, closed with this object.
///
/// Pipes, devices and the standard input ("-") are copied to a file without a
/// name first, since decoders must be able to go back.
class InputFile {
 public:
  /// \throws AudioError if there is no such file, it may not be read, is a
  ///         folder, is empty, or is a pipe with more than kMaxSpooled bytes
  explicit InputFile(const std::filesystem::path& file);
  InputFile(const InputFile&) = delete;
  InputFile& operator=(const InputFile&) = delete;
  ~InputFile();

  static constexpr std::uint64_t kMaxSpooled = std::uint64_t{1} << 32;

  int descriptor() const {
    return descriptor_;
  }
  std::uint64_t size() const {
    return size_;
  }
  /// As messages name it: "'talk.wav'" or "standard input".
  const std::string& name() const {
    return name_;
  }
  /// Whether the file has no path of its own to open it by.
  bool spooled() const {
    return spooled_;
  }

  /// Bytes at `offset`, fewer at the end of the file.
  std::string bytes(std::uint64_t offset, std::size_t count) const;

 private:
  void spool(int source);

  std::string name_;
  int descriptor_ = -1;
  std::uint64_t size_ = 0;
  bool spooled_ = false;
};

/// Throws the AudioError of a file whose decoder gives not one sample.
[[noreturn]] void refuse_no_sound(const InputFile& input);

} // namespace mlxaudio
