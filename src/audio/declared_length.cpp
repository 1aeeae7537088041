// SPDX-License-Identifier: MIT
#include "audio/declared_length.h"

#include <algorithm>
#include <cstring>
#include <string>
#include <string_view>

namespace mlxaudio {
namespace {

// Numbers in a header; a string that is too short reads as zeros.
class Bytes {
 public:
  explicit Bytes(std::string bytes) : bytes_(std::move(bytes)) {}

  std::size_t size() const {
    return bytes_.size();
  }
  std::string_view text(std::size_t at, std::size_t n) const {
    return at < bytes_.size() ? std::string_view(bytes_).substr(at, n)
                              : std::string_view();
  }
  std::uint64_t little(std::size_t at, std::size_t n) const {
    std::uint64_t value = 0;
    for (std::size_t i = n; i-- > 0;) {
      value = value << 8 | byte(at + i);
    }
    return value;
  }
  std::uint64_t big(std::size_t at, std::size_t n) const {
    std::uint64_t value = 0;
    for (std::size_t i = 0; i < n; ++i) {
      value = value << 8 | byte(at + i);
    }
    return value;
  }
  std::uint8_t byte(std::size_t at) const {
    return at < bytes_.size() ? static_cast<std::uint8_t>(bytes_[at]) : 0;
  }

 private:
  std::string bytes_;
};

// Writers to a pipe cannot go back to fill the length in, and leave 0 or about
// the greatest number that fits.
bool is_known(std::uint64_t length) {
  return length != 0 && length < 0x7fff'0000;
}

/// RIFF, RF64 (whose `ds64` chunk has the true lengths) and AIFF: a list of
/// chunks, of which the one with the samples has to be whole.
std::optional<std::uint64_t> chunks_end(
    const InputFile& input,
    std::string_view samples_chunk,
    bool little_endian) {
  std::uint64_t long_length = 0;
  std::uint64_t at = 12;
  // A damaged list could lead about for long.
  for (int i = 0; i < 1000; ++i) {
    const Bytes header(input.bytes(at, 8));
    if (header.size() < 8) {
      return std::nullopt;
    }
    const std::string_view name = header.text(0, 4);
    const std::uint64_t length =
        little_endian ? header.little(4, 4) : header.big(4, 4);
    if (name == "ds64") {
      long_length = Bytes(input.bytes(at + 8, 16)).little(8, 8);
    }
    if (name == samples_chunk) {
      if (length == 0xffff'ffff && long_length > 0) {
        return at + 8 + long_length;
      }
      return is_known(length) ? std::optional(at + 8 + length) : std::nullopt;
    }
    at += 8 + length + length % 2;
  }
  return std::nullopt;
}

/// Ogg: the end of the last page that begins in the file.
std::optional<std::uint64_t> ogg_end(const InputFile& input) {
  // A page has at most 27 + 255 + 255 * 255 bytes.
  constexpr std::uint64_t kLongestPage = 65307;
  const std::uint64_t start =
      input.size() > kLongestPage ? input.size() - kLongestPage : 0;
  const std::string tail = input.bytes(start, kLongestPage);
  const std::size_t page = tail.rfind("OggS");
  if (page == std::string::npos) {
    return std::nullopt;
  }
  constexpr std::size_t kHeader = 27;
  const Bytes bytes(tail.substr(page));
  const std::size_t n_segments = bytes.byte(kHeader - 1);
  std::uint64_t length = kHeader + n_segments;
  for (std::size_t i = 0; i < n_segments; ++i) {
    length += bytes.byte(kHeader + i);
  }
  // Shorter than its own header: the lengths of the segments are cut off.
  if (bytes.size() < kHeader + n_segments) {
    length = std::max<std::uint64_t>(length, bytes.size() + 1);
  }
  return start + page + length;
}

/// MP3: encoders write the length of the stream into the first frame (Xing's
/// header, "Info" for a constant bit rate).
std::optional<std::uint64_t> mp3_end(const InputFile& input) {
  std::uint64_t start = 0;
  const Bytes id3(input.bytes(0, 10));
  if (id3.text(0, 3) == "ID3") {
    start = 10;
    std::uint64_t length = 0;
    for (std::size_t i = 6; i < 10; ++i) {
      length = length << 7 | (id3.byte(i) & 0x7f);
    }
    start += length;
  }
  // After the frame's header of 4 bytes and its side information of 9 to 32.
  const std::string frame = input.bytes(start, 64);
  if (frame.size() < 64 || static_cast<std::uint8_t>(frame[0]) != 0xff) {
    return std::nullopt;
  }
  std::size_t at = frame.find("Xing");
  if (at == std::string::npos) {
    at = frame.find("Info");
  }
  if (at == std::string::npos) {
    return std::nullopt;
  }
  const Bytes header(input.bytes(start + at, 16));
  constexpr std::uint64_t kHasFrames = 1;
  constexpr std::uint64_t kHasBytes = 2;
  const std::uint64_t flags = header.big(4, 4);
  if ((flags & kHasBytes) == 0) {
    return std::nullopt;
  }
  const std::uint64_t length =
      header.big((flags & kHasFrames) != 0 ? 12 : 8, 4);
  // Encoders disagree whether this frame and the tags at the end count.
  constexpr std::uint64_t kSlack = 2048;
  return length > kSlack ? std::optional(start + length - kSlack)
                         : std::nullopt;
}

} // namespace

std::optional<std::uint64_t> declared_length(const InputFile& input) {
  const Bytes magic(input.bytes(0, 12));
  const std::string_view kind = magic.text(0, 4);
  const std::string_view form = magic.text(8, 4);
  if ((kind == "RIFF" || kind == "RF64") && form == "WAVE") {
    return chunks_end(input, "data", true);
  }
  if (kind == "FORM" && (form == "AIFF" || form == "AIFC")) {
    return chunks_end(input, "SSND", false);
  }
  if (kind == "OggS") {
    return ogg_end(input);
  }
  if (kind.substr(0, 3) == "ID3" || magic.byte(0) == 0xff) {
    return mp3_end(input);
  }
  return std::nullopt;
}

} // namespace mlxaudio
