// SPDX-License-Identifier: MIT
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <utility>

#include "core/throw_error.h"
#include "models/whisper/load.h"

namespace mlxaudio::engine {

/// What to do about an error of ported code, whose words are ported with it
/// and do not say; empty where they do, or nothing is known.
std::string_view mend_for(std::string_view message);

/// Does some work; its errors end with what to do.
template <class Work>
decltype(auto) with_mends(Work&& work) {
  try {
    return std::forward<Work>(work)();
  } catch (const Error& e) {
    const std::string_view mend = mend_for(e.what());
    if (mend.empty()) {
      throw;
    }
    throw_error(e.code(), std::string(e.what()) + ": " + std::string(mend));
  }
}

/// whisper::load_checkpoint() with mends.
whisper::LoadedCheckpoint load_checkpoint(const std::filesystem::path& path);

/// \throws ConfigError naming the file and the field if nothing can be
///   transcribed with it: the encoder is not for windows of 30 s, or no
///   vocabulary of Whisper's is as large
void check_usable(const whisper::LoadedCheckpoint& checkpoint);

} // namespace mlxaudio::engine
