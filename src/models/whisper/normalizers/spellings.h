// SPDX-License-Identifier: MIT
// Ported from openai-whisper, Copyright (c) 2022 OpenAI,
// https://github.com/openai/whisper, MIT: see licenses/whisper.txt.
#pragma once

#include <span>
#include <string_view>

namespace mlxaudio::whisper {

struct Spelling {
  std::string_view british;
  std::string_view american;
};

/// The reference's table, sorted by the British spelling.
std::span<const Spelling> spellings();

} // namespace mlxaudio::whisper
