// SPDX-License-Identifier: MIT
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "portproof/audit.h"

namespace portproof {

/// What a computation consists of, as MLX's `export_to_dot` writes it.
struct Graph {
  struct Node {
    std::string operation;           ///< "Matmul"
    int line = 0;                    ///< in the file
    std::vector<std::string> inputs; ///< names of arrays
    std::vector<std::string> outputs;
  };
  std::vector<Node> nodes;
  std::map<std::string, std::size_t> made_by; ///< array to node
  std::map<std::string, std::vector<std::size_t>> taken_by;

  /// \param name what messages call the text
  /// \throws ConfigError if it is no such graph
  static Graph parse(std::string_view dot, const std::string& name);
};

/// Checks of a graph: what `checks()` finds in a source, seen in what really
/// runs.
const std::vector<Practice>& graph_checks();

/// \param file how findings call it
std::vector<AuditFinding> audit_graph(
    const std::string& file, const Graph& graph);

} // namespace portproof
