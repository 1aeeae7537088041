// SPDX-License-Identifier: MIT
#include "portproof/reference.h"

#include <algorithm>

#include <fmt/format.h>

#include "core/atomic_file.h"
#include "core/toml.h"
#include "mlxaudio/error.h"
#include "portproof/text.h"

namespace portproof {
namespace {

using mlxaudio::ConfigError;
using mlxaudio::Json;

/// Reads values of one table and says which key is wrong.
class Table {
 public:
  /// \param json must outlive the table
  Table(const Json& json, std::string where)
      : json_(json), where_(std::move(where)) {
    if (!json.is_object()) {
      throw ConfigError(where_ + " is not a table");
    }
  }

  template <class T>
  T get(const char* key) const {
    if (!json_.contains(key)) {
      throw ConfigError(fmt::format("{} lacks `{}`", where_, key));
    }
    try {
      return json_.at(key).get<T>();
    } catch (const Json::exception&) {
      throw ConfigError(
          fmt::format("{}: `{}` has the wrong type", where_, key));
    }
  }
  template <class T>
  T get(const char* key, T fallback) const {
    return json_.contains(key) ? get<T>(key) : std::move(fallback);
  }

 private:
  const Json& json_;
  std::string where_;
};

const Json& list(const Json& toml, const char* key) {
  static const Json kNone = Json::array();
  const auto it = toml.find(key);
  return it == toml.end() ? kNone : *it;
}

const Json& section(const Json& toml, const char* key) {
  static const Json kNone = Json::object();
  const auto it = toml.find(key);
  return it == toml.end() ? kNone : *it;
}

std::vector<Rule> rules(
    const Json& toml,
    const std::string& where,
    const char* key,
    const char* text) {
  std::vector<Rule> out;
  for (const Json& entry : list(toml, key)) {
    const Table table(entry, fmt::format("{} [[{}]]", where, key));
    out.push_back(
        {table.get<std::vector<std::string>>("match"),
         table.get<std::string>(text),
         table.get<std::string>("why", ""),
         table.get<bool>("required", false),
         table.get<bool>("reached", true)});
  }
  return out;
}

const Rule* first(const std::vector<Rule>& rules, const std::string& name) {
  for (const Rule& rule : rules) {
    for (const std::string& pattern : rule.match) {
      if (matches(pattern, name)) {
        return &rule;
      }
    }
  }
  return nullptr;
}

/// Where a reference comes from, and what pins it.
void pin(const Table& table, const std::string& where, Package& p) {
  const auto git = table.get<std::string>("git", "");
  const auto folder = table.get<std::string>("folder", "");
  const auto package = table.get<std::string>("package", "");
  if (!git.empty() && !folder.empty()) {
    throw ConfigError(fmt::format(
        "{} [[reference]] {}: `git` and `folder` are two places; keep one",
        where,
        p.key));
  }
  if (!git.empty()) {
    p.kind = Package::Kind::git;
    p.file = git;
    p.sha256 = table.get<std::string>("commit");
    constexpr std::size_t kCommit = 40;
    if (p.sha256.size() != kCommit ||
        p.sha256.find_first_not_of("0123456789abcdef") != std::string::npos) {
      throw ConfigError(fmt::format(
          "{} [[reference]] {}: `commit` must be all 40 hexadecimal digits of "
          "it",
          where,
          p.key));
    }
  } else if (!folder.empty()) {
    p.kind = Package::Kind::folder;
    p.file = folder;
    p.sha256 = table.get<std::string>("sha256");
  } else {
    p.package = table.get<std::string>("package");
    p.version = table.get<std::string>("version");
    p.file = table.get<std::string>("file");
    p.sha256 = table.get<std::string>("sha256");
    return;
  }
  p.package = package.empty() ? p.key : package;
  constexpr std::size_t kShown = 12;
  p.version = table.get<std::string>("version", p.sha256.substr(0, kShown));
}

constexpr const char* kSkeleton =
    R"(# The two implementations that this port follows, and what of them is in scope.
# Every key is explained in portproof's docs, reference-toml.md.

model = "{0}"
title = "{0}"

# Exactly one reference decides where two differ. Instead of `package`, `version`, `file`
# and `sha256`: `git` and `commit`, or `folder` and `sha256`.
[[reference]]
key = "torch"
decides = true
package = ""        # on the Python package index
module = ""         # what `import` calls it
version = ""
file = ""           # the archive, sdist or wheel
sha256 = ""
root = ""           # folder inside the archive that modules start from
sources = []        # files in scope, below `root`
license = ""
url = ""
runtime = "torch"

[[reference]]
key = "mlx"
package = ""
module = ""
version = ""
file = ""
sha256 = ""
root = ""
sources = []
license = ""
url = ""
runtime = "mlx"

[environment]
python = "3.11"
requirements = "requirements.txt"   # pinned, with hashes
mlx = "0.32.4"

[port]
sources = ["src", "include"]
probes = "probes"
executable = "{0}_probes"
time_limit = 60

# Files of the deciding reference and those of the other that do the same work.
[pairs.files]

# Symbols whose names differ.
[pairs.symbols]

# Components that are not ported, each with a reason. The first rule that
# matches a component decides; `*` stands for anything.
# [[waiver]]
# match = [""]
# reason = ""

[[stage]]
name = "Core"
match = ["*"]
required = true
why = "everything"
)";

} // namespace

