// SPDX-License-Identifier: MIT
#pragma once

#include <map>
#include <string>
#include <vector>

#include "core/json.h"
#include "core/tensor.h"
#include "portproof/reference.h"

namespace portproof {

/// How far one array, or one number, is from the reference's.
struct Distance {
  double max_abs = 0;
  double rel_l2 = 0;
  double norm_ratio = 0;

  /// The larger of each.
  void widen(const Distance& other);
};

/// What comparing values gave. Each metric alone has missed a real bug in some
/// port, so all must hold.
struct Comparison {
  Distance worst;
  int arrays = 0;
  int values = 0;                    ///< numbers, texts, flags
  std::vector<std::string> failures; ///< with the place in the result

  bool pass() const {
    return failures.empty();
  }
};

using Arrays = std::map<std::string, mlxaudio::Tensor>;

/// Elements as f64. \throws ConfigError for a type that is not a number
std::vector<double> to_doubles(const mlxaudio::Tensor& tensor);

/// Compares a result with the reference's, array by array and value by value.
///
/// Types, shapes and infinities must be equal; a NaN on either side fails;
/// whole numbers, texts and flags must be equal; a number is compared exactly
/// unless the reference's is given as `$near`.
/// \param where begins each failure's text
void compare(
    const mlxaudio::Json& expected,
    const Arrays& expected_arrays,
    const mlxaudio::Json& got,
    const Arrays& got_arrays,
    const Tolerance& tolerance,
    const std::string& where,
    Comparison& into);

} // namespace portproof
