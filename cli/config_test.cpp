// SPDX-License-Identifier: MIT
#include "cli/config.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <map>
#include <optional>

#include <fmt/format.h>

#include "core/expect_error.h"
#include "core/temp_folder.h"

namespace mlxaudio::cli {
namespace {

/// Sets a variable of the environment, and what it was at the end.
class Variable {
 public:
  Variable(const char* name, const char* value) : name_(name) {
    if (const char* before = std::getenv(name)) {
      before_ = before;
    }
    if (value) {
      ::setenv(name, value, 1);
    } else {
      ::unsetenv(name);
    }
  }
  Variable(const Variable&) = delete;
  Variable& operator=(const Variable&) = delete;
  ~Variable() {
    if (before_) {
      ::setenv(name_, before_->c_str(), 1);
    } else {
      ::unsetenv(name_);
    }
  }

 private:
  const char* name_;
  std::optional<std::string> before_;
};

class ConfigTest : public testing::Test {
 protected:
  Option option(const std::string& name, const std::string& value) {
    Option one;
    one.name = name;
    one.value = value;
    one.set = [this, name](const std::string& text) {
      if (text == "bad") {
        throw ArgumentError("expected something good");
      }
      set_[name] = text;
    };
    return one;
  }

  Verb verb() {
    Option width = option("--line-width", "N");
    width.aliases = {"-w", "--cols"};
    Option parts = option("--parts", "A,B");
    parts.is_list = true;
    Option sure = option("--sure", "True|False");
    sure.choices = {"True", "False"};
    Option own = option("--own", "");
    own.configurable = false;
    Verb one;
    one.name = "try";
    one.groups = {
        {"One",
         {width,
          option("--level", "X"),
          option("--loud", ""),
          parts,
          sure,
          own}},
        config_options()};
    one.configurable = true;
    return one;
  }

  std::vector<Verb> verbs() {
    Verb other = verb();
    other.name = "other";
    Verb plain;
    plain.name = "plain";
    return {verb(), other, plain};
  }

  ConfigFile file(const std::string& text) {
    const auto path = folder_.path() / "config.toml";
    std::ofstream(path) << text;
    return {path, true};
  }

  Defaults read(const std::string& text) {
    return file_defaults(file(text), verbs(), verb());
  }

  void expect_refused(
      const std::string& text, const std::vector<std::string>& parts) {
    std::vector<std::string> all = parts;
    all.push_back((folder_.path() / "config.toml").string());
    expect_error<ArgumentError>([&] { read(text); }, all);
  }

