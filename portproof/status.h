// SPDX-License-Identifier: MIT
#pragma once

#include <map>
#include <string>
#include <vector>

#include "portproof/followups.h"
#include "portproof/inventory.h"
#include "portproof/readings.h"
#include "portproof/reference.h"
#include "portproof/rounds.h"

namespace portproof {

/// What is known of one component of the port.
struct Mark {
  bool tagged = false; ///< a C++ definition says that it ports it
  bool probed = false; ///< a probe runs it
  /// By evidence whose fingerprint still holds and, once a round was opened,
  /// a signed reading of that round.
  bool verified = false;
  bool read = false; ///< by a signed reading of the current round
  std::string notes; ///< figures, deviations, what expired
};

/// What is known of one component in one variant.
struct VariantMark {
  std::string component, variant;
  std::string error, tolerance; ///< relative L2, as texts
  bool verified = false;        ///< by evidence whose fingerprint still holds
  std::string notes;
};

/// One model's part of the progress document.
struct Section {
  Reference reference;
  Inventory inventory;
  std::map<std::string, Mark> marks; ///< by component
  std::vector<std::string> wrong;    ///< what must be mended, a line each
  Round round = {};                  ///< the current one; number 0: none yet
  std::vector<ReaderRecord> readers = {};
  std::vector<Followup> followups = {}; ///< those that are open
  std::vector<VariantMark> variants = {};
  bool solo = false; ///< authors may sign readings of their own code
};

/// Counts over the components that are to be ported.
struct Counts {
  int required = 0, ported = 0, verified = 0, waived = 0;
};
Counts count(const Section& section, const std::string& stage);

/// How much of a reference was waived: of its functions and methods, and of
/// its options, constants and tables. What no run reaches counts in neither.
struct Waived {
  int functions = 0, waived_functions = 0;
  int data = 0, waived_data = 0;
  int unreached = 0; ///< components that no run reaches

  /// Whether at most a tenth of either was waived.
  bool few() const {
    return 10 * waived_functions <= functions && 10 * waived_data <= data;
  }
  std::string text() const;
};
Waived count_waived(const Reference& reference, const Inventory& inventory);

/// One row of a stage's table.
std::string row(const Section& section, const Component& component);

/// The whole progress document.
std::string document(const std::vector<Section>& sections);

} // namespace portproof
