// SPDX-License-Identifier: MIT
#include "core/zip.h"

#include <fmt/format.h>
#include <zlib.h>

#include <algorithm>
#include <cstring>
#include <limits>
#include <vector>

#include "core/byte_reader.h"
#include "core/utf8.h"
#include "mlxaudio/error.h"

namespace mlxaudio {

namespace {

constexpr std::uint32_t kLocalHeader = 0x04034b50;
constexpr std::uint32_t kCentralHeader = 0x02014b50;
constexpr std::uint32_t kEnd = 0x06054b50;
constexpr std::uint32_t kEnd64 = 0x06064b50;
constexpr std::uint32_t kEnd64Locator = 0x07064b50;
constexpr std::size_t kEndSize = 22;
constexpr std::size_t kLocatorSize = 20;

/// Deflate can do 1032 to 1, numbers worth keeping cannot: what would grow
/// more than this, and is large, is refused before anything is allocated.
constexpr std::uint64_t kMostInflation = 100;
constexpr std::uint64_t kSmallEntry = 64 << 20;

constexpr std::uint16_t kExtraZip64 = 1;
constexpr std::uint32_t kIn64 = 0xFFFFFFFF; // "see the zip64 field"

/// Where the central directory is.
struct Directory {
  std::uint64_t entries;
  std::uint64_t offset;
};

/// Offset of the end record, which a comment of up to 65535 bytes may follow.
std::uint64_t find_end(std::span<const std::byte> bytes, ByteReader& in) {
  if (bytes.size() < kEndSize)
    in.refuse("too short for a zip archive");
  const std::uint64_t last = bytes.size() - kEndSize;
  const std::uint64_t first = last > 65535 ? last - 65535 : 0;
  for (std::uint64_t at = last + 1; at-- > first;) {
    in.seek(at);
    if (in.number<std::uint32_t>() == kEnd)
      return at;
  }
  in.refuse("no zip directory: the file is truncated, or not a zip archive");
}

Directory find_directory(std::span<const std::byte> bytes, ByteReader& in) {
  const std::uint64_t end = find_end(bytes, in);
  in.seek(end + 10);
  Directory out{};
  out.entries = in.number<std::uint16_t>();
  in.number<std::uint32_t>(); // size of the directory
  out.offset = in.number<std::uint32_t>();
  if (end < kLocatorSize)
    return out;
  in.seek(end - kLocatorSize);
  if (in.number<std::uint32_t>() != kEnd64Locator)
    return out;
  in.number<std::uint32_t>(); // disk
  in.seek(in.number<std::uint64_t>());
  if (in.number<std::uint32_t>() != kEnd64)
    in.refuse("damaged zip64 directory");
  in.take(28); // sizes, versions, disks, entries on this disk
  out.entries = in.number<std::uint64_t>();
  in.number<std::uint64_t>(); // size of the directory
  out.offset = in.number<std::uint64_t>();
  return out;
}

/// Reads the 64-bit fields that stand for those that hold kIn64.
void read_zip64(
    std::span<const std::byte> extra,
    const ByteReader::Refuse& refuse,
    ZipReader::Entry& entry) {
  ByteReader in(extra, refuse);
  while (in.left() >= 4) {
    const auto id = in.number<std::uint16_t>();
    const auto size = in.number<std::uint16_t>();
    ByteReader field(in.take(size), refuse);
    if (id != kExtraZip64)
      continue;
    for (std::uint64_t* value : {&entry.size, &entry.compressed, &entry.offset})
      if (*value == kIn64)
        *value = field.number<std::uint64_t>();
  }
}

std::uint32_t checksum(std::span<const std::byte> bytes) {
  uLong crc = ::crc32(0, nullptr, 0);
  while (!bytes.empty()) {
    const std::size_t n =
        std::min<std::size_t>(bytes.size(), std::numeric_limits<uInt>::max());
    crc = ::crc32(
        crc,
        reinterpret_cast<const Bytef*>(bytes.data()),
        static_cast<uInt>(n));
    bytes = bytes.subspan(n);
  }
  return static_cast<std::uint32_t>(crc);
}

/// zlib's inflate over whole buffers; false if the stream is not exactly
/// `out.size()` bytes.
bool inflate_all(std::span<const std::byte> in, std::span<std::byte> out) {
  z_stream stream{};
  if (::inflateInit2(&stream, -MAX_WBITS) != Z_OK)
    return false;
  int state = Z_OK;
  std::byte beyond{}; // room to notice that there is too much
  const std::size_t expected = out.size();
  std::size_t written = 0;
  while (state == Z_OK) {
    const std::size_t n =
        std::min<std::size_t>(in.size(), std::numeric_limits<uInt>::max());
    // zlib's interface wants a pointer to what it only reads.
    stream.next_in =
        const_cast<Bytef*>(reinterpret_cast<const Bytef*>(in.data()));
    stream.avail_in = static_cast<uInt>(n);
    std::span<std::byte> room = out.subspan(std::min(written, expected));
    if (room.empty())
      room = {&beyond, 1};
    const std::size_t m =
        std::min<std::size_t>(room.size(), std::numeric_limits<uInt>::max());
    stream.next_out = reinterpret_cast<Bytef*>(room.data());
    stream.avail_out = static_cast<uInt>(m);
    state = ::inflate(&stream, Z_NO_FLUSH);
    in = in.subspan(n - stream.avail_in);
    written += m - stream.avail_out;
    if (written > expected)
      break;
  }
  ::inflateEnd(&stream);
  return state == Z_STREAM_END && written == expected;
}

} // namespace

bool is_zip(std::span<const std::byte> bytes) {
  return bytes.size() >= 4 && std::memcmp(bytes.data(), "PK\3\4", 4) == 0;
}

void ZipReader::refuse(const std::string& why) const {
  throw WeightError(fmt::format(
      "[core.zip] {}: {}: get the file again, or save it anew",
      file_->path().string(),
      printable(why)));
}

ZipReader::ZipReader(std::shared_ptr<const MappedFile> file)
    : file_(std::move(file)) {
  const auto no = [this](const std::string& why) { refuse(why); };
  ByteReader in(file_->bytes(), no);
  const Directory directory = find_directory(file_->bytes(), in);
  in.seek(directory.offset);
  for (std::uint64_t i = 0; i < directory.entries; ++i) {
    if (in.number<std::uint32_t>() != kCentralHeader)
      refuse("damaged zip directory");
    in.take(4); // versions
    const auto flags = in.number<std::uint16_t>();
    Entry entry;
    entry.method = in.number<std::uint16_t>();
    in.take(4); // time and date
    entry.crc = in.number<std::uint32_t>();
    entry.compressed = in.number<std::uint32_t>();
    entry.size = in.number<std::uint32_t>();
    const auto name_size = in.number<std::uint16_t>();
    const auto extra_size = in.number<std::uint16_t>();
    const auto comment_size = in.number<std::uint16_t>();
    in.take(8); // disk, attributes
    entry.offset = in.number<std::uint32_t>();
    const std::string name(in.text(name_size));
    read_zip64(in.take(extra_size), no, entry);
    in.take(comment_size);
    if ((flags & 1) != 0)
      refuse(fmt::format("{} is encrypted", name));
    if (!entries_.emplace(name, entry).second)
      refuse(fmt::format("{} comes twice", name));
  }
}

ZipReader::Bytes ZipReader::read(const std::string& name) const {
  const auto found = entries_.find(name);
  if (found == entries_.end())
    refuse(fmt::format("no entry {}", name));
  const Entry& entry = found->second;
  ByteReader in(file_->bytes(), [&](const std::string& why) {
    refuse(fmt::format("{}: {}", name, why));
  });
  in.seek(entry.offset);
  if (in.number<std::uint32_t>() != kLocalHeader)
    in.refuse("damaged entry");
  in.take(22);
  const auto name_size = in.number<std::uint16_t>();
  const auto extra_size = in.number<std::uint16_t>();
  in.take(name_size);
  in.take(extra_size);
  const auto packed = in.take(entry.compressed);

  Bytes out;
  if (entry.method == 0) {
    if (entry.size != entry.compressed)
      in.refuse("damaged entry: two sizes for stored bytes");
    out = {packed, file_, file_};
  } else if (entry.method == Z_DEFLATED) {
    if (entry.size > kSmallEntry &&
        entry.size / kMostInflation > entry.compressed)
      in.refuse(fmt::format(
          "would inflate from {} bytes to {}",
          entry.compressed,
          entry.size));
    auto inflated = std::make_shared<std::vector<std::byte>>(entry.size);
    if (!inflate_all(packed, *inflated))
      in.refuse("damaged entry: it does not inflate to its size");
    out = {*inflated, inflated, {}};
  } else {
    in.refuse(fmt::format("compression method {} not supported", entry.method));
  }
  if (checksum(out.bytes) != entry.crc)
    in.refuse("checksum differs: the file is damaged");
  return out;
}

} // namespace mlxaudio
