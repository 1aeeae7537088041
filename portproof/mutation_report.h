// SPDX-License-Identifier: MIT
#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "portproof/mutation_list.h"

namespace portproof {

/// How many mutants of one kind or component were planted and found.
struct MutationCounts {
  int planted = 0, caught = 0, named = 0;
};

/// What is known of the mutants of a list.
struct MutationReport {
  MutationCounts all;
  std::map<std::string, MutationCounts> by_operator, by_component;
  std::vector<const MutationList::Entry*> missed, misnamed, removed, unjudged;
  /// Those whose code is no longer there: no run can plant them.
  std::vector<const MutationList::Entry*> lost;
  int invalid = 0; ///< drawn, but did not build
  int earlier = 0; ///< judged before the code or the calls were changed

  /// \param state_of what a result of the mutant would rest on now
  /// \param is_there whether its code is still there, as `has_place`
  MutationReport(
      const MutationList& list,
      const MutationResults& results,
      const std::function<std::string(const Mutant&)>& state_of,
      const std::function<bool(const Mutant&)>& is_there);

  /// Of all that were planted, and of those that were caught. In 0 to 1.
  double caught_rate() const;
  double named_rate() const;
  /// What is short of the aims; empty: nothing.
  std::string short_of() const;
};

/// The report as Markdown, for the docs.
std::string markdown(
    const MutationReport& report,
    const MutationList& list,
    const MutationResults& results);
mlxaudio::Json to_json(
    const MutationReport& report,
    const MutationList& list,
    const MutationResults& results);

/// A text whose part between the comments `<!-- NAME -->` and `<!-- end NAME
/// -->` is replaced. \throws ConfigError if they are not there
std::string with_section(
    const std::string& text, const std::string& name, const std::string& part);

} // namespace portproof
