// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <vector>

#include "core/json.h"
#include "portproof/compare.h"
#include "portproof/port.h"
#include "portproof/recorder.h"

namespace portproof {

/// One page about a port: what stands, how far each component is from the
/// reference, both sources side by side, and all records. It needs no network
/// and no other file.
/// \param map of the running references, for the order of the components; may
/// be null
/// \param work where the references' sources are, if they were fetched
std::string report_html(
    const Port& port,
    const std::vector<const Inventory*>& others,
    const mlxaudio::Json& map,
    const Workplace& work);

/// A component with its figures, as the report's plots need them.
struct Figure {
  const Component* component = nullptr;
  bool holds = false;   ///< by evidence whose fingerprint still holds
  bool numeric = false; ///< arrays were compared at close grade
  double exact = 0;     ///< rel_l2 at exact grade
  bool has_exact = false;
  Distance close; ///< at close grade
  Tolerance tolerance;
  int calls = 0;
};

/// Figures of the components that have evidence, in the order in which a run
/// completes them; those that no recorded run has come last.
std::vector<Figure> figures_by_depth(
    const Port& port, const mlxaudio::Json& map);

/// Components in the order in which a recorded run of the deciding reference
/// completes them.
std::vector<std::string> completion_order(
    const Inventory& inventory,
    const mlxaudio::Json& map,
    const std::string& key);

/// The plot of errors over depth, as SVG.
std::string error_plot(const std::vector<Figure>& figures);
/// Where the port begins to differ, in words, as HTML.
std::string drift_text(const std::vector<Figure>& figures);
/// Components by metrics, coloured by the part of the tolerance that is used.
std::string heat_map(const std::vector<Figure>& figures);

/// The source of a component on both sides, as HTML.
std::string side_by_side(
    const Port& port, const Component& component, const Workplace& work);

/// A table of each log of JSON lines beside reference.toml but the evidence.
std::string record_tables(const std::filesystem::path& folder);

/// The id of a component's place on the page.
std::string anchor(const std::string& component);

} // namespace portproof
