// SPDX-License-Identifier: MIT
#include "portproof/upgrade.h"

#include <gtest/gtest.h>

#include "mlxaudio/error.h"

namespace portproof {
namespace {

using mlxaudio::Json;

Json row(
    const std::string& name,
    const std::string& source,
    const std::string& code,
    Json items = Json::array(),
    const std::string& signature = "(x)") {
  return {
      {"name", name},
      {"sha256", source},
      {"code", code},
      {"signature", signature},
      {"items", std::move(items)}};
}

Json item(
    const std::string& kind,
    const std::string& name,
    const std::string& value) {
  return {{"kind", kind}, {"name", name}, {"value", value}};
}

Json side(const std::string& version, Json rows, Json files, Json data) {
  return {
      {"version", version},
      {"components", std::move(rows)},
      {"files", std::move(files)},
      {"data", std::move(data)}};
}

TEST(Upgrade, NamesJustWhatChanged) {
  const Json listed = {
      {"package", "p"},
      {"from",
       side(
           "1",
           {row("p.same", "s", "c"),
            row("p.code", "s1", "c1", {item("option", "beam", "5")}),
            row("p.text", "s1", "c"),
            row("p", "s1", "c1", {item("constant", "RATE", "16000")}),
            row("p.gone", "s", "c"),
            row("p.a.moved", "m", "m"),
            row("p.typed", "s1", "c1", Json::array(), "(x: int)")},
           {"p/__init__.py", "p/old.py"},
           {{"p/t.json", "1"}, {"p/u.json", "1"}})},
      {"to",
       side(
           "2",
           {row("p.same", "s", "c"),
            row("p.code",
                "s2",
                "c2",
                {item("option", "beam", "6"), item("option", "seed", "None")}),
            row("p.text", "s2", "c"),
            row("p", "s2", "c2", Json::array()),
            row("p.new", "n", "n"),
            row("p.b.moved", "m", "m"),
            row("p.typed", "s2", "c2", Json::array(), "(x: float)")},
           {"p/__init__.py", "p/new.py"},
           {{"p/t.json", "2"}, {"p/u.json", "1"}})}};
  const Upgrade u = compare_versions(listed);
  EXPECT_EQ(u.same, 1);
  std::map<std::string, VersionChange> by_name;
  for (const VersionChange& c : u.changes) {
    by_name[c.name] = c;
  }
  ASSERT_EQ(by_name.size(), 7u);
  using Details = std::vector<std::string>;
  EXPECT_EQ(by_name.at("p.code").kind, VersionChange::Kind::code);
  EXPECT_EQ(
      by_name.at("p.code").details,
      (Details{"option beam: 5 -> 6", "new: option seed = None"}));
  EXPECT_EQ(by_name.at("p.text").kind, VersionChange::Kind::text);
  EXPECT_EQ(by_name.at("p").details, (Details{"gone: constant RATE = 16000"}));
  EXPECT_EQ(by_name.at("p.new").kind, VersionChange::Kind::added);
  EXPECT_EQ(by_name.at("p.gone").kind, VersionChange::Kind::removed);
  EXPECT_EQ(by_name.at("p.b.moved").kind, VersionChange::Kind::moved);
  EXPECT_EQ(by_name.at("p.b.moved").details, (Details{"was p.a.moved"}));
  EXPECT_EQ(
      by_name.at("p.typed").details,
      (Details{"signature: (x: int) -> (x: float)"}));
  EXPECT_EQ(u.files_added, (Details{"p/new.py"}));
  EXPECT_EQ(u.files_removed, (Details{"p/old.py"}));
  EXPECT_EQ(u.data_changed, (Details{"p/t.json"}));
  EXPECT_EQ(to_json(u).at("changes").size(), 7u);
}

TEST(Upgrade, AMalformedListIsRefused) {
  EXPECT_THROW(compare_versions({{"package", "p"}}), mlxaudio::ConfigError);
}

} // namespace
} // namespace portproof
