// SPDX-License-Identifier: MIT
// libFuzzer's entry to one reader; FUZZ_READER names it.
#include <cstddef>
#include <cstdint>
#include <span>

#include "tests/fuzz/readers.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, size_t size) {
  static const mlxaudio::fuzz::Reader& reader =
      mlxaudio::fuzz::reader(FUZZ_READER);
  reader.run(std::as_bytes(std::span(data, size)));
  return 0;
}