  TempFolder folder_;
  std::map<std::string, std::string> set_;
};

TEST_F(ConfigTest, ValuesBecomeWhatStandsOnACommandLine) {
  const Defaults found = read(
      "[try]\nline-width = 20 # dashes too\nlevel = 0.5\nloud = true\n"
      "[other]\ncols = \"wide\"\n");
  ASSERT_EQ(found.size(), 3u);
  EXPECT_EQ(found.at("--line-width").value, "20");
  EXPECT_EQ(found.at("--level").value, "0.5");
  EXPECT_EQ(found.at("--loud").value, "True");
  EXPECT_NE(
      found.at("--level").origin.find("config.toml, line 3, level"),
      std::string::npos);
  EXPECT_EQ(
      read("[try]\nparts = [1, 2.5, \"x\"]\n").at("--parts").value,
      "1,2.5,x");
  EXPECT_EQ(read("try.level = true").at("--level").value, "True");
  EXPECT_TRUE(read("[other]\nlevel = 1\n").empty());
  EXPECT_TRUE(read("").empty());
}

TEST_F(ConfigTest, TruthValuesAreReadAlikeEverywhere) {
  for (const char* const text : {"true", "1", "\"True\"", "\"true\""}) {
    const Defaults found =
        read(fmt::format("[try]\nloud = {}\nsure = {}\n", text, text));
    EXPECT_EQ(found.at("--loud").value, "True") << text;
    EXPECT_EQ(found.at("--sure").value, "True") << text;
  }
  for (const char* const text : {"false", "0", "False"}) {
    const Variable loud("MLXAUDIO_TRY_LOUD", text);
    const Variable sure("MLXAUDIO_TRY_SURE", text);
    const Defaults found = environment_defaults(verb());
    EXPECT_EQ(found.at("--loud").value, "False") << text;
    EXPECT_EQ(found.at("--sure").value, "False") << text;
  }
  expect_refused("[try]\nsure = \"yes\"", {"line 2", "sure", "True or False"});
}

TEST_F(ConfigTest, ErrorsNameTheLineAndTheKeyAndWhatMayBeMeant) {
  expect_refused(
      "[try]\n\nlin_width = 3",
      {"line 3", "lin_width", "line_width"});
  expect_refused("[tri]\nlevel = 3", {"tri", "perhaps try?"});
  expect_refused("[plain]\n", {"plain", "[try], [other]"});
  expect_refused("level = 3", {"line 1", "level", "[try]"});
  expect_refused("[other]\nnothing = 3", {"line 2", "nothing"});
  expect_refused("[try]\nown = true", {"line 2", "own"});
  expect_refused("[try]\nconfig = \"x\"", {"line 2", "config"});
  expect_refused("[try]\nloud = 3", {"line 2", "loud", "True or False"});
  expect_refused("[try]\nlevel = {a = 1}", {"line 2", "level"});
  expect_refused("[try]\nlevel = [1, 2]", {"line 2", "level", "a list"});
  expect_refused("[try]\nparts = [[1]]", {"line 2", "parts"});
  expect_refused("[try]\ncols = 1\nline_width = 2", {"line 3", "twice"});
  expect_refused("[try]\nlevel = yes", {"line 2", "yes"});
}

TEST_F(ConfigTest, ANamedFileMustBeThere) {
  EXPECT_TRUE(
      file_defaults({folder_.path() / "none.toml", false}, verbs(), verb())
          .empty());
  for (const auto& path : {folder_.path() / "none.toml", folder_.path()}) {
    expect_error<ArgumentError>(
        [&] {
          file_defaults({path, true}, verbs(), verb());
        },
        {path.string()});
  }
}

TEST_F(ConfigTest, TheEnvironmentHasAPrefixOfItsOwn) {
  EXPECT_EQ(
      variable_of(verb(), verb().groups[0].options[0]),
      "MLXAUDIO_TRY_LINE_WIDTH");
  const Variable width("MLXAUDIO_TRY_LINE_WIDTH", "7");
  const Variable level("MLXAUDIO_TRY_LEVEL", "");
  const Variable loud("MLXAUDIO_TRY_LOUD", "1");
  const Defaults found = environment_defaults(verb());
  ASSERT_EQ(found.size(), 2u);
  EXPECT_EQ(found.at("--line-width").value, "7");
  EXPECT_EQ(found.at("--line-width").origin, "MLXAUDIO_TRY_LINE_WIDTH");
  EXPECT_EQ(found.at("--loud").value, "True");
  {
    const Variable wrong("MLXAUDIO_TRY_LEVL", "7");
    expect_error<ArgumentError>(
        [&] { environment_defaults(verb()); },
        {"MLXAUDIO_TRY_LEVL", "perhaps MLXAUDIO_TRY_LEVEL?"});
  }
  const Variable wrong("MLXAUDIO_TRY_LOUD", "loudly");
  expect_error<ArgumentError>(
      [&] { environment_defaults(verb()); },
      {"MLXAUDIO_TRY_LOUD", "loudly"});
}

TEST_F(ConfigTest, TheLineComesBeforeTheEnvironmentAndThatBeforeTheFile) {
  const Variable level("MLXAUDIO_TRY_LEVEL", "environment");
  const ConfigFile config =
      file("[try]\nlevel = \"file\"\ncols = \"file\"\nloud = true\n");
  const auto run = [&](const std::vector<std::string>& words) {
    set_.clear();
    const Verb one = verb();
    apply(one, read_line(one, words), find_defaults(config, verbs(), one));
    return set_;
  };
  EXPECT_EQ(
      run({}),
      (std::map<std::string, std::string>{
          {"--level", "environment"},
          {"--line-width", "file"},
          {"--loud", ""}}));
  EXPECT_EQ(run({"--level=line"})["--level"], "line");
  EXPECT_EQ(run({"--no-loud"}).count("--loud"), 0u);
  EXPECT_EQ(run({"--no-loud", "--loud"}).count("--loud"), 1u);
}

TEST_F(ConfigTest, ABadDefaultIsNamedByItsPlace) {
  const ConfigFile config = file("[try]\n\nlevel = \"bad\"\n");
  const Verb one = verb();
  const Defaults defaults = find_defaults(config, verbs(), one);
  expect_error<ArgumentError>(
      [&] { apply(one, read_line(one, {}), defaults); },
      {"config.toml, line 3, level", "something good"});
  EXPECT_NO_THROW(apply(one, read_line(one, {"--level", "good"}), defaults));
}

TEST_F(ConfigTest, TheFileIsFoundWhereItIsLookedFor) {
  const Variable home("HOME", "/home/somebody");
  const Variable xdg("XDG_CONFIG_HOME", nullptr);
  const Variable named("MLXAUDIO_CONFIG", nullptr);
  EXPECT_EQ(
      config_file()->path,
      "/home/somebody/.config/mlx-audio/config.toml");
  EXPECT_FALSE(config_file()->named);
  {
    const Variable elsewhere("XDG_CONFIG_HOME", "/etc/xdg");
    EXPECT_EQ(config_file()->path, "/etc/xdg/mlx-audio/config.toml");
    const Variable mine("MLXAUDIO_CONFIG", "mine.toml");
    EXPECT_EQ(config_file()->path, "mine.toml");
    EXPECT_TRUE(config_file()->named);
    const Variable none("MLXAUDIO_CONFIG", "/dev/null");
    EXPECT_FALSE(config_file().has_value());
  }
  const Verb one = verb();
  EXPECT_EQ(
      config_file(read_line(one, {"--config", "line.toml"}))->path,
      "line.toml");
  EXPECT_FALSE(config_file(read_line(one, {"--no-config"})).has_value());
  EXPECT_TRUE(config_file(read_line(one, {})).has_value());
  EXPECT_THROW(
      config_file(read_line(one, {"--no-config", "--config=x"})),
      ArgumentError);
  EXPECT_THROW(config_file(read_line(one, {"--config="})), ArgumentError);
  const Variable homeless("HOME", nullptr);
  EXPECT_FALSE(config_file().has_value());
}

} // namespace
} // namespace mlxaudio::cli
