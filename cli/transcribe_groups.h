// SPDX-License-Identifier: MIT
// Ported from openai-whisper, Copyright (c) 2022 OpenAI,
// https://github.com/openai/whisper, MIT: see licenses/whisper.txt.
#pragma once

#include <memory>

#include "cli/transcribe_options.h"
#include "cli/verb.h"

namespace mlxaudio::cli {

// The option table of `mlx-audio transcribe`, by heading.

using Arguments = std::shared_ptr<TranscribeArguments>;

/// \port whisper.transcribe.cli
OptionGroup speech_options(const Arguments& a);
/// \port whisper.transcribe.cli
OptionGroup output_options(const Arguments& a);
/// \port whisper.transcribe.cli
OptionGroup model_options(const Arguments& a);
/// \port whisper.transcribe.cli
OptionGroup decoding_options(const Arguments& a);
/// \port whisper.transcribe.cli
OptionGroup fallback_options(const Arguments& a);
/// \port whisper.transcribe.cli
OptionGroup word_options(const Arguments& a);
/// \port whisper.transcribe.cli
OptionGroup subtitle_options(const Arguments& a);

} // namespace mlxaudio::cli
