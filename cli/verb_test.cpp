// SPDX-License-Identifier: MIT
#include "cli/verb.h"

#include <gtest/gtest.h>

#include <map>

#include "cli/help.h"
#include "mlxaudio/error.h"

namespace mlxaudio::cli {
namespace {

using Words = std::vector<std::string>;

class VerbTest : public testing::Test {
 protected:
  Option option(
      const std::string& name,
      const std::string& value,
      const std::string& default_value = "") {
    return {
        .name = name,
        .value = value,
        .default_value = default_value,
        .unit = "",
        .help = "what it does",
        .set = [this, name](const std::string& text) { set_[name] = text; }};
  }

  Verb verb() {
    Option folder = option("--output-dir", "DIR");
    folder.aliases = {"-o", "--out-folder"};
    return {
        .name = "try",
        .summary = "tries",
        .description = "",
        .positional = {.name = "FILE...", .help = "", .least = 1, .most = 3},
        .groups =
            {{"One", {folder, option("--level", "N", "-1.0")}},
             {"Two", {option("--quick", "")}}},
        .examples = {}};
  }

  std::string error_of(const Words& arguments) {
    try {
      parse(verb(), arguments);
    } catch (const ArgumentError& e) {
      return e.what();
    }
    return "no error";
  }

  std::map<std::string, std::string> set_;
};

TEST_F(VerbTest, SetsOptionsAndReturnsTheRest) {
  EXPECT_EQ(
      parse(verb(), {"a", "--output-dir", "x", "b", "--quick"}),
      (Words{"a", "b"}));
  EXPECT_EQ(set_["--output-dir"], "x");
  EXPECT_EQ(set_.count("--quick"), 1u);
}

TEST_F(VerbTest, DefaultsAreSetAndSwitchesAreNot) {
  parse(verb(), {"a"});
  EXPECT_EQ(set_, (std::map<std::string, std::string>{{"--level", "-1.0"}}));
}

TEST_F(VerbTest, EverySpellingIsTheSame) {
  for (const Words& words :
       {Words{"--output-dir", "x"},
        Words{"--output-dir=x"},
        Words{"--output_dir", "x"},
        Words{"--output_dir=x"},
        Words{"--out_folder=x"},
        Words{"-o", "x"},
        Words{"-ox"}}) {
    set_.clear();
    Words line = words;
    line.push_back("a");
    EXPECT_EQ(parse(verb(), line), Words{"a"}) << words.front();
    EXPECT_EQ(set_["--output-dir"], "x") << words.front();
  }
}

TEST_F(VerbTest, ValuesMayLookLikeOptionsOrBeEmpty) {
  parse(verb(), {"--level", "-2.5", "a"});
  EXPECT_EQ(set_["--level"], "-2.5");
  EXPECT_EQ(parse(verb(), {"--level=", "a"}), Words{"a"});
  EXPECT_EQ(set_["--level"], "");
  EXPECT_EQ(parse(verb(), {"--level", "", "a"}), Words{"a"});
  EXPECT_EQ(parse(verb(), {"--level=a=b", "a"}), Words{"a"});
  EXPECT_EQ(set_["--level"], "a=b");
}

TEST_F(VerbTest, TheLastValueCounts) {
  parse(verb(), {"--level", "1", "a", "--level", "2"});
  EXPECT_EQ(set_["--level"], "2");
}

TEST_F(VerbTest, TwoDashesEndTheOptions) {
  EXPECT_EQ(
      parse(verb(), {"--", "--quick", "--level=3"}),
      (Words{"--quick", "--level=3"}));
  EXPECT_EQ(set_.count("--quick"), 0u);
}

TEST_F(VerbTest, ADashIsAnArgument) {
  EXPECT_EQ(parse(verb(), {"-"}), Words{"-"});
}

TEST_F(VerbTest, ErrorsNameTheOption) {
  EXPECT_NE(error_of({"--levl", "1", "a"}).find("--level"), std::string::npos);
  EXPECT_NE(
      error_of({"--zzzzzzzz", "a"}).find("unknown option --zzzzzzzz"),
      std::string::npos);
  EXPECT_NE(error_of({"a", "--level"}).find("--level"), std::string::npos);
  EXPECT_NE(error_of({}).find("FILE..."), std::string::npos);
  EXPECT_NE(error_of({"a", "b", "c", "dd"}).find("\"dd\""), std::string::npos);
  EXPECT_NE(error_of({"-z", "a"}).find("-z"), std::string::npos);
}

TEST_F(VerbTest, HelpAndDocsListEveryOption) {
  const std::string page = help(verb());
  const std::string docs = markdown({verb()});
  for (const char* part :
       {"--output-dir DIR", "--level N", "--quick", "-1.0", "what it does"}) {
    EXPECT_NE(page.find(part), std::string::npos) << part;
    EXPECT_NE(docs.find(part), std::string::npos) << part;
  }
}

} // namespace
} // namespace mlxaudio::cli
