// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>

namespace mlxaudio::text {

/// Unicode's general categories, in the order of their major classes.
enum class GeneralCategory : std::uint8_t {
  Lu,
  Ll,
  Lt,
  Lm,
  Lo,
  Mn,
  Mc,
  Me,
  Nd,
  Nl,
  No,
  Pc,
  Pd,
  Ps,
  Pe,
  Pi,
  Pf,
  Po,
  Sm,
  Sc,
  Sk,
  So,
  Zs,
  Zl,
  Zp,
  Cc,
  Cf,
  Cs,
  Co,
  Cn,
};

/// `unicodedata.category(c)` of the reference's Python.
GeneralCategory general_category(char32_t value);

/// The first letter of a category: 'L', 'M', 'N', 'P', 'S', 'Z' or 'C'.
char major_class(GeneralCategory category);

} // namespace mlxaudio::text
