// SPDX-License-Identifier: MIT
#include "text/general_category.h"

#include "text/unicode_tables.h"

namespace mlxaudio::text {

GeneralCategory general_category(char32_t value) {
  const CategoryRun* const run = run_of(category_runs(), value);
  return value > 0x10FFFF ? GeneralCategory::Cn : run->category;
}

char major_class(GeneralCategory category) {
  using C = GeneralCategory;
  if (category <= C::Lo) {
    return 'L';
  }
  if (category <= C::Me) {
    return 'M';
  }
  if (category <= C::No) {
    return 'N';
  }
  if (category <= C::Po) {
    return 'P';
  }
  if (category <= C::So) {
    return 'S';
  }
  return category <= C::Zp ? 'Z' : 'C';
}

} // namespace mlxaudio::text