Project Project::find(const std::filesystem::path& start) {
  std::filesystem::path folder = std::filesystem::absolute(start);
  for (;;) {
    if (std::filesystem::is_directory(folder / "port")) {
      return {folder};
    }
    if (folder == folder.parent_path()) {
      throw ConfigError(fmt::format(
          "[portproof] neither {} nor a folder above it has a `port` "
          "folder: run inside the project, or give --root",
          std::filesystem::absolute(start).string()));
    }
    folder = folder.parent_path();
  }
}

std::vector<std::string> Project::models() const {
  std::vector<std::string> out;
  for (const auto& entry : std::filesystem::directory_iterator(root / "port")) {
    if (std::filesystem::exists(entry.path() / "reference.toml")) {
      out.push_back(entry.path().filename().string());
    }
  }
  std::sort(out.begin(), out.end());
  return out;
}

Json Tolerance::json() const {
  return {{"max_abs", max_abs}, {"rel_l2", rel_l2}, {"norm_ratio", norm_ratio}};
}

Reference Reference::load(const Project& project, const std::string& model) {
  Reference r;
  r.path = project.folder(model) / "reference.toml";
  if (!std::filesystem::exists(r.path)) {
    throw ConfigError(fmt::format(
        "[portproof] {} does not exist: run `portproof init {}`",
        r.path.string(),
        model));
  }
  r.toml = mlxaudio::read_toml(r.path);
  const std::string where = fmt::format("[portproof] {}:", r.path.string());
  const Table top(r.toml, where);
  r.model = top.get<std::string>("model");
  r.title = top.get<std::string>("title", r.model);
  if (r.model != model) {
    throw ConfigError(
        fmt::format("{} `model` is {}, its folder {}", where, r.model, model));
  }
  for (const Json& entry : list(r.toml, "reference")) {
    const Table table(entry, where + " [[reference]]");
    Package p;
    p.key = table.get<std::string>("key");
    pin(table, where, p);
    p.root = table.get<std::string>("root", "");
    p.license = table.get<std::string>("license", "");
    p.url = table.get<std::string>("url", "");
    p.decides = table.get<bool>("decides", false);
    p.compare_only = table.get<bool>("compare_only", false);
    r.packages.push_back(std::move(p));
  }
  if (std::count_if(r.packages.begin(), r.packages.end(), [](const Package& p) {
        return p.decides;
      }) != 1) {
    throw ConfigError(
        where + " exactly one [[reference]] must have `decides = true`");
  }
  r.waivers = rules(r.toml, where, "waiver", "reason");
  r.stages = rules(r.toml, where, "stage", "name");
  r.slower = rules(r.toml, where, "slower", "reason");
  for (const Rule& rule : r.slower) {
    if (rule.text.empty()) {
      throw ConfigError(where + " [[slower]]: `reason` is empty");
    }
  }
  const Table port(section(r.toml, "port"), where + " [port]");
  for (const std::string& s : port.get<std::vector<std::string>>("sources")) {
    r.sources.push_back(s);
  }
  r.probes = port.get<std::string>("probes", "probes");
  r.executable = port.get<std::string>("executable", model + "_probes");
  r.time_limit = port.get<int>("time_limit", 60);
  r.adapter = Adapter::read(section(r.toml, "port"), where + " [port]");
  if (!r.adapter.from.empty() && r.find(r.adapter.from) == nullptr) {
    throw ConfigError(fmt::format(
        "{} [port] `from`: no [[reference]] has the key {}",
        where,
        r.adapter.from));
  }
  const Table trace(section(r.toml, "trace"), where + " [trace]");
  r.calls_in_workplace = trace.get<bool>("in_workplace", false);
  const Table environment(
      section(r.toml, "environment"),
      where + " [environment]");
  r.mlx = environment.get<std::string>("mlx", "");
  for (const Json& entry : list(r.toml, "tolerance")) {
    const Table table(entry, where + " [[tolerance]]");
    table.get<std::vector<std::string>>("match");
    table.get<std::string>("grade");
    table.get<std::vector<std::string>>("calls", {});
    if (table.get<std::string>("why").empty()) {
      throw ConfigError(where + " a [[tolerance]] needs a reason in `why`");
    }
  }
  return r;
}

