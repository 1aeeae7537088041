// SPDX-License-Identifier: MIT
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "portproof/port.h"
#include "portproof/recorder.h"

namespace portproof {

/// What came of one reading.
struct SignedReading {
  std::string component;
  bool right = false;
  std::vector<Followup> followups; ///< made from its findings
};

/// Checks a reading of the checkout and adds it to `readings.jsonl`; each of
/// its findings becomes a follow-up.
/// \throws ConfigError naming everything that is missing, if no round is open,
/// the code changed since it was read, or the reader wrote it
SignedReading sign_reading(
    Port& port,
    const Workplace& work,
    const std::filesystem::path& reading,
    const std::string& reader);

/// The round that readings are signed in: the open one, or when all that are
/// asked for are closed the last, for what changed since.
/// \throws ConfigError if there is neither
int reading_round(const Port& port);

/// \throws ConfigError if the reader wrote the component and `solo` is not set
void check_author(
    const Port& port, const std::string& reader, const std::string& component);

/// Faults as one message that names the file.
/// \throws ConfigError unless there are none
void refuse_faults(
    const std::filesystem::path& file, const std::vector<std::string>& faults);

/// Notes down what a reading found.
std::vector<Followup> note_findings(
    Port& port, const struct Reading& reading, const std::string& reader);

} // namespace portproof
