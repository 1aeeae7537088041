// SPDX-License-Identifier: MIT
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "portproof/mutation_list.h"
#include "portproof/scratch_build.h"

namespace portproof {

/// Plants defects and asks `verify` whether it sees them.
class MutationRun {
 public:
  /// \param program the project's own program of probes
  /// \param folder for the scratch copy
  /// \param time_limit of one probe, \unit s; empty: the port's
  MutationRun(
      Port& port,
      std::filesystem::path build,
      std::filesystem::path program,
      std::filesystem::path folder,
      std::optional<int> time_limit = {});

  /// Plants one defect and judges it.
  ///
  /// The components that rest on the changed file are verified until one is
  /// red: those that rest on fewest files first, so that the first red one is
  /// the deepest, and not what merely uses it. If that is another than the
  /// mutant's own, its own is verified too.
  /// \throws ConfigError if the program is stale, the code has gone, or the
  /// component is red without a defect
  MutantResult judge(const Mutant& mutant);

  /// What a result rests on: the file that is changed and the recorded calls
  /// of the component.
  std::string state_of(const Mutant& mutant) const;

  /// Builds with these rewrites, all at once. \return what is wrong; empty:
  /// it builds
  std::string build(std::vector<Mutant> rewrites);
  /// Verifies every component that rests on the files of the last `build`.
  /// \return the red ones, each with its reason
  std::vector<std::pair<std::string, std::string>> red_of_build();

 private:
  /// Components that rest on any of the files, the deepest first.
  std::vector<std::string> resting_on(const std::vector<std::string>& files);
  /// Why a component is red; empty: it is green.
  std::string red(const std::string& component, const Mutant* weights);
  /// Makes sure that a component is green without a defect, else nothing that
  /// was seen of it counts.
  void expect_green(const std::string& component);
  void ready();
  /// What was said, as it may be recorded: well-formed, and without the folders
  /// of this machine.
  std::string recordable(const std::string& said) const;

  Port& port_;
  std::filesystem::path build_, program_, folder_;
  std::optional<int> time_limit_;
  std::optional<ScratchBuild> scratch_; ///< made when it is first needed
  std::optional<Port> copy_;            ///< of a copy that is built whole
  std::filesystem::path built_;
  std::vector<std::string> changed_;
  std::map<std::string, std::set<std::string>> closures_;
  std::set<std::string> green_; ///< without a defect, as far as was asked
};

} // namespace portproof
