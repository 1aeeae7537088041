// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "core/json.h"
#include "core/tensor.h"

namespace portproof {

/// One recorded call of a component.
struct Call {
  std::string id;
  /// Key of the reference that gave the result.
  std::string oracle;
  mlxaudio::Json args; ///< values; arrays as protocol.md says
  mlxaudio::Json result;
  mlxaudio::Json taps = {}; ///< what was computed on the way, in order; or null
  /// The file of calls that it is from, where that is one of a round's own.
  std::string from = {};
};

/// The recorded calls of one component.
struct Golden {
  std::filesystem::path path;
  std::string component;
  std::string sha256; ///< of the manifest, which holds that of the arrays
  std::string mlx;    ///< version that the recorder ran
  std::vector<Call> calls;
  std::map<std::string, mlxaudio::Tensor> arrays;

  /// \throws ConfigError if it is malformed, or edited since it was recorded
  static Golden load(const std::filesystem::path& manifest);

  bool has_oracle(const std::string& key) const;
  /// Adds calls of the same component that were recorded apart.
  /// \param prefix goes before their ids and the names of their arrays
  void add(const Golden& other, const std::string& prefix);
  /// Seeds of the random inputs.
  std::set<std::uint64_t> seeds() const;
};

/// Where the golden of a component lies in a folder.
std::filesystem::path golden_path(
    const std::filesystem::path& folder, const std::string& component);

/// Makes the array that a `$random` value describes: element i comes from
/// splitmix64(seed + i) alone, so any language can make the same.
/// \throws ConfigError
mlxaudio::Tensor random_array(const mlxaudio::Json& description);

/// Replaces `$random` values below `value` by arrays, which are added to
/// `arrays` under new names.
mlxaudio::Json expand(
    const mlxaudio::Json& value,
    std::map<std::string, mlxaudio::Tensor>& arrays);

/// Names of the arrays that a value refers to.
std::vector<std::string> array_names(const mlxaudio::Json& value);

} // namespace portproof
