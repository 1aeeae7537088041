// SPDX-License-Identifier: MIT
#include "portproof/map.h"

#include <gtest/gtest.h>

#include "mlxaudio/error.h"
#include "portproof/html.h"
#include "portproof/tests/project.h"

namespace portproof {
namespace {

using mlxaudio::Json;
using test::FakeProject;

/// A model with a list of two blocks, which runs them and adds what went in.
Json recorded() {
  return Json::parse(R"({
 "format": 1, "model": "fake", "about": "Two blocks.",
 "references": {"torch": {
  "package": "fake", "version": "1", "sha256": "abc", "runtime": "torch", "recorded": 7,
  "modules": {"name": "", "class": "fake.Model", "count": 1234567,
   "parameters": [["scale", [8], "float16"]],
   "children": [{"name": "blocks.0-1", "class": "fake.Block", "count": 72, "times": 2,
     "parameters": [["weight", [8, 8], "float32"], ["bias", [8], "float32"]]}]},
  "calls": [
   {"name": "fake.run", "kind": "function", "inputs": [["x", [1, 8], "float32"]],
    "outputs": [["", [1, 8], "float32"]], "from": [], "calls": [
     {"name": "fake.check", "kind": "function", "from": []},
     {"name": "blocks.0-1", "kind": "module", "times": 2, "inputs": [["x", [1, 8], "float32"], ["cache", [1, "3-5", 8], "float32", "2-4"]],
      "outputs": [["", [1, 8], "float32"]], "from": ["in"]},
     {"loop": [{"name": "fake.a<b>", "kind": "function", "outputs": [["", [3], "int64"]], "from": []}], "times": "2-3", "from": [1]},
     {"name": "fake.add", "kind": "function", "inputs": [["a", [1, 8], "float32"]], "from": [1, "in"]}]}]}}})");
}

struct Recorded {
  Recorded() {
    fake.write("port/fake/map.json", sealed_map(recorded()));
  }
  Map map() const {
    const Project project{fake.root()};
    return Map::load(project, Reference::load(project, "fake"));
  }
  FakeProject fake;
};

std::string message(const Recorded& r) {
  try {
    r.map();
  } catch (const mlxaudio::ConfigError& e) {
    return e.what();
  }
  return "";
}

TEST(Map, PrintsModulesCallsAndFlow) {
  const Recorded r;
  EXPECT_EQ(
      map_text(r.map(), {}),
      R"(torch: fake 1, 1,234,567 parameters

Modules
  (model)  fake.Model  1,234,567  scale [8] float16
    blocks.0-1  2 x fake.Block  72  weight [8, 8]  bias [8]

Calls, in order: Two blocks.
  fake.run  x [1, 8]  -> [1, 8]
    2 x blocks.0-1  x [1, 8], cache 2-4 x [1, 3-5, 8]  -> [1, 8]   <- caller
    2-3 x loop   <- blocks.0-1
      fake.a<b>  -> [3] int64
    fake.add  a [1, 8]   <- blocks.0-1, caller
  (1 without arrays are left out; --all shows them)
)");
}

TEST(Map, ShowsLessOrMoreWhenTold) {
  const Recorded r;
  const std::string shallow = map_text(r.map(), {"torch", 1, false});
  EXPECT_EQ(shallow.find("blocks.0"), std::string::npos) << shallow;
  const std::string all = map_text(r.map(), {"", 99, true});
  EXPECT_NE(all.find("    fake.check\n"), std::string::npos) << all;
  EXPECT_EQ(all.find("left out"), std::string::npos);
  EXPECT_THROW(map_text(r.map(), {"jax", 9, false}), mlxaudio::ConfigError);
  EXPECT_THROW(map_svg(r.map(), "jax", 9, false), mlxaudio::ConfigError);
}

TEST(Map, DrawsABoxForEachCallAndAnArrowForEachFlow) {
  const Recorded r;
  const std::string svg = map_svg(r.map(), "torch", 9, true);
  const auto count = [&](const std::string& what) {
    int n = 0;
    for (std::size_t at = svg.find(what); at != std::string::npos;
         at = svg.find(what, at + 1)) {
      ++n;
    }
    return n;
  };
  // The whole, run, the blocks, the loop and what is in it, the sum.
  EXPECT_EQ(count("<rect class="), 6);
  EXPECT_EQ(count("class=\"flow\""), 4);
  EXPECT_EQ(count("<g>"), count("</g>"));
  EXPECT_NE(svg.find("fake.a&lt;b&gt;"), std::string::npos);
  EXPECT_EQ(svg.find("a<b>"), std::string::npos);
  EXPECT_NE(svg.find("<style>"), std::string::npos) << "alone it needs colours";
  EXPECT_EQ(
      map_svg(r.map(), "torch", 9, false).find("<style>"),
      std::string::npos);
}

TEST(Map, ThePageNeedsNothingElse) {
  const Recorded r;
  const std::string page = map_html(r.map(), {});
  for (const char* from :
       {"src=\"http", "href=\"http", "url(http", "@import"}) {
    EXPECT_EQ(page.find(from), std::string::npos) << from;
  }
  EXPECT_NE(page.find("1,234,567"), std::string::npos);
  EXPECT_NE(page.find("<svg"), std::string::npos);
}

TEST(Map, AnEditByHandIsRefused) {
  const Recorded r;
  r.fake.replace("port/fake/map.json", "1234567", "1234568");
  EXPECT_NE(message(r).find("was edited by hand"), std::string::npos);
}

TEST(Map, OneOfAnotherPackageIsRefused) {
  const Recorded r;
  r.fake.replace("port/fake/reference.toml", "\"abc\"", "\"def\"");
  EXPECT_NE(message(r).find("was made from another"), std::string::npos);
}

TEST(Map, AbsentCutOrMalformedIsSaidWithTheMend) {
  const Recorded r;
  const auto path = r.fake.path("port/fake/map.json");
  const std::string whole = r.fake.read("port/fake/map.json");
  r.fake.write("port/fake/map.json", whole.substr(0, whole.size() / 2));
  EXPECT_NE(message(r).find("map.json"), std::string::npos);
  Json other = recorded();
  other["references"]["torch"].erase("calls");
  r.fake.write("port/fake/map.json", sealed_map(other));
  EXPECT_NE(message(r).find("is malformed"), std::string::npos);
  std::filesystem::remove(path);
  EXPECT_NE(
      message(r).find("run `portproof map fake --record`"),
      std::string::npos);
}

TEST(Map, TheFileIsTheSameHoweverOftenItIsSealed) {
  const std::string once = sealed_map(recorded());
  EXPECT_EQ(sealed_map(Json::parse(once)), once);
}

TEST(Html, KeepsTextApartFromMarkup) {
  EXPECT_EQ(
      html("a<b> & \"c\" 'd'"),
      "a&lt;b&gt; &amp; &quot;c&quot; &#39;d&#39;");
  EXPECT_EQ(html("日本 \xf0\x9f\x8e\x89"), "日本 \xf0\x9f\x8e\x89");
  EXPECT_EQ(html("\xff\xc3(\x01"), "\xef\xbf\xbd\xef\xbf\xbd(\xef\xbf\xbd");
  EXPECT_EQ(html("\xed\xa0\x80").find('\xed'), std::string::npos);
}

} // namespace
} // namespace portproof
