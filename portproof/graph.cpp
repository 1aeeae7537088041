// SPDX-License-Identifier: MIT
#include "portproof/graph.h"

#include <algorithm>
#include <set>

#include <fmt/format.h>

#include "mlxaudio/error.h"

namespace portproof {
namespace {

using mlxaudio::ConfigError;

/// The text between the first two quotes from `at`.
std::string quoted(std::string_view line, std::size_t at = 0) {
  const std::size_t begin = line.find('"', at);
  const std::size_t end = line.find('"', begin + 1);
  return begin == std::string_view::npos || end == std::string_view::npos
             ? std::string()
             : std::string(line.substr(begin + 1, end - begin - 1));
}

/// The digits from `at`, which name a node.
std::string number(std::string_view line, std::size_t at) {
  std::size_t end = at;
  while (end < line.size() && line[end] >= '0' && line[end] <= '9') {
    ++end;
  }
  return std::string(line.substr(at, end - at));
}

/// Operations that go over elements or change the form alone.
bool passes_on(const std::string& operation) {
  static const std::set<std::string> kSuch = {
      "Add",
      "Subtract",
      "Multiply",
      "Divide",
      "Select",
      "AsType",
      "Broadcast",
      "Reshape",
      "Flatten",
      "Unflatten",
      "Transpose",
      "Maximum",
      "Minimum",
      "Negative",
      "ExpandDims",
      "Squeeze"};
  return kSuch.contains(operation);
}

/// Whether `wanted` is reached from a node against the flow or with it,
/// through what passes on.
bool reaches(
    const Graph& g, std::size_t from, bool with_flow, const char* wanted) {
  std::vector<std::size_t> todo = {from};
  std::set<std::size_t> seen = {from};
  while (!todo.empty()) {
    const Graph::Node& node = g.nodes[todo.back()];
    todo.pop_back();
    std::vector<std::size_t> next;
    for (const std::string& array : with_flow ? node.outputs : node.inputs) {
      if (with_flow) {
        if (const auto it = g.taken_by.find(array); it != g.taken_by.end()) {
          next.insert(next.end(), it->second.begin(), it->second.end());
        }
      } else if (const auto it = g.made_by.find(array); it != g.made_by.end()) {
        next.push_back(it->second);
      }
    }
    for (const std::size_t n : next) {
      if (g.nodes[n].operation == wanted) {
        return true;
      }
      if (passes_on(g.nodes[n].operation) && seen.insert(n).second) {
        todo.push_back(n);
      }
    }
  }
  return false;
}

const Graph::Node* maker(const Graph& g, const Graph::Node& node) {
  if (node.inputs.size() != 1) {
    return nullptr;
  }
  const auto it = g.made_by.find(node.inputs.front());
  return it == g.made_by.end() ? nullptr : &g.nodes[it->second];
}

/// Costly operations without settings, so that equal inputs mean equal results.
bool is_costly(const std::string& operation) {
  static const std::set<std::string> kSuch = {
      "Matmul",
      "Softmax",
      "Exp",
      "Erf",
      "Sin",
      "Cos",
      "Tanh",
      "Sigmoid",
      "Log"};
  return kSuch.contains(operation);
}

} // namespace

const std::vector<Practice>& graph_checks() {
  static const std::vector<Practice> kChecks = {
      {"graph-attention",
       "a softmax between two products",
       "the scores of all queries and keys go through memory twice",
       "use the fused attention"},
      {"graph-cast-twice",
       "a cast of what was just cast",
       "the array goes through memory once more, and may lose digits between",
       "cast once, to the type that is wanted"},
      {"graph-copy",
       "a copy",
       "the array goes through memory for another layout alone",
       "let the next operation take the view"},
      {"graph-twice",
       "the same operation on the same arrays",
       "it is computed twice",
       "keep the first result"},
  };
  return kChecks;
}

Graph Graph::parse(std::string_view dot, const std::string& name) {
  Graph g;
  std::map<std::string, std::size_t> by_id;
  int line_number = 0;
  for (std::size_t at = 0; at < dot.size();) {
    const std::size_t end = std::min(dot.find('\n', at), dot.size());
    const std::string_view line = dot.substr(at, end - at);
    at = end + 1;
    ++line_number;
    const std::size_t label = line.find("[label =");
    const std::size_t arrow = line.find(" -> ");
    if (label != std::string_view::npos && line.starts_with("{ ")) {
      by_id[number(line, 2)] = g.nodes.size();
      g.nodes.push_back({quoted(line, label), line_number, {}, {}});
    } else if (arrow != std::string_view::npos) {
      const bool into = line.starts_with('"');
      const std::string array = quoted(line, into ? 0 : arrow);
      const std::string id = number(line, into ? arrow + 4 : 0);
      const auto node = by_id.find(id);
      if (node == by_id.end() || array.empty()) {
        throw ConfigError(fmt::format(
            "[portproof] {}, line {}: an arrow of no node: write the graph "
            "anew with export_to_dot",
            name,
            line_number));
      }
      if (into) {
        g.nodes[node->second].inputs.push_back(array);
        g.taken_by[array].push_back(node->second);
      } else {
        g.nodes[node->second].outputs.push_back(array);
        g.made_by[array] = node->second;
      }
    }
  }
  if (!dot.starts_with("digraph") || g.nodes.empty() ||
      dot.find_last_of('}') == std::string_view::npos ||
      dot.substr(dot.find_last_of('}')).find_first_not_of("}\n\r ") !=
          std::string_view::npos) {
    throw ConfigError(fmt::format(
        "[portproof] {} is no whole graph: write it with MLX's export_to_dot",
        name));
  }
  return g;
}

std::vector<AuditFinding> audit_graph(const std::string& file, const Graph& g) {
  std::vector<AuditFinding> out;
  const auto add = [&](const char* check, const Graph::Node& node) {
    const auto it = std::find_if(
        graph_checks().begin(),
        graph_checks().end(),
        [&](const Practice& c) { return std::string_view(c.id) == check; });
    out.push_back(
        {check,
         file,
         node.line,
         fmt::format(
             "{} ({}) -> {}",
             node.operation,
             fmt::join(node.inputs, ", "),
             fmt::join(node.outputs, ", ")),
         it->what,
         {}});
  };
  std::map<std::pair<std::string, std::vector<std::string>>, int> computed;
  for (std::size_t i = 0; i < g.nodes.size(); ++i) {
    const Graph::Node& node = g.nodes[i];
    if (node.operation == "Softmax" && reaches(g, i, false, "Matmul") &&
        reaches(g, i, true, "Matmul")) {
      add("graph-attention", node);
    }
    const Graph::Node* before = maker(g, node);
    if (node.operation == "AsType" && before != nullptr &&
        before->operation == "AsType") {
      add("graph-cast-twice", node);
    }
    if (node.operation == "Copy" || node.operation == "Contiguous") {
      add("graph-copy", node);
    }
    if (is_costly(node.operation) &&
        ++computed[{node.operation, node.inputs}] > 1) {
      add("graph-twice", node);
    }
  }
  return out;
}

} // namespace portproof
