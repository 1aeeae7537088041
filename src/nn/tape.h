// SPDX-License-Identifier: MIT
#pragma once

#include <map>
#include <string>
#include <vector>

#include "ops/array.h"

namespace mlxaudio {

/// Records what modules compute, while it is alive and on its own thread.
///
/// A module hands its result to `Scope::tap`; without a tape that costs one
/// test. A tape that is given a reference's arrays *forces* them: `tap` still
/// records the module's own result, but the computation goes on with the
/// reference's, so that no error travels on to the next component.
///
/// Tapes nest; the innermost records. A path that is tapped more than once (a
/// decoder's steps) has one entry for each call, in order.
class Tape {
 public:
  using Arrays = std::map<std::string, std::vector<mx::array>>;

  explicit Tape(Arrays forced = {});
  ~Tape();
  Tape(const Tape&) = delete;
  Tape& operator=(const Tape&) = delete;

  const Arrays& seen() const {
    return seen_;
  }
  /// The one array recorded at a path.
  /// \throws ArgumentError if there is none or more than one
  const mx::array& at(const std::string& path) const;

  /// Records `y` at a path.
  /// \return what the computation is to go on with
  /// \throws ArgumentError if a forced array has another shape
  mx::array record(const std::string& path, const mx::array& y);

  /// The tape of this thread, or null.
  static Tape* active();

 private:
  Arrays forced_;
  Arrays seen_;
  Tape* outer_;
};

} // namespace mlxaudio
