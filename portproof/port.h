// SPDX-License-Identifier: MIT
#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "portproof/definitions.h"
#include "portproof/evidence.h"
#include "portproof/followups.h"
#include "portproof/golden.h"
#include "portproof/inventory.h"
#include "portproof/mode_runs.h"
#include "portproof/readings.h"
#include "portproof/reference.h"
#include "portproof/rounds.h"
#include "portproof/sources.h"
#include "portproof/status.h"
#include "portproof/variants.h"

namespace portproof {

/// A deviation from the reference that a comment declares.
struct Deviation {
  std::string id, why, file;
};

/// One probe as its source has it.
struct ProbeSource {
  std::string file; ///< from the root
  std::string hash; ///< of its own text and of what all in the file share
};

/// Hashes of the probes of a model: each one's own text, what its file has
/// besides, and the headers that it includes below `port/`.
std::map<std::string, ProbeSource> find_probes(
    const Project& project, const Reference& reference);

/// Everything that is known of the port of one model without running it.
class Port {
 public:
  /// \param build the build folder; its compile commands tell how to parse
  /// \param only pattern of the components that will be asked for; less is
  /// parsed for fewer
  Port(
      const Project& project,
      const std::string& model,
      const std::filesystem::path& build,
      const std::string& only = "*");

  Project project;
  Reference reference;
  Inventory inventory;
  /// Where the paths of `sources` and `definitions` start: the project's root,
  /// or the unpacked reference that is the port.
  std::filesystem::path source_root;
  Sources sources;
  Definitions definitions;
  std::map<std::string, ProbeSource> probes; ///< by component
  EvidenceFile evidence;
  Rounds rounds;
  Readings readings;
  Followups followups;
  ModeRuns mode_runs;
  std::vector<Variant> variants;

  /// Definitions that port a component, whole or in part.
  std::vector<const Definition*> definitions_of(const Component& c) const;
  /// Whether tags cover it: one on the component, or on each of its constants.
  bool tagged(const Component& c) const;
  /// C++ files that a component rests on.
  std::set<std::string> closure(const Component& c) const;
  /// The recorded calls of a component, if there are any; those of later
  /// rounds, up to the current one, are added to those of round 1.
  std::optional<Golden> golden(const Component& c) const;

  /// What evidence for a component rests on: its code, its probe, the Python
  /// source, the recorded calls, the tolerances, MLX.
  std::string fingerprint(const Component& c, const Golden& golden) const;

  /// Whether the last evidence passed and still holds; else why it does not.
  struct Standing {
    bool holds = false;
    std::string why; ///< empty if it holds or there is none
    const Evidence* evidence = nullptr;
  };
  Standing standing(const Component& c) const;

  /// Whether a signed reading of the component still holds.
  struct Signing {
    bool holds = false;
    std::string why; ///< why it does not, or that there is none
    const Signature* signature = nullptr;
  };
  /// \param round 0: any
  Signing signing(const Component& c, int round) const;
  /// Whether what a component rests on, and what its name may be ticked for,
  /// is all there: evidence, and once a round was opened, of that round and
  /// with a signed reading.
  bool marked(const Component& c) const;

  /// The component that the code at a line belongs to, or null.
  const Component* component_at(const std::string& file, int line) const;
  std::vector<Deviation> deviations(const Component& c) const;
  /// What must be mended: tags that name nothing, idle rules, damage.
  /// \param others inventories of the project's other models, whose tags are
  /// no mistake here
  std::vector<std::string> wrong(
      const std::vector<const Inventory*>& others = {}) const;
  Section section(const std::vector<const Inventory*>& others = {}) const;
};

/// "exact: difference 0; close: 3.1e-07 of 2e-06; 3 calls" from a line of
/// evidence.
std::string figures_text(const mlxaudio::Json& line);

/// Where the recorded calls of a round are: for the first the folder of them
/// all, a folder in it for each of the others.
std::filesystem::path round_goldens(
    const std::filesystem::path& folder, int round);

/// The build folder to use: as told, else that of this program, else
/// `build` if it is one, else `build/release`.
std::filesystem::path build_folder(
    const Project& project, const std::string& told);

} // namespace portproof
