// SPDX-License-Identifier: MIT
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "core/json.h"
#include "portproof/adapter.h"

namespace portproof {

/// Where a project keeps what this program reads and writes.
struct Project {
  std::filesystem::path root; ///< holds `port/` and the progress document

  /// The nearest folder from `start` upwards that has a `port` folder.
  /// \throws ConfigError
  static Project find(const std::filesystem::path& start);

  std::filesystem::path folder(const std::string& model) const {
    return root / "port" / model;
  }
  /// Models that have a `reference.toml`, by name.
  std::vector<std::string> models() const;
  std::filesystem::path document() const {
    return root / "porting-progress.md";
  }
};

/// A rule that puts components in a stage or waives them.
struct Rule {
  std::vector<std::string> match;
  std::string text;      ///< the stage's name or the waiver's reason
  std::string why;       ///< of a stage
  bool required = false; ///< of a stage: what is missing of it is red
  bool reached = true;   ///< of a waiver: whether some run reaches it
};

/// One of the references: a package of the Python index, a commit of a git
/// repository, or a folder.
struct Package {
  enum class Kind { package, git, folder };
  Kind kind = Kind::package;
  std::string key, package, version;
  std::string file;   ///< archive, repository or folder
  std::string sha256; ///< what pins it: of the archive or folder, or the commit
  std::string root;   ///< folder in it that module names start from
  std::string license, url;
  bool decides = false;
  bool compare_only = false;
};

/// How far outputs of a component may be from the reference's.
struct Tolerance {
  double max_abs = 0;    ///< largest difference of one element
  double rel_l2 = 0;     ///< ||a-b|| / ||b||
  double norm_ratio = 0; ///< | ||a||/||b|| - 1 |
  std::string why;

  mlxaudio::Json json() const;
};

/// `port/<model>/reference.toml`, checked.
struct Reference {
  std::filesystem::path path;
  std::string model, title;
  std::vector<Package> packages;
  std::vector<Rule> waivers, stages;
  std::vector<Rule> slower; ///< answers for what is slower than the references
  std::vector<std::filesystem::path> sources; ///< below the root
  Adapter adapter;
  /// Whether recorded calls are kept with the references, not in the project.
  bool calls_in_workplace = false;
  std::string probes;     ///< folder beside the file
  std::string executable; ///< name of the program with the probes
  int time_limit = 60;    ///< \unit s
  std::string mlx;        ///< version that exact goldens rest on
  mlxaudio::Json toml;

  /// \throws ConfigError naming the key
  static Reference load(const Project& project, const std::string& model);

  const Package& deciding() const;
  /// The reference with a key, or null.
  const Package* find(const std::string& key) const;
  /// By the first rule that matches; nothing: no rule does.
  const Rule* waiver(const std::string& component) const;
  const Rule* stage(const std::string& component) const;
  const Rule* slower_answer(const std::string& component) const;
  /// The tolerance of a grade ("close", ...): the first [[tolerance]] that
  /// matches. All zero for "exact".
  std::optional<Tolerance> tolerance(
      const std::string& component, const std::string& grade) const;
  /// The tolerance of a single call, where a [[tolerance]] with `calls` names
  /// it; nothing: that of the component counts.
  std::optional<Tolerance> call_tolerance(
      const std::string& component,
      const std::string& grade,
      const std::string& call) const;
  /// What the [[tolerance]]s with `calls` say of a component, for its
  /// fingerprint, and their patterns. Null: there are none.
  mlxaudio::Json call_tolerances(const std::string& component) const;
};

/// Writes the skeleton of a `reference.toml`.
/// \throws OutputError, ConfigError if there is one already
std::filesystem::path init(const Project& project, const std::string& model);

/// The id of a call without the round that it was recorded for: a call keeps
/// its tolerance whatever its inputs.
std::string plain_id(const std::string& call);

} // namespace portproof
