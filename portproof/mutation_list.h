// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "portproof/mutants.h"
#include "portproof/record_log.h"

namespace portproof {

/// What came of planting one defect.
struct MutantResult {
  enum class Outcome {
    caught, ///< some component went red
    missed, ///< all that rest on it stayed green
    invalid ///< it does not build, so it is no mutant
  };
  std::string id;
  Outcome outcome = Outcome::missed;
  bool named = false; ///< whether its own component is red
  std::string first;  ///< the red component that comes first
  std::string why;    ///< what `verify` said of it, or the compiler
  std::string state;  ///< of the code and the recorded calls that it rests on
  double seconds = 0;

  mlxaudio::Json json() const;
  static MutantResult of(const mlxaudio::Json& json);
};

std::string name_of(MutantResult::Outcome outcome);

/// `mutation-results.jsonl`: what the runs gave. Lines are only added.
class MutationResults {
 public:
  explicit MutationResults(const std::filesystem::path& path);

  /// The last result of a mutant, or null.
  const MutantResult* last(const std::string& id) const;
  void add(const MutantResult& result);
  /// Lines that were edited, a text each.
  const std::vector<std::string>& damage() const {
    return log_.damage();
  }

 private:
  RecordLog log_;
  std::map<std::string, MutantResult> last_;
};

/// `mutants.jsonl`: the defects that were drawn, in the order of the draw.
/// Lines are only added; a mutant is taken out, and put back, by a line that
/// says why.
class MutationList {
 public:
  struct Entry {
    Mutant mutant;
    std::string removed;    ///< why it was taken out; empty: it was not
    std::string shown;      ///< what shows that it changes nothing
    std::string restored{}; ///< why it was put back, if it was
  };

  /// \throws ConfigError if lines were edited or left out
  explicit MutationList(const std::filesystem::path& path);

  const std::vector<Entry>& entries() const {
    return entries_;
  }
  const Entry* find(const std::string& id) const;
  std::uint64_t seed() const {
    return seed_;
  }

  /// Takes out those whose code is no longer there, and draws until `count`
  /// mutants are listed that were not taken out and whose last result is not
  /// that they do not build. The kinds and the components that were drawn least
  /// come next.
  /// \return how many were added; less than asked if there are no more
  /// \throws ConfigError if the list was drawn with another seed
  int draw(
      const Port& port,
      std::uint64_t seed,
      int count,
      const MutationResults& results);

  /// \throws ConfigError if it is not there, or without a reason
  void remove(
      const std::string& id,
      const std::string& reason,
      const std::string& shown);

  /// Puts one back that was taken out wrongly.
  /// \throws ConfigError if it was not taken out, or without a reason
  void restore(const std::string& id, const std::string& reason);

 private:
  void read();

  RecordLog log_;
  std::vector<Entry> entries_;
  std::uint64_t seed_ = 0;
};

/// Components whose probes and recorded calls can judge a mutant.
std::vector<const Component*> judged_components(const Port& port);

/// A number that depends on the seed and the step alone, the same everywhere.
std::uint64_t drawn_number(std::uint64_t seed, std::uint64_t step);

} // namespace portproof
