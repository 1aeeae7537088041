// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <vector>

namespace mlxaudio::cli {

/// Has what happens to several files, which are worked on at the same time,
/// told file after file: events of the first file as they come, those of each
/// other when all files before it have ended.
class InTurn {
 public:
  /// \param event runs now, or when it is the file's turn
  /// \throws what an event throws
  void add(std::size_t file, std::function<void()> event);

  /// Says that a file has no more events.
  /// \throws what an event of the files whose turn it now is throws
  void end(std::size_t file);

 private:
  struct Held {
    std::vector<std::function<void()>> events;
    bool ended = false;
  };

  std::size_t turn_ = 0;
  std::map<std::size_t, Held> held_; ///< of files after that whose turn it is
};

} // namespace mlxaudio::cli
