// SPDX-License-Identifier: MIT
#include "portproof/modes.h"

#include <algorithm>
#include <cctype>
#include <set>

#include <fmt/format.h>

#include "core/mapped_file.h"
#include "mlxaudio/error.h"
#include "portproof/text.h"

namespace portproof {
namespace {

namespace fs = std::filesystem;
using mlxaudio::ConfigError;
using mlxaudio::Json;

std::string text_of(
    const Json& entry, const char* key, const std::string& where) {
  const auto it = entry.find(key);
  if (it == entry.end()) {
    return {};
  }
  if (!it->is_string()) {
    throw ConfigError(fmt::format("{}: `{}` must be a text", where, key));
  }
  return it->get<std::string>();
}

/// What comes of `&amp;` and its like in an attribute.
std::string unescaped(std::string_view text) {
  static const std::vector<std::pair<std::string_view, std::string_view>>
      kNames = {
          {"&amp;", "&"},
          {"&lt;", "<"},
          {"&gt;", ">"},
          {"&quot;", "\""},
          {"&apos;", "'"}};
  std::string out;
  for (std::size_t at = 0; at < text.size();) {
    const auto it =
        std::find_if(kNames.begin(), kNames.end(), [&](const auto& n) {
          return text.substr(at).starts_with(n.first);
        });
    if (it == kNames.end()) {
      out += text[at++];
    } else {
      out += it->second;
      at += it->first.size();
    }
  }
  return out;
}

std::string attribute(std::string_view tag, std::string_view name) {
  const std::string key = fmt::format(" {}=", name);
  const std::size_t at = tag.find(key);
  if (at == std::string_view::npos || at + key.size() >= tag.size()) {
    return {};
  }
  const std::size_t begin = at + key.size() + 1;
  const std::size_t end = tag.find(tag[begin - 1], begin);
  return unescaped(tag.substr(begin, end - begin));
}

/// Where a tag ends: quotes may hold `>`.
std::size_t end_of_tag(std::string_view xml, std::size_t at) {
  char quote = 0;
  for (; at < xml.size(); ++at) {
    if (quote != 0) {
      quote = xml[at] == quote ? '\0' : quote;
    } else if (xml[at] == '"' || xml[at] == '\'') {
      quote = xml[at];
    } else if (xml[at] == '>') {
      return at;
    }
  }
  return std::string_view::npos;
}

bool contains(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

/// "word timestamps" as "WordTimestamps".
std::string case_name(const std::string& name) {
  std::string out;
  bool begins = true;
  for (const char c : name) {
    if (std::isalnum(static_cast<unsigned char>(c)) == 0) {
      begins = true;
      continue;
    }
    out += begins
               ? static_cast<char>(std::toupper(static_cast<unsigned char>(c)))
               : c;
    begins = false;
  }
  return out;
}

} // namespace

std::vector<Mode> modes_of(const Reference& reference) {
  const std::string file =
      fmt::format("[portproof] {}:", reference.path.string());
  const auto list = reference.toml.find("mode");
  if (list == reference.toml.end()) {
    throw ConfigError(fmt::format(
        "{} there is no [[mode]]: name one for loading and one for each way "
        "to use the model, with its tests",
        file));
  }
  std::vector<Mode> out;
  std::set<std::string> names;
  for (const Json& entry : *list) {
    Mode mode;
    mode.name = text_of(entry, "name", file + " a [[mode]]");
    if (mode.name.empty() || !names.insert(mode.name).second) {
      throw ConfigError(fmt::format(
          "{} a [[mode]] lacks `name`, or has that of another: `{}`",
          file,
          mode.name));
    }
    const std::string where = fmt::format("{} [[mode]] {}", file, mode.name);
    const std::string kind = text_of(entry, "kind", where);
    if (kind != "loading" && kind != "inference") {
      throw ConfigError(fmt::format(
          "{}: `kind` is `{}`: write loading or inference",
          where,
          kind));
    }
    mode.kind = kind == "loading" ? Mode::Kind::loading : Mode::Kind::inference;
    const Json tests = entry.value("tests", Json::array());
    for (const Json& test : tests) {
      if (!test.is_string()) {
        throw ConfigError(where + ": `tests` must be a list of names");
      }
      mode.tests.push_back(test.get<std::string>());
    }
    const std::string audio = text_of(entry, "audio", where);
    mode.input = audio.empty() ? text_of(entry, "text", where) : audio;
    if (mode.input.empty() && mode.kind == Mode::Kind::inference) {
      throw ConfigError(
          where + ": name the `audio` (or the `text`) that it is shown on");
    }
    mode.generates = text_of(entry, "generates", where);
    const fs::path generates = mode.generates;
    const bool outside =
        generates.is_absolute() ||
        std::find(generates.begin(), generates.end(), "..") != generates.end();
    if (outside) {
      throw ConfigError(fmt::format(
          "{}: `generates` must be a path below {}",
          where,
          generated_folder().string()));
    }
    out.push_back(std::move(mode));
  }
  for (const Mode::Kind kind : {Mode::Kind::loading, Mode::Kind::inference}) {
    if (std::none_of(out.begin(), out.end(), [&](const Mode& m) {
          return m.kind == kind;
        })) {
      throw ConfigError(fmt::format(
          "{} no [[mode]] is of kind {}",
          file,
          kind == Mode::Kind::loading ? "loading" : "inference"));
    }
  }
  return out;
}

std::vector<std::string> registered_tests(
    std::string_view json, const std::string& name) {
  std::vector<std::string> out;
  // Not by parse_json: thousands of tests are more than its limits for
  // configuration allow.
  const Json list = Json::parse(json, nullptr, /*allow_exceptions=*/false);
  const auto tests = list.is_object() ? list.find("tests") : list.end();
  if (!list.is_object() || tests == list.end() || !tests->is_array()) {
    throw ConfigError(fmt::format(
        "[portproof] {} is no list of tests: make it with `ctest "
        "--show-only=json-v1`",
        name));
  }
  for (const Json& test : *tests) {
    if (test.is_object() && test.contains("name") &&
        test.at("name").is_string()) {
      out.push_back(test.at("name").get<std::string>());
    }
  }
  return out;
}

std::map<std::string, TestOutcome> junit_outcomes(
    std::string_view xml, const std::string& name) {
  constexpr std::string_view kCase = "<testcase";
  std::map<std::string, TestOutcome> out;
  for (std::size_t at = xml.find(kCase); at != std::string_view::npos;
       at = xml.find(kCase, at + 1)) {
    const std::size_t end = end_of_tag(xml, at);
    if (end == std::string_view::npos) {
      break;
    }
    const std::string_view tag = xml.substr(at, end - at);
    std::string_view inside;
    if (!tag.ends_with('/')) {
      const std::size_t close = xml.find("</testcase>", end);
      inside = xml.substr(end, close - end);
    }
    const std::string status = attribute(tag, "status");
    const bool failed = contains(inside, "<failure") ||
                        contains(inside, "<error") || status == "fail";
    const bool skipped = contains(inside, "<skipped") || status == "notrun" ||
                         status == "disabled";
    out[attribute(tag, "name")] = failed    ? TestOutcome::failed
                                  : skipped ? TestOutcome::skipped
                                            : TestOutcome::passed;
  }
  if (out.empty()) {
    throw ConfigError(fmt::format(
        "[portproof] {} has no test case: make it with `ctest --output-junit`",
        name));
  }
  return out;
}

std::vector<ModeState> check_modes(
    const std::vector<Mode>& modes,
    const std::vector<std::string>& registered,
    const std::optional<std::map<std::string, TestOutcome>>& outcomes) {
  std::vector<ModeState> out;
  for (const Mode& mode : modes) {
    ModeState state{mode, {}, 0, 0, 0, {}};
    std::string failed;
    std::string idle;
    for (const std::string& pattern : mode.tests) {
      bool any = false;
      for (const std::string& test : registered) {
        if (!matches(pattern, test)) {
          continue;
        }
        any = true;
        if (std::find(state.tests.begin(), state.tests.end(), test) !=
            state.tests.end()) {
          continue;
        }
        state.tests.push_back(test);
        const auto it =
            outcomes ? outcomes->find(test)
                     : std::map<std::string, TestOutcome>::const_iterator();
        if (!outcomes || it == outcomes->end()) {
          continue;
        }
        state.passed += it->second == TestOutcome::passed ? 1 : 0;
        state.skipped += it->second == TestOutcome::skipped ? 1 : 0;
        if (it->second == TestOutcome::failed) {
          ++state.failed;
          failed = test;
        }
      }
      if (!any) {
        idle = pattern;
      }
    }
    if (state.tests.empty()) {
      state.wrong = mode.tests.empty()
                        ? "no test"
                        : fmt::format("no test is called `{}`", idle);
    } else if (!idle.empty()) {
      state.wrong = fmt::format("no test is called `{}`", idle);
    } else if (state.failed > 0) {
      state.wrong = fmt::format("{} failed", failed);
    } else if (outcomes && state.passed == 0) {
      state.wrong = state.skipped > 0 ? "all its tests were skipped"
                                      : "none of its tests was run";
    }
    out.push_back(std::move(state));
  }
  return out;
}

std::string generated_wrong(const fs::path& file, fs::file_time_type since) {
  std::error_code none;
  if (!fs::is_regular_file(file, none)) {
    return fmt::format("{} was not made", file.string());
  }
  if (fs::last_write_time(file, none) < since) {
    return fmt::format("{} is of an earlier run", file.string());
  }
  const std::string bytes =
      mlxaudio::read_file(file, mlxaudio::ErrorCode::audio);
  const bool wav = bytes.size() >= 12 && bytes.starts_with("RIFF") &&
                   std::string_view(bytes).substr(8, 4) == "WAVE";
  if (!wav) {
    return fmt::format("{} is no WAV file", file.string());
  }
  constexpr std::size_t kHeader = 44; // the shortest that a sample can follow
  const std::size_t data = bytes.find("data");
  if (data == std::string::npos ||
      bytes.size() <= std::max(kHeader, data + 8)) {
    return fmt::format("{} has no samples", file.string());
  }
  return {};
}

fs::path generated_folder() {
  return "/tmp/test";
}

std::string test_skeleton(
    const std::string& model, const std::vector<ModeState>& states) {
  std::string out;
  for (const ModeState& s : states) {
    if (!s.tests.empty()) {
      continue;
    }
    out += fmt::format(
        "\nTEST({}, {}) {{\n"
        "  static_assert(\n      false, \"PORT THIS: a test of {}, "
        "{}{}\");\n}}\n",
        case_name(model),
        case_name(s.mode.name),
        s.mode.kind == Mode::Kind::loading ? "loading" : "inference",
        s.mode.name,
        s.mode.input.empty() ? "" : ", on " + s.mode.input);
  }
  return out.empty() ? out
                     : "// SPDX-License-Identifier: MIT\n"
                       "#include <gtest/gtest.h>\n" +
                           out;
}

} // namespace portproof
