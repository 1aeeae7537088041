// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "portproof/code_change.h"

namespace portproof {

/// One kind of defect.
struct Operator {
  std::string_view name;
  std::string_view what; ///< in a few words
  /// The changes that it makes at one piece; none: it does not apply.
  Changes (*changes)(const Place& place);
};

/// The operators on C++ source.
std::span<const Operator> source_operators();

/// An operator on the weights that a probe is fed.
struct WeightOperator {
  std::string_view name;
  std::string_view what;
};

std::span<const WeightOperator> weight_operators();

} // namespace portproof
