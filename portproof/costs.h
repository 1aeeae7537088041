// SPDX-License-Identifier: MIT
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "core/json.h"
#include "portproof/port.h"
#include "portproof/probe_run.h"

namespace portproof {

/// What the same calls cost one reference and the port.
struct CostSide {
  std::string reference; ///< its key
  int calls = 0;
  double seconds = 0;                       ///< of the reference \unit s
  double port_seconds = 0;                  ///< of the port \unit s
  long growth_kib = 0, port_growth_kib = 0; ///< most of one call \unit KiB

  double ratio() const;
};

/// One component, as `costs.json` has it.
struct CostRow {
  std::string component;
  std::vector<CostSide> sides; ///< a reference each
  /// Whether the code that it rests on is what was measured.
  bool holds = false;
  bool slow = false;  ///< by more than `[round] slower` than each reference
  std::string answer; ///< reason of the `[[slower]]` that accepts it

  /// The least ratio: that to the slower reference.
  double ratio() const;
};

/// `costs.json`: processor time of each recorded call, in the references and in
/// the port, measured by one command on one machine. No mark rests on it.
class Costs {
 public:
  /// \throws ConfigError if it is malformed or was edited
  explicit Costs(const Port& port);

  static std::filesystem::path path(const Port& port);

  bool measured() const {
    return !json_.is_null();
  }
  const std::vector<CostRow>& rows() const {
    return rows_;
  }
  /// Of a component, or null.
  const CostRow* find(const std::string& component) const;
  mlxaudio::Json json() const;
  /// Machine, versions and time, in words.
  std::string about() const;

 private:
  mlxaudio::Json json_;
  std::vector<CostRow> rows_;
};

/// How many times the slower reference's time a component may take unanswered:
/// `[round] slower`, 2 unless given; 0: nobody asks. \throws ConfigError
double slower_limit(const Reference& reference);

/// What efficiency a round still asks for, a line each: costs that were not
/// measured or are of other code, components that are slow without an answer,
/// open findings of `audit`. \throws ConfigError
std::vector<std::string> efficiency_left(const Port& port);

/// "port 1.2 ms, mlx 0.9 ms (1.3)".
std::string cost_text(const CostRow& row);
/// All rows as a table.
std::string cost_table(const Costs& costs);

/// Measures the port on the calls that the recorder measured and writes
/// `costs.json`; components that were not measured now stay.
/// \param measured what the recorder wrote
/// \return what could not be measured, a line each
/// \throws ConfigError if the program is of other sources, or what stays is of
/// another machine
std::vector<std::string> write_costs(
    const Port& port,
    const ProbeProgram& program,
    const mlxaudio::Json& measured);

} // namespace portproof
