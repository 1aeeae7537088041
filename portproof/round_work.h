// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <vector>

#include "portproof/port.h"

namespace portproof {

/// Components that a port must have: of the required stages, not waived.
std::vector<const Component*> required_components(const Port& port);

/// What is left to do before the current round may close.
struct RoundWork {
  std::vector<const Component*> unported;   ///< no tag or no probe
  std::vector<const Component*> unverified; ///< no evidence of this round
  std::vector<const Component*> unread;     ///< no signed reading of it
  std::vector<std::string> modes;           ///< whose tests are still to pass
  std::vector<std::string> variants;        ///< rows that are not verified
  std::vector<std::string> efficiency;      ///< what of it has no answer yet
  int required = 0;
  int blockers = 0;
  std::vector<std::string> damage; ///< of the records

  bool done() const {
    return unported.empty() && unverified.empty() && unread.empty() &&
           modes.empty() && variants.empty() && efficiency.empty() &&
           blockers == 0 && damage.empty();
  }
  /// What is left, a line each.
  std::vector<std::string> lines() const;
};

RoundWork round_work(const Port& port);

/// What a round opens or closes with: enough to see later what it was about.
mlxaudio::Json round_state(const Port& port);

/// Edited or missing lines in any of the model's records.
std::vector<std::string> record_damage(const Port& port);

} // namespace portproof
