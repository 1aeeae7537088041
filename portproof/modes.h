// SPDX-License-Identifier: MIT
#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/json.h"
#include "portproof/reference.h"

namespace portproof {

/// A way to use a model, which a test must show: `[[mode]]` of reference.toml.
struct Mode {
  enum class Kind { loading, inference };
  std::string name;
  Kind kind = Kind::inference;
  std::vector<std::string> tests; ///< patterns of names; `*` is anything
  std::string input;              ///< the audio or text that it is shown on
  std::string generates;          ///< sound file below `/tmp/test`
};

/// The modes of a port.
/// \throws ConfigError naming the mode and the key; also if none is of loading
/// or none of inference
std::vector<Mode> modes_of(const Reference& reference);

enum class TestOutcome { passed, failed, skipped };

/// Names in the list that `ctest --show-only=json-v1` prints.
/// \param name what messages call the text
std::vector<std::string> registered_tests(
    std::string_view json, const std::string& name);

/// Outcomes by test, of a report in JUnit's XML (ctest, pytest and others write
/// it). Disabled tests are skipped ones.
/// \throws ConfigError if the text has no test case
std::map<std::string, TestOutcome> junit_outcomes(
    std::string_view xml, const std::string& name);

/// What is known of one mode.
struct ModeState {
  Mode mode;
  std::vector<std::string> tests; ///< registered ones that match
  int passed = 0, failed = 0, skipped = 0;
  std::string wrong; ///< why it is red; empty: it is not
};

/// \param outcomes nothing: whether tests pass is not asked
std::vector<ModeState> check_modes(
    const std::vector<Mode>& modes,
    const std::vector<std::string>& registered,
    const std::optional<std::map<std::string, TestOutcome>>& outcomes);

/// Says what is wrong with the sound file that a mode generates: absent, older
/// than `since`, no WAV, or without samples. Empty: nothing.
std::string generated_wrong(
    const std::filesystem::path& file, std::filesystem::file_time_type since);

/// The folder of generated sound files.
std::filesystem::path generated_folder();

/// A test for each mode that has none, in C++ for GoogleTest. It does not
/// compile until each is written.
std::string test_skeleton(
    const std::string& model, const std::vector<ModeState>& states);

} // namespace portproof
