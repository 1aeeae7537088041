// SPDX-License-Identifier: MIT
#include "core/gzip.h"

#include <zlib.h>

#include <limits>

namespace mlxaudio {

std::optional<std::string> inflate_gzip(
    std::string_view bytes, std::size_t limit) {
  constexpr auto kMost = std::numeric_limits<uInt>::max();
  if (bytes.size() > kMost || limit >= kMost)
    return std::nullopt;
  z_stream stream{};
  if (::inflateInit2(&stream, MAX_WBITS + 16) != Z_OK)
    return std::nullopt;
  std::string out(limit, '\0');
  // zlib's interface wants a pointer to what it only reads.
  stream.next_in =
      const_cast<Bytef*>(reinterpret_cast<const Bytef*>(bytes.data()));
  stream.avail_in = static_cast<uInt>(bytes.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  const int state = ::inflate(&stream, Z_FINISH);
  out.resize(out.size() - stream.avail_out);
  ::inflateEnd(&stream);
  if (state != Z_STREAM_END)
    return std::nullopt;
  return out;
}

} // namespace mlxaudio
