// SPDX-License-Identifier: MIT
#pragma once

#include <set>
#include <string>

#include "mlxaudio/error.h"

namespace mlxaudio::cli {

/// Whether an option that this run cannot use was asked for by its command
/// line. Of one that is a default, which may serve other runs, it is enough to
/// pass it over.
class Asked {
 public:
  explicit Asked(const std::set<std::string>& on_line) : on_line_(on_line) {}

  bool on_line(const std::string& option) const {
    return on_line_.count(option) > 0;
  }

  /// Takes a value away that is given in vain.
  /// \throws ArgumentError if it was asked for
  template <class T>
  void in_vain(T& value, const char* option, const std::string& why) const {
    if (value == T()) {
      return;
    }
    if (on_line(option)) {
      throw ArgumentError(std::string(option) + " " + why);
    }
    value = T();
  }

 private:
  const std::set<std::string>& on_line_;
};

} // namespace mlxaudio::cli
