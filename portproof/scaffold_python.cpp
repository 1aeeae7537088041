// SPDX-License-Identifier: MIT
#include <filesystem>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "portproof/outline.h"

namespace portproof {
namespace {

/// A line that is no Python, so that the file cannot be imported before it is
/// replaced.
std::string blank(const std::string& what, const std::string& indent) {
  return fmt::format("{}<<< PORT THIS: {} >>>\n", indent, what);
}

std::string arguments(const std::vector<Argument>& list, bool method) {
  std::string out = method ? "self" : "";
  for (const Argument& a : list) {
    out += out.empty() ? "" : ", ";
    out += a.name + (a.value.empty() ? "" : "=" + a.value);
  }
  return out;
}

void function(
    const Task& task, const std::string& file, bool method, std::string& out) {
  const std::string indent = method ? "    " : "";
  out += fmt::format(
      "{}def {}({}):\n{}    # \\port {}\n",
      indent,
      last_part(task.name),
      arguments(task.arguments, method),
      indent,
      task.name);
  if (!task.seen.empty()) {
    out += fmt::format("{}    # Seen: {}\n", indent, task.seen);
  }
  out += blank(
      fmt::format("{}, {}, line {}", task.name, file, task.line),
      indent + "    ");
  out += '\n';
}

void part_text(const Outline& part, std::string& out) {
  const bool function_alone = part.kind == "function" ||
                              part.kind == "method" || part.kind == "property";
  if (function_alone) {
    function(part.tasks.front(), part.file, false, out);
    return;
  }
  if (part.kind == "constants" || part.kind == "table") {
    out += fmt::format("# \\port {}\n", part.name);
    for (const Argument& v : part.values) {
      out += fmt::format("{} = {}\n", v.name, v.value);
    }
    out += blank(
        fmt::format("{}, {}, line {}", part.name, part.file, part.line),
        "");
    out += '\n';
    return;
  }
  out += fmt::format(
      "class {}:\n    # \\port {}\n",
      last_part(part.name),
      part.name);
  for (const Argument& v : part.values) {
    out += fmt::format(
        "    {}{}{}\n",
        v.name,
        v.type.empty() ? "" : ": " + v.type,
        v.value.empty() ? "" : " = " + v.value);
  }
  if (!part.settings.empty() || !part.members.empty() ||
      !part.parameters.empty()) {
    out +=
        fmt::format("    def __init__({}):\n", arguments(part.settings, true));
    for (const Parameter& p : part.parameters) {
      std::string shape;
      for (const std::string& size : p.shape) {
        shape += (shape.empty() ? "" : ", ") + size;
      }
      out += fmt::format("        # self.{}: [{}]\n", p.name, shape);
    }
    for (const Member& m : part.members) {
      out += fmt::format(
          "        # self.{}: {}{}\n",
          m.name,
          m.many ? "list of " : "",
          m.type.empty() ? "a layer" : last_part(m.type));
    }
    out += blank(part.name + ".__init__", "        ");
    out += '\n';
  }
  for (const Task& task : part.tasks) {
    function(task, part.file, true, out);
  }
  out += '\n';
}

} // namespace

std::vector<Skeleton> scaffold_python(
    const Reference& reference, const std::vector<Outline>& parts) {
  const std::string stem =
      std::filesystem::path(parts.front().file).stem().string();
  const Package& origin = reference.deciding();
  std::string text = fmt::format(
      "# Ported from {} {} ({}), {}.\n\n",
      origin.package,
      origin.version,
      parts.front().file,
      origin.url);
  std::string probes = "PROBES = {}\n\n";
  for (const Outline& part : parts) {
    part_text(part, text);
    probes += fmt::format("# {}\n", part.name);
    probes += blank(
        "PROBES[\"" + part.name +
            "\"]: a function from the recorded arguments to the results",
        "");
    probes += '\n';
  }
  return {{stem + ".py", text}, {"probes/" + stem + ".py", probes}};
}

} // namespace portproof
