// SPDX-License-Identifier: MIT
#pragma once

#include <filesystem>
#include <string>

#include "core/json.h"
#include "portproof/recorder.h"
#include "portproof/reference.h"

namespace portproof {

/// The next thing to do for a port.
struct NextStep {
  std::string model;     ///< empty: there is none yet
  int step = 0;          ///< of the porting guide, 1 to 10
  std::string title;     ///< of that step
  std::string why;       ///< what is missing
  std::string component; ///< or empty
  std::string edit;      ///< file to write or change first, or empty
  std::string command;   ///< to run (after the edit)
  bool done = false;     ///< nothing is left but to keep it so

  mlxaudio::Json json() const;
};

/// What comes next for one model, from an empty folder to a port that passes
/// the gate.
/// \param root the project's folder
/// \param model may be empty if there is no model yet
/// \param build the build folder
NextStep next_step(
    const std::filesystem::path& root,
    const std::string& model,
    const std::filesystem::path& build,
    const Workplace& work);

} // namespace portproof
