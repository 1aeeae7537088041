// SPDX-License-Identifier: MIT
#pragma once

#include <memory>

#include "cli/transcribe_options.h"
#include "cli/verb.h"

namespace mlxaudio::cli {

/// How several files are worked on, which the reference's program does one
/// after the other.
OptionGroup batch_options(const std::shared_ptr<TranscribeArguments>& a);

} // namespace mlxaudio::cli
