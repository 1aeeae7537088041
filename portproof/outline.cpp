// SPDX-License-Identifier: MIT
#include "portproof/outline.h"

#include <algorithm>

#include <fmt/format.h>

#include "mlxaudio/error.h"
#include "portproof/map.h"

namespace portproof {
namespace {

using mlxaudio::Json;

std::string trimmed(const std::string& text) {
  const std::size_t first = text.find_first_not_of(' ');
  return first == std::string::npos
             ? std::string()
             : text.substr(first, text.find_last_not_of(' ') - first + 1);
}

/// Position of a character outside of brackets and quotes.
std::size_t find_outside(
    const std::string& text, char wanted, std::size_t from = 0) {
  int depth = 0;
  char quote = 0;
  for (std::size_t i = from; i < text.size(); ++i) {
    const char c = text[i];
    if (quote != 0) {
      i += c == '\\' ? 1 : 0;
      quote = c == quote ? '\0' : quote;
    } else if (depth == 0 && c == wanted) {
      return i;
    } else if (c == '\'' || c == '"') {
      quote = c;
    } else if (c == '(' || c == '[' || c == '{') {
      ++depth;
    } else if (c == ')' || c == ']' || c == '}') {
      --depth;
    }
  }
  return std::string::npos;
}

/// The node of a class with the most submodules: some may be optional.
void module_node(const Json& node, const std::string& type, const Json*& best) {
  const auto size = [](const Json& n) {
    const auto it = n.find("children");
    return it == n.end() ? 0 : it->size();
  };
  if (node.value("class", "") == type &&
      (best == nullptr || size(node) > size(*best))) {
    best = &node;
  }
  if (const auto children = node.find("children"); children != node.end()) {
    for (const Json& child : *children) {
      module_node(child, type, best);
    }
  }
}

const Json* class_in_map(const Json& map, const std::string& type) {
  const Json* best = nullptr;
  if (const auto references = map.find("references"); references != map.end()) {
    for (const auto& [key, one] : references->items()) {
      module_node(one.at("modules"), type, best);
    }
  }
  return best;
}

/// The first recorded call of a function, or of a module whose name ends so.
const Json* call_in(const Json& calls, const std::string& name) {
  for (const Json& call : calls) {
    if (call.contains("loop")) {
      if (const Json* found = call_in(call.at("loop"), name)) {
        return found;
      }
      continue;
    }
    if (call.value("name", "") == name) {
      return &call;
    }
    if (const auto inside = call.find("calls"); inside != call.end()) {
      if (const Json* found = call_in(*inside, name)) {
        return found;
      }
    }
  }
  return nullptr;
}

/// Path of the first module of a class: "encoder.blocks.0-5.attn".
bool path_of(
    const Json& node,
    const std::string& type,
    const std::string& around,
    std::string& path) {
  if (node.value("class", "") == type) {
    path = around.empty() ? "(model)" : around;
    return true;
  }
  for (const Json& child : node.value("children", Json::array())) {
    const std::string name = child.at("name");
    const std::string inner = around.empty() ? name : around + "." + name;
    if (path_of(child, type, inner, path)) {
      return true;
    }
  }
  return false;
}

/// What was recorded of a function, or of a module's class.
const Json* recorded(const Json& map, const std::string& name, bool module) {
  const auto references = map.find("references");
  if (references == map.end()) {
    return nullptr;
  }
  for (const auto& [key, one] : references->items()) {
    std::string wanted = name;
    if (module && !path_of(one.at("modules"), name, {}, wanted)) {
      continue;
    }
    if (const Json* found = call_in(one.at("calls"), wanted)) {
      return found;
    }
  }
  return nullptr;
}

void see(Task& task, const Json* call) {
  if (call == nullptr || !has_arrays(*call)) {
    return;
  }
  task.seen = trimmed(arrays_text(*call));
  task.results = static_cast<int>(call->value("outputs", Json::array()).size());
  // Where the reference names no type, what came in tells it.
  for (const Json& input : call->value("inputs", Json::array())) {
    for (Argument& a : task.arguments) {
      if (a.type.empty() && a.name == input.at(0) && input.size() == 3) {
        a.type = "Tensor";
      }
    }
  }
}

std::vector<std::string> shape_of(const Json& entry) {
  std::vector<std::string> out;
  for (const Json& n : entry.at("shape")) {
    out.push_back(n.is_string() ? n.get<std::string>() : n.dump());
  }
  return out;
}

/// The row of the counterpart that lists parameters, else the row itself: the
/// layout of weights is that of the implementation on the port's own library.
struct Source {
  const Json* row;
  std::string type;
};
Source parameters_from(const Component& c) {
  for (const Json& other : c.row.value("counterparts", Json::array())) {
    if (other.contains("parameters")) {
      for (const Json& own : c.row.at("counterparts")) {
        if (own.at("name") == other.at("name")) {
          return {&own, own.at("name")};
        }
      }
    }
  }
  return {&c.row, c.name};
}

void add_members(
    Outline& out,
    const Component& component,
    const Inventory& inventory,
    const Json& map) {
  const Source source = parameters_from(component);
  const Json* node = class_in_map(map, source.type);
  const auto member = [&](const std::string& name) -> Member& {
    const auto it = std::find_if(
        out.members.begin(),
        out.members.end(),
        [&](const Member& m) { return m.name == name; });
    if (it != out.members.end()) {
      return *it;
    }
    out.members.push_back({name, {}, false, {}, {}});
    return out.members.back();
  };
  // Submodules in their order; those without weights (activations) are calls.
  if (node != nullptr) {
    for (const Json& child : node->value("children", Json::array())) {
      if (child.at("count") == 0) {
        continue;
      }
      const std::string name = child.at("name");
      Member& m = member(name.substr(0, name.find('.')));
      m.type = child.at("class");
      m.many = m.many || child.contains("times") ||
               name.find('.') != std::string::npos;
    }
  }
  for (const Json& p : source.row->value("parameters", Json::array())) {
    if (p.value("buffer", false)) {
      continue;
    }
    const std::string name = p.at("name");
    const std::size_t dot = name.find('.');
    if (dot == std::string::npos) {
      out.parameters.push_back({name, shape_of(p)});
      continue;
    }
    Member& m = member(name.substr(0, dot));
    const std::string rest = name.substr(dot + 1);
    m.many = m.many || (rest[0] >= '0' && rest[0] <= '9');
    if (rest.find('.') == std::string::npos) {
      m.parameters.push_back({rest, shape_of(p)});
    }
  }
  for (Member& m : out.members) {
    const Component* c = inventory.owner(m.type);
    if (c == nullptr) {
      continue;
    }
    for (const Json& item : c->row.at("items")) {
      if (item.at("name") == "__init__") {
        m.settings = arguments_of(item.value("signature", ""));
      }
    }
  }
}

} // namespace

std::string last_part(const std::string& name) {
  return name.substr(name.rfind('.') + 1);
}

std::vector<Argument> arguments_of(const std::string& signature) {
  std::string text = trimmed(signature);
  if (text.size() >= 2 && text.front() == '(' && text.back() == ')') {
    text = text.substr(1, text.size() - 2);
  }
  std::vector<Argument> out;
  for (std::size_t at = 0; at <= text.size();) {
    const std::size_t end = std::min(find_outside(text, ',', at), text.size());
    std::string one = trimmed(text.substr(at, end - at));
    at = end + 1;
    if (one.empty() || one == "self" || one == "cls" || one == "/" ||
        one.front() == '*') {
      continue;
    }
    Argument a;
    if (const std::size_t equals = find_outside(one, '=');
        equals != std::string::npos) {
      a.value = trimmed(one.substr(equals + 1));
      one = trimmed(one.substr(0, equals));
    }
    const std::size_t colon = find_outside(one, ':');
    a.name = trimmed(one.substr(0, colon));
    a.type = colon == std::string::npos ? "" : trimmed(one.substr(colon + 1));
    out.push_back(std::move(a));
  }
  return out;
}

Outline outline(
    const Component& component, const Inventory& inventory, const Json& map) {
  Outline out;
  out.name = component.name;
  out.kind = component.kind;
  out.file = component.file;
  out.line = component.line;
  const bool function = component.kind == "function" ||
                        component.kind == "method" ||
                        component.kind == "property";
  if (function) {
    Task task{
        component.name,
        component.line,
        arguments_of(component.row.value("signature", "")),
        {},
        -1};
    see(task, recorded(map, component.name, false));
    out.tasks.push_back(std::move(task));
    return out;
  }
  for (const Json& base : component.row.value("bases", Json::array())) {
    const std::string name = base;
    if (name.starts_with("nn.") && last_part(name) == last_part(out.name)) {
      out.wraps = name;
    }
  }
  for (const Json& item : component.row.at("items")) {
    const std::string kind = item.at("kind");
    const std::string name = item.at("name");
    if (kind == "field" || kind == "constant") {
      out.values.push_back(
          {name, item.value("type", ""), item.value("value", "")});
    } else if (name == "__init__") {
      out.settings = arguments_of(item.value("signature", ""));
    } else if (kind == "method" || kind == "property") {
      const bool call = name == "forward" || name == "__call__";
      Task task{
          component.name + "." + name,
          item.at("line"),
          arguments_of(item.value("signature", "")),
          {},
          -1};
      see(task, recorded(map, call ? component.name : task.name, call));
      out.tasks.push_back(std::move(task));
    }
  }
  if (component.kind == "module") {
    add_members(out, component, inventory, map);
  }
  return out;
}

std::vector<Skeleton> scaffold(
    const Reference& reference,
    const std::vector<Outline>& parts,
    const std::string& language) {
  if (language == "c++") {
    return scaffold_cpp(reference, parts);
  }
  if (language == "python") {
    return scaffold_python(reference, parts);
  }
  throw mlxaudio::ConfigError(fmt::format(
      "[portproof] no skeletons in `{}`: choose c++ or python",
      language));
}

} // namespace portproof
