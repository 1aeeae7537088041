// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "core/json.h"
#include "portproof/mutation_operators.h"
#include "portproof/port.h"

namespace portproof {

/// A change of the port that should not go unnoticed: a planted defect.
///
/// A mutant of the source replaces one piece of text; one of the weights
/// changes arrays that the probe is fed, and has no file.
struct Mutant {
  std::string id;        ///< of its place and what is done there
  std::string op;        ///< name of the operator that made it
  std::string component; ///< whose code or weights it changes
  std::string symbol;    ///< C++ definition, or the recorded weight
  std::string file;      ///< from the root; empty: the weights
  int line = 0;
  int column = 0;     ///< from 0, in bytes
  std::string code;   ///< the line as it was, to find it again
  std::string before; ///< what is replaced; may go over several lines
  std::string after;

  bool of_weights() const {
    return file.empty();
  }
  mlxaudio::Json json() const;
  /// \throws mlxaudio::Json::exception if it is malformed
  static Mutant of(const mlxaudio::Json& json);
};

/// A part of a file that belongs to a component, in whole lines.
struct CodeRange {
  std::string file;
  int line = 0;
  int end_line = 0;
};

/// The component's own C++ code: the definitions that carry its tags, their
/// members wherever they are defined, and the untagged helpers of the same
/// files that these name.
std::vector<CodeRange> own_code(const Port& port, const Component& component);

/// The changes that operators make of a component's own code, in the order of
/// the text.
std::vector<Mutant> changes_by(
    std::span<const Operator> operators,
    const Port& port,
    const Component& component);

/// All mutants that the operators make of a component's own code, in the
/// order of the text. Comments, error texts and checks that only refuse are
/// left alone.
std::vector<Mutant> source_mutants(
    const Port& port, const Component& component);

/// All mutants that the operators make of the weights in a component's
/// recorded calls.
std::vector<Mutant> weight_mutants(
    const Port& port, const Component& component);

/// Where a mutant's text begins in a file. If lines moved since it was drawn,
/// it is found by the text of its line.
/// \throws ConfigError if that code is no longer there
std::size_t place_of(const Mutant& mutant, const std::string& text);

/// Whether the code that it changes is still in the port. Of a mutant of the
/// weights it always is.
bool has_place(const Mutant& mutant, const Port& port);

/// The file's text with the defect planted.
/// \throws ConfigError as `place_of`
std::string planted(const Mutant& mutant, const std::string& text);

} // namespace portproof
