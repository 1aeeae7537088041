// SPDX-License-Identifier: MIT
#pragma once

#include <filesystem>
#include <functional>
#include <string>

#include "core/json.h"
#include "portproof/port.h"
#include "portproof/scratch_folder.h"

namespace portproof::test {

/// A small project in a folder of its own: a reference with two functions and
/// a class, a port of them in C++, recorded calls, and a program of probes
/// that is a shell script. It goes when this goes.
class FakeProject {
 public:
  FakeProject();

  const std::filesystem::path& root() const {
    return folder_.path();
  }
  std::filesystem::path path(const std::string& name) const {
    return root() / name;
  }
  std::string read(const std::string& name) const;
  void write(const std::string& name, const std::string& text) const;
  /// Replaces text in a file; it must be there.
  void replace(
      const std::string& name,
      const std::string& old,
      const std::string& text) const;

  /// Writes the program of probes, stamped with the sources as they are now.
  /// \param run what it does when it is asked to run, in shell; $1 is the
  ///   component, $2 the folder
  void build(const std::string& run) const;
  /// The same, with a probe that gives the right answers.
  void build() const;
  /// Writes the recorded calls of `fake.math.double`.
  void record(const mlxaudio::Json& result) const;

  std::filesystem::path program() const {
    return path("probes.sh");
  }

 private:
  ScratchFolder folder_;
};

/// The project's port, its build folder being `build`.
Port port_of(const FakeProject& fake);

/// What the error says that `action` ends with; nothing if it has none.
std::string message(const std::function<void()>& action);

} // namespace portproof::test
