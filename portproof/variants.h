// SPDX-License-Identifier: MIT
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "portproof/evidence.h"
#include "portproof/golden.h"
#include "portproof/inventory.h"
#include "portproof/reference.h"
#include "portproof/status.h"

namespace portproof {

class Port;

/// What a variant does with components that it covers.
struct Covered {
  /// What the bits of its answers must be beside those of the ordinary run.
  enum class Bits {
    any,
    differ, ///< of one call at least: it shows that the variant was computed
    same,   ///< of every call: the variant leaves these components alone
  };
  std::vector<std::string> match; ///< patterns of components
  std::vector<std::string> calls; ///< patterns of ids of their calls
  Tolerance tolerance;
  Bits bits = Bits::differ;
};

/// Another way in which a port computes (in fewer bits, without its kernels),
/// as `[[variant]]` in reference.toml has it.
struct Variant {
  std::string name;
  std::map<std::string, std::string> environment; ///< that probes run in
  std::vector<std::string> needs; ///< features that a machine must have
  /// Files that its results rest on besides those of the components.
  std::vector<std::string> rests_on;
  /// Why evidence that expired may wait where no machine at hand has what it
  /// needs; empty: it may not.
  std::string waits;
  std::vector<Covered> covers; ///< the first that matches a component counts

  const Covered* covering(const std::string& component) const;
  /// "a=1 b=2"
  std::string environment_text() const;
  /// Those of `needs` that are not among `features`, with commas; empty: none.
  std::string lacking(const std::set<std::string>& features) const;
};

/// \throws ConfigError naming the key
std::vector<Variant> variants_of(const Reference& reference);

/// One component in one variant: a row of the progress document.
struct VariantRow {
  const Variant* variant = nullptr;
  const Covered* covered = nullptr;
  const Component* component = nullptr;
};

/// The rows of a port, variant by variant, in the inventory's order.
std::vector<VariantRow> variant_rows(const Port& port);

/// The recorded calls that a row runs.
std::vector<const Call*> calls_of(const VariantRow& row, const Golden& golden);

/// Whether the calls of a row are only recorded for a round that is still to
/// come: nothing is asked of it yet.
bool waits_for_calls(const Port& port, const VariantRow& row);

/// Files that a row rests on.
std::set<std::string> closure_of(const Port& port, const VariantRow& row);

/// What evidence of a row rests on: all that ordinary evidence does, but with
/// the variant's own tolerance, and what `[[variant]]` asks for.
std::string fingerprint_of(
    const Port& port, const VariantRow& row, const Golden& golden);

/// Whether the last evidence of a row passed and still holds.
struct VariantStanding {
  bool holds = false;
  std::string why; ///< why it does not, or that there is none
  const Evidence* evidence = nullptr;
};
VariantStanding standing_of(const Port& port, const VariantRow& row);

/// What the progress document says of each row.
std::vector<VariantMark> variant_marks(const Port& port);

/// What is not proven of the variants and may not wait, a line for each.
std::vector<std::string> variants_left(const Port& port);

/// What is wrong with `rests_on`: files that are none of the port's sources.
std::vector<std::string> wrong_variants(const Port& port);

} // namespace portproof
