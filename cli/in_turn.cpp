// SPDX-License-Identifier: MIT
#include "cli/in_turn.h"

#include <utility>

namespace mlxaudio::cli {

void InTurn::add(std::size_t file, std::function<void()> event) {
  if (file == turn_) {
    event();
  } else {
    held_[file].events.push_back(std::move(event));
  }
}

void InTurn::end(std::size_t file) {
  if (file != turn_) {
    held_[file].ended = true;
    return;
  }
  bool ended = true;
  while (ended) {
    const Held next = std::exchange(held_[++turn_], {});
    held_.erase(turn_);
    for (const auto& event : next.events) {
      event();
    }
    ended = next.ended;
  }
}

} // namespace mlxaudio::cli
