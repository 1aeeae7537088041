// SPDX-License-Identifier: MIT
#pragma once

#include <memory>
#include <set>
#include <string>

#include "cli/transcribe_options.h"
#include "cli/verb.h"

namespace mlxaudio::cli {

/// How several files are worked on, which the reference's program does one
/// after the other.
OptionGroup batch_options(const std::shared_ptr<TranscribeArguments>& a);

/// Warns if files that were asked to be decoded together will gain nothing by
/// it. Of a batch size that is a default, which may serve other runs, nothing
/// is said.
/// \param on_line names of the options on the command line
void warn_of_vain_batch(
    TranscribeArguments& a, const std::set<std::string>& on_line);

} // namespace mlxaudio::cli