const Package& Reference::deciding() const {
  return *std::find_if(packages.begin(), packages.end(), [](const Package& p) {
    return p.decides;
  });
}

const Package* Reference::find(const std::string& key) const {
  const auto it =
      std::find_if(packages.begin(), packages.end(), [&](const Package& p) {
        return p.key == key;
      });
  return it == packages.end() ? nullptr : &*it;
}

const Rule* Reference::waiver(const std::string& component) const {
  return first(waivers, component);
}

const Rule* Reference::stage(const std::string& component) const {
  return first(stages, component);
}

const Rule* Reference::slower_answer(const std::string& component) const {
  return first(slower, component);
}

namespace {

Tolerance tolerance_of(const Table& table) {
  return {
      table.get<double>("max_abs"),
      table.get<double>("rel_l2"),
      table.get<double>("norm_ratio", table.get<double>("rel_l2")),
      table.get<std::string>("why")};
}

} // namespace

std::string plain_id(const std::string& call) {
  const std::size_t slash = call.find('/');
  const bool later = call.starts_with("round-") && slash != std::string::npos;
  return later ? call.substr(slash + 1) : call;
}

std::optional<Tolerance> Reference::tolerance(
    const std::string& component, const std::string& grade) const {
  if (grade == "exact") {
    return Tolerance{};
  }
  for (const Json& entry : list(toml, "tolerance")) {
    const Table table(entry, path.string() + " [[tolerance]]");
    if (table.get<std::string>("grade") == grade && !entry.contains("calls") &&
        any_matches(table.get<std::vector<std::string>>("match"), component)) {
      return tolerance_of(table);
    }
  }
  return std::nullopt;
}

std::optional<Tolerance> Reference::call_tolerance(
    const std::string& component,
    const std::string& grade,
    const std::string& call) const {
  for (const Json& entry : list(toml, "tolerance")) {
    const Table table(entry, path.string() + " [[tolerance]]");
    if (grade != "exact" && table.get<std::string>("grade") == grade &&
        any_matches(table.get<std::vector<std::string>>("match"), component) &&
        any_matches(
            table.get<std::vector<std::string>>("calls", {}),
            plain_id(call))) {
      return tolerance_of(table);
    }
  }
  return std::nullopt;
}

Json Reference::call_tolerances(const std::string& component) const {
  Json out;
  for (const Json& entry : list(toml, "tolerance")) {
    const Table table(entry, path.string() + " [[tolerance]]");
    if (entry.contains("calls") &&
        any_matches(table.get<std::vector<std::string>>("match"), component)) {
      Json rule = tolerance_of(table).json();
      rule["calls"] = entry.at("calls");
      out.push_back(rule);
    }
  }
  return out;
}

std::filesystem::path init(const Project& project, const std::string& model) {
  const bool plain =
      !model.empty() &&
      model.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789_-") ==
          std::string::npos;
  if (!plain) {
    throw ConfigError(fmt::format(
        "[portproof] `{}` cannot name a model: use small letters, digits, "
        "`_` and `-`",
        model));
  }
  const std::filesystem::path path = project.folder(model) / "reference.toml";
  if (std::filesystem::exists(path)) {
    throw ConfigError(
        fmt::format("[portproof] {} exists already", path.string()));
  }
  std::filesystem::create_directories(path.parent_path());
  mlxaudio::write_file(path, fmt::format(fmt::runtime(kSkeleton), model));
  return path;
}

} // namespace portproof
