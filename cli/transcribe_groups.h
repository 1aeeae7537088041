// SPDX-License-Identifier: MIT
#pragma once

#include <memory>

#include "cli/transcribe_options.h"
#include "cli/verb.h"

namespace mlxaudio::cli {

// The option table of `mlx-audio transcribe`, by heading.

using Arguments = std::shared_ptr<TranscribeArguments>;

OptionGroup speech_options(const Arguments& a);
OptionGroup output_options(const Arguments& a);
OptionGroup model_options(const Arguments& a);
OptionGroup decoding_options(const Arguments& a);
OptionGroup fallback_options(const Arguments& a);
OptionGroup word_options(const Arguments& a);
OptionGroup subtitle_options(const Arguments& a);

} // namespace mlxaudio::cli
