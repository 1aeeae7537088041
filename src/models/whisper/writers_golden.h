// SPDX-License-Identifier: MIT
#pragma once

#include <filesystem>

#include "core/json.h"

namespace mlxaudio::whisper {

/// What the reference's writers and helpers gave, for tests.
inline const Json& writers_golden() {
  static const Json json = read_json(
      std::filesystem::path(MLXAUDIO_SOURCE_DIR) /
      "tests/golden/whisper/writers.json");
  return json;
}

} // namespace mlxaudio::whisper
