// SPDX-License-Identifier: MIT
#include <algorithm>
#include <array>
#include <cctype>
#include <filesystem>
#include <set>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "portproof/outline.h"

namespace portproof {
namespace {

// Names that stand where a decision is asked for. Nobody declares them, so
// that nothing compiles before it is made.
constexpr const char* kType = "PORT_THIS_TYPE";
constexpr const char* kValue = "PORT_THIS_VALUE";

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

bool is_array(const std::string& type) {
  return type == "Tensor" || type == "torch.Tensor" || type == "mx.array" ||
         type == "np.ndarray";
}

/// What is inside `Optional[...]` and its like; empty: it is none.
std::string inside(const std::string& type, const std::string& outer) {
  const std::string open = outer + "[";
  return type.starts_with(open) && type.ends_with(']')
             ? type.substr(open.size(), type.size() - open.size() - 1)
             : std::string();
}

/// The C++ type of a value.
std::string type_of(const std::string& type) {
  if (is_array(type)) {
    return "mx::array";
  }
  if (type == "int" || type == "float" || type == "bool") {
    return type;
  }
  if (type == "str") {
    return "std::string";
  }
  if (const std::string inner = inside(type, "Optional"); !inner.empty()) {
    const std::string known = type_of(inner);
    return known == "mx::array" ? "Maybe"
           : known == kType     ? known
                                : "std::optional<" + known + ">";
  }
  for (const char* list : {"List", "list", "Sequence", "Iterable"}) {
    if (const std::string inner = inside(type, list); !inner.empty()) {
      const std::string known = type_of(inner);
      return known == kType ? known : "std::vector<" + known + ">";
    }
  }
  return kType;
}

/// The type of an argument: large things come by reference.
std::string argument_type(const std::string& type) {
  const std::string known = type_of(type);
  const bool small =
      known == "int" || known == "float" || known == "bool" || known == kType;
  return small ? known : "const " + known + "&";
}

bool is_number(const std::string& value) {
  const std::size_t digits = value.starts_with('-') ? 1 : 0;
  return value.size() > digits &&
         value.find_first_not_of("0123456789.e-", digits) ==
             std::string::npos &&
         std::isdigit(static_cast<unsigned char>(value[digits])) != 0;
}

/// A Python literal in C++; empty: it is none that both have.
std::string literal(const std::string& value, const std::string& type) {
  if (value == "None") {
    return "{}";
  }
  if (value == "True" || value == "False") {
    return value == "True" ? "true" : "false";
  }
  if (is_number(value)) {
    const bool real = type == "float" || contains(type, "<float>");
    const bool whole = value.find_first_of(".e") == std::string::npos;
    return real ? value + (whole ? ".0f" : "f") : value;
  }
  if (value.size() >= 2 && value.front() == '\'' && value.back() == '\'' &&
      value.find_first_of("\\\"") == std::string::npos) {
    return "\"" + value.substr(1, value.size() - 2) + "\"";
  }
  return {};
}

/// The type that a literal has, where Python names none.
std::string type_of_literal(const std::string& value) {
  if (value == "True" || value == "False") {
    return "bool";
  }
  if (is_number(value)) {
    return value.find_first_of(".e") == std::string::npos ? "int" : "float";
  }
  return !value.empty() && value.front() == '\'' ? "std::string_view" : kType;
}

std::string comment_of(const Argument& a) {
  return a.type.empty() ? a.name : a.type;
}

/// The type of an argument or field: where Python names none, that of its
/// default.
std::string python_type(const Argument& a) {
  static constexpr std::array<std::array<const char*, 2>, 4> kNames = {{
      {"int", "int"},
      {"float", "float"},
      {"bool", "bool"},
      {"std::string_view", "str"},
  }};
  if (a.type.empty() && !a.value.empty()) {
    for (const auto& [cpp, python] : kNames) {
      if (type_of_literal(a.value) == cpp) {
        return python;
      }
    }
  }
  return a.type;
}

/// A type that is to be chosen says what Python has.
std::string noted(const std::string& type, const Argument& a) {
  return contains(type, kType) ? fmt::format("{} /* {} */", type, comment_of(a))
                               : type;
}

std::string declared(const Argument& a, bool with_default) {
  const std::string type = python_type(a);
  std::string out = noted(argument_type(type), a) + " " + a.name;
  if (with_default && !a.value.empty()) {
    const std::string value = literal(a.value, type_of(type));
    out += " = " + (value.empty() ? fmt::format("{} /* {} */", kValue, a.value)
                                  : value);
  }
  return out;
}

std::string arguments(const Task& task, bool with_defaults) {
  std::string out;
  for (const Argument& a : task.arguments) {
    out += (out.empty() ? "" : ", ") + declared(a, with_defaults);
  }
  return out;
}

/// Text in a C++ string.
std::string quoted(const std::string& text) {
  std::string out;
  for (const char c : text) {
    out += c == '"' || c == '\\' ? fmt::format("\\{}", c) : std::string(1, c);
  }
  return "\"" + out + "\"";
}

std::string port_this(const std::string& what, const std::string& indent) {
  return fmt::format(
      "{}static_assert(\n{}    false,\n{}    {});\n",
      indent,
      indent,
      indent,
      quoted("PORT THIS: " + what));
}

std::string method_name(const std::string& symbol) {
  const std::string name = last_part(symbol);
  return name == "forward" || name == "__call__" ? "operator()" : name;
}

bool is_call(const Task& task) {
  return method_name(task.name) == "operator()";
}

/// One array was seen to come out, or it is what a module computes.
std::string result_type(const Task& task) {
  return task.results == 1 || (task.results < 0 && is_call(task)) ? "mx::array"
                                                                  : kType;
}

/// "N_FRAMES" as "kNFrames".
std::string constant_name(const std::string& name) {
  std::string out = "k";
  bool begins = true;
  for (const char c : name) {
    if (c == '_') {
      begins = true;
      continue;
    }
    const auto u = static_cast<unsigned char>(c);
    out += static_cast<char>(begins ? std::toupper(u) : std::tolower(u));
    begins = false;
  }
  return out;
}

std::string size_text(const std::string& size) {
  const std::size_t star = size.find('*');
  return star == std::string::npos
             ? size
             : size.substr(0, star) + " * " + size.substr(star + 1);
}

const Parameter* find(const Member& m, const std::string& name) {
  const auto it = std::find_if(
      m.parameters.begin(),
      m.parameters.end(),
      [&](const Parameter& p) { return p.name == name; });
  return it == m.parameters.end() ? nullptr : &*it;
}

/// The class of a layer: the reference's, else by its weights.
std::string layer_of(const Member& m) {
  if (!m.type.empty()) {
    return last_part(m.type);
  }
  const Parameter* weight = find(m, "weight");
  if (weight == nullptr) {
    return kType;
  }
  const std::size_t n = weight->shape.size();
  return n == 1 ? "LayerNorm" : n == 2 ? "Linear" : n == 3 ? "Conv1d" : kType;
}

/// The arguments that a layer is built from.
std::string layer_arguments(const Member& m, const Outline& part) {
  const std::string layer = layer_of(m);
  const Parameter* weight = find(m, "weight");
  const auto size = [&](std::size_t i) { return size_text(weight->shape[i]); };
  const std::size_t n = weight == nullptr ? 0 : weight->shape.size();
  if (layer == "Linear" && n == 2) {
    return fmt::format(
        ", {}, {}{}",
        size(1),
        size(0),
        find(m, "bias") == nullptr ? ", kNoBias" : "");
  }
  if (layer == "Embedding" && n == 2) {
    return fmt::format(", {}, {}", size(0), size(1));
  }
  if ((layer == "LayerNorm" || layer == "RMSNorm") && n == 1) {
    return ", " + size(0);
  }
  if (layer == "Conv1d" && n == 3) {
    // [out, kernel, in]; PyTorch has [out, in, kernel].
    const bool torch = m.type.starts_with("torch.");
    return fmt::format(
        ", {}, {}, {}, {} /* stride, padding */",
        size(torch ? 1 : 2),
        size(0),
        size(torch ? 2 : 1),
        kValue);
  }
  std::string out;
  for (const Argument& a : m.settings) {
    const bool ours = std::any_of(
        part.settings.begin(),
        part.settings.end(),
        [&](const Argument& own) { return own.name == a.name; });
    out += ", " + (ours ? a.name : fmt::format("{} /* {} */", kValue, a.name));
  }
  return m.settings.empty() ? fmt::format(", {} /* settings */", kValue) : out;
}

void member(const Member& m, const Outline& part, std::string& out) {
  const std::string layer = layer_of(m);
  const bool container = layer == "ModuleList" || layer == "Sequential";
  const std::string type = container ? std::string(kType) : layer;
  if (m.many || container) {
    out += fmt::format(
        "  std::vector<{0}> {1}{{each<{0}>(at / \"{1}\", {2} /* how many "
        "*/{3})}};\n",
        type,
        m.name,
        kValue,
        container ? "" : layer_arguments(m, part));
    return;
  }
  out += fmt::format(
      "  {} {}{{at / \"{}\"{}}};\n",
      type,
      m.name,
      m.name,
      layer_arguments(m, part));
}

void parameter(const Parameter& p, std::string& out) {
  std::string shape;
  for (const std::string& size : p.shape) {
    shape += (shape.empty() ? "" : ", ") + size_text(size);
  }
  out += fmt::format(
      "  mx::array {0} = at.param(\"{0}\", {{{1}}});\n",
      p.name,
      shape);
}

void doc(
    const std::string& symbol,
    const std::string& seen,
    const std::string& indent,
    std::string& out) {
  out += fmt::format("{}/// \\port {}\n", indent, symbol);
  if (!seen.empty()) {
    out += fmt::format("{}/// Seen: {}\n", indent, seen);
  }
}

/// Fields of a dataclass, constants of a class.
void value(const Argument& v, std::string& out) {
  const std::string type =
      v.type.empty() ? type_of_literal(v.value) : type_of(v.type);
  const std::string known = literal(v.value, type);
  std::string set;
  if (!v.value.empty()) {
    set = " = " +
          (known.empty() ? fmt::format("{} /* {} */", kValue, v.value) : known);
  }
  out += fmt::format("  {} {}{};\n", noted(type, v), v.name, set);
}

void structure(const Outline& part, std::string& out) {
  const bool module = part.kind == "module";
  doc(part.name, {}, "", out);
  out += fmt::format("struct {} {{\n", last_part(part.name));
  if (module) {
    out += "  Scope at;\n";
  }
  for (const Argument& a : part.settings) {
    const std::string type = type_of(a.type);
    const std::string known = literal(a.value, type);
    out += fmt::format(
        "  {} {}{};\n",
        noted(type, a),
        a.name,
        a.value.empty() ? ""
        : known.empty() ? fmt::format(" = {} /* {} */", kValue, a.value)
                        : " = " + known);
  }
  for (const Argument& v : part.values) {
    value(v, out);
  }
  if (!part.parameters.empty() || !part.members.empty()) {
    out += '\n';
  }
  for (const Parameter& p : part.parameters) {
    parameter(p, out);
  }
  for (const Member& m : part.members) {
    member(m, part, out);
  }
  for (const Task& task : part.tasks) {
    if (last_part(task.name).starts_with("__") && !is_call(task)) {
      continue; // what Python itself calls; `code` says so
    }
    out += '\n';
    if (!is_call(task) || !task.seen.empty()) {
      doc(task.name, task.seen, "  ", out);
    }
    out += fmt::format(
        "  {} {}({}) const;\n",
        result_type(task),
        method_name(task.name),
        arguments(task, true));
  }
  out += "};\n\n";
}

void constants(const Outline& part, std::string& out) {
  for (const Argument& v : part.values) {
    const std::string type = type_of_literal(v.value);
    const std::string known = literal(v.value, type);
    doc(part.name + "." + v.name, {}, "", out);
    out += fmt::format(
        "inline constexpr {} {} = {};\n\n",
        type == kType ? "auto" : type,
        constant_name(v.name),
        known.empty() ? fmt::format("{} /* {} */", kValue, v.value) : known);
  }
}

bool is_function(const Outline& part) {
  return part.kind == "function" || part.kind == "method" ||
         part.kind == "property";
}

void declarations(const Outline& part, std::string& out) {
  if (!part.wraps.empty()) {
    return; // `definitions` asks what to do with it
  }
  if (is_function(part)) {
    const Task& task = part.tasks.front();
    doc(part.name, task.seen, "", out);
    out += fmt::format(
        "{} {}({});\n\n",
        task.results == 1 ? "mx::array" : kType,
        last_part(part.name),
        arguments(task, true));
  } else if (part.kind == "constants") {
    constants(part, out);
  } else if (part.kind == "table") {
    doc(part.name, {}, "", out);
    out += fmt::format(
        "inline constexpr std::array {}{{{}}};\n\n",
        constant_name(last_part(part.name)),
        kValue);
  } else {
    structure(part, out);
  }
}

std::string place(const Outline& part, int line) {
  return fmt::format("{}, line {}", part.file, line);
}

void definitions(const Outline& part, std::string& out) {
  if (!part.wraps.empty()) {
    out += port_this(
        fmt::format(
            "{}, {}: changes {}: write what it changes, or put its tag on the "
            "layer that does the same",
            part.name,
            place(part, part.line),
            part.wraps),
        "");
    out += '\n';
    return;
  }
  if (is_function(part)) {
    const Task& task = part.tasks.front();
    out += fmt::format(
        "{} {}({}) {{\n{}}}\n\n",
        task.results == 1 ? "mx::array" : kType,
        last_part(part.name),
        arguments(task, false),
        port_this(part.name + ", " + place(part, part.line), "  "));
    return;
  }
  for (const Task& task : part.tasks) {
    const std::string name = last_part(task.name);
    if (name.starts_with("__") && !is_call(task)) {
      out += port_this(
          fmt::format(
              "{}, {}: what Python calls by itself: write what it does for "
              "callers, or take this out",
              task.name,
              place(part, task.line)),
          "");
      out += '\n';
      continue;
    }
    out += fmt::format(
        "{} {}::{}({}) const {{\n{}}}\n\n",
        result_type(task) == kType ? std::string(kType) : result_type(task),
        last_part(part.name),
        method_name(task.name),
        arguments(task, false),
        port_this(task.name + ", " + place(part, task.line), "  "));
  }
}

void probe(const Outline& part, std::string& out) {
  out += fmt::format("  p.add({}, [](Call& c) {{\n", quoted(part.name));
  out += port_this(
      part.name + ": build it, feed the recorded arguments, return the results",
      "    ");
  if (part.kind == "module") {
    std::string given;
    for (const Argument& a : part.settings) {
      given += fmt::format(", c.get<{}>(\"{}\")", type_of(a.type), a.name);
    }
    out += fmt::format(
        "    const {} m{{c.weights(){}}};\n",
        last_part(part.name),
        given);
    const auto call =
        std::find_if(part.tasks.begin(), part.tasks.end(), is_call);
    if (call != part.tasks.end() && !call->arguments.empty()) {
      out += fmt::format(
          "    return c.put(m(c.array(\"{}\")));\n",
          call->arguments.front().name);
    }
  }
  out += "  });\n\n";
}

std::string stem(const std::string& file) {
  const std::filesystem::path path = file;
  const std::string name = path.stem().string();
  return name == "__init__" ? path.parent_path().filename().string() : name;
}

/// What `[port]` says under a key.
std::string said(
    const Reference& reference, const char* key, const std::string& otherwise) {
  const auto port = reference.toml.find("port");
  return port == reference.toml.end() ? otherwise : port->value(key, otherwise);
}

} // namespace

std::vector<Skeleton> scaffold_cpp(
    const Reference& reference, const std::vector<Outline>& parts) {
  const std::string name = stem(parts.front().file);
  const std::string names = said(reference, "namespace", reference.model);
  const std::string from = said(reference, "headers", "");
  const Package& origin = reference.deciding();
  const std::string head = fmt::format(
      "// SPDX-License-Identifier: MIT\n// Ported from {} {} ({}), {}.\n",
      origin.package,
      origin.version,
      parts.front().file,
      origin.url);
  std::set<std::string> layers;
  bool module = false;
  for (const Outline& part : parts) {
    module = module || part.kind == "module";
    for (const Member& m : part.members) {
      layers.insert(layer_of(m));
      if (m.many) {
        layers.insert("each");
      }
    }
  }
  std::string header = head + "#pragma once\n\n";
  for (const char* standard :
       {"array", "optional", "string", "string_view", "vector"}) {
    header += fmt::format("#include <{}>\n", standard);
  }
  header += "\n";
  static constexpr std::array<std::array<const char*, 2>, 6> kHeaders = {{
      {"Conv1d", "nn/conv1d.h"},
      {"each", "nn/each.h"},
      {"Embedding", "nn/embedding.h"},
      {"LayerNorm", "nn/layer_norm.h"},
      {"Linear", "nn/linear.h"},
      {"", "nn/scope.h"},
  }};
  for (const auto& [layer, file] : kHeaders) {
    if (layers.contains(layer) || *layer == '\0') {
      header += fmt::format("#include \"{}{}\"\n", from, file);
    }
  }
  header += fmt::format("\nnamespace {} {{\n\n", names);
  if (!from.empty()) { // not within the library's own namespace
    header += "namespace mx = mlx::core;\nusing namespace mlxaudio;\n\n";
  }
  header += port_this(
      "compare each type, size and default below with " + parts.front().file +
          ", then take this out",
      "");
  header += '\n';
  std::string code = fmt::format(
      "{}#include \"{}.h\"\n\nnamespace {} {{\n\n",
      head,
      name,
      names);
  std::string probes = fmt::format(
      "// SPDX-License-Identifier: MIT\n#include \"{0}.h\"\n#include "
      "\"probes.h\"\n\nnamespace mlxaudio::port {{\n\nusing namespace "
      "{1};\n\nvoid add_{0}(Probes& p) {{\n",
      name,
      names);
  for (const Outline& part : parts) {
    declarations(part, header);
    definitions(part, code);
    probe(part, probes);
  }
  if (probes.ends_with("\n\n")) {
    probes.pop_back();
  }
  header += fmt::format("}} // namespace {}\n", names);
  code += fmt::format("}} // namespace {}\n", names);
  probes += "}\n\n} // namespace mlxaudio::port\n";
  return {
      {name + ".h", header},
      {name + ".cpp", code},
      {"probes/" + name + ".cpp", probes}};
}

} // namespace portproof
