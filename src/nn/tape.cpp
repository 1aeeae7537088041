// SPDX-License-Identifier: MIT
#include "nn/tape.h"

#include "ops/check.h"

namespace mlxaudio {
namespace {

/// The innermost tape of the thread. The one mutable thread-local of the
/// library: a tape must reach modules through signatures that do not name it.
Tape*& current() {
  static thread_local Tape* tape = nullptr;
  return tape;
}

} // namespace

Tape::Tape(Arrays forced) : forced_(std::move(forced)), outer_(current()) {
  current() = this;
}

Tape::~Tape() {
  current() = outer_;
}

Tape* Tape::active() {
  return current();
}

const mx::array& Tape::at(const std::string& path) const {
  const auto found = seen_.find(path);
  const std::size_t count = found == seen_.end() ? 0 : found->second.size();
  if (count != 1) {
    throw ArgumentError(fmt::format(
        "[nn.tape] expected one array at '{}', got {}",
        path,
        count));
  }
  return found->second.front();
}

mx::array Tape::record(const std::string& path, const mx::array& y) {
  auto& arrays = seen_[path];
  const std::size_t call = arrays.size();
  arrays.push_back(y);
  const auto found = forced_.find(path);
  if (found == forced_.end() || call >= found->second.size()) {
    return y;
  }
  const auto& reference = found->second[call];
  ops::expect(
      reference.shape() == y.shape(),
      "nn.tape",
      fmt::format(
          "the reference's {} at '{}'",
          ops::text_of(reference.shape()),
          path),
      y.shape());
  return reference;
}

} // namespace mlxaudio
