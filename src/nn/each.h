// SPDX-License-Identifier: MIT
#pragma once

#include <optional>
#include <vector>

#include "nn/scope.h"

namespace mlxaudio {

/// `n` modules at `at / 0`, `at / 1`, ... The count comes from the
/// configuration, never from what a file happens to hold.
template <class Module, class... Fields>
std::vector<Module> each(const Scope& at, int n, const Fields&... fields) {
  std::vector<Module> modules;
  modules.reserve(n);
  for (int i = 0; i < n; ++i) {
    modules.push_back(Module{at / i, fields...});
  }
  return modules;
}

/// A module that only some configurations have.
template <class Module, class... Fields>
std::optional<Module> maybe(
    bool present, const Scope& at, const Fields&... fields) {
  return present ? std::optional<Module>(Module{at, fields...}) : std::nullopt;
}

} // namespace mlxaudio
