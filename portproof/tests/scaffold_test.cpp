// SPDX-License-Identifier: MIT
#include <gtest/gtest.h>

#include <regex>

#include "mlxaudio/error.h"
#include "portproof/outline.h"
#include "portproof/process.h"
#include "portproof/tests/project.h"

namespace portproof {
namespace {

using mlxaudio::Json;
using test::FakeProject;

Component component(const char* text) {
  Component c;
  c.row = Json::parse(text);
  c.name = c.row.at("name");
  c.kind = c.row.at("kind");
  c.file = "fake/net.py";
  c.line = c.row.at("line");
  return c;
}

/// A module with a layer, a weight of its own and a list of blocks; options;
/// a function; constants.
Inventory inventory() {
  Inventory out;
  out.components = {
      component(
          R"j({"name": "fake.net", "kind": "constants", "line": 3, "items": [
        {"name": "HOP_LENGTH", "kind": "constant", "line": 3, "value": "160"},
        {"name": "RATE", "kind": "constant", "line": 4, "value": "0.5"}]})j"),
      component(
          R"j({"name": "fake.net.Options", "kind": "dataclass", "line": 6, "items": [
        {"name": "task", "kind": "field", "line": 7, "type": "str", "value": "'say'"},
        {"name": "size", "kind": "field", "line": 8, "type": "Optional[int]", "value": "None"}]})j"),
      component(
          R"j({"name": "fake.net.Net", "kind": "module", "line": 10, "items": [
        {"name": "__init__", "kind": "method", "line": 11, "signature": "(self, n_in: int, n: int, bias: bool=True)"},
        {"name": "forward", "kind": "method", "line": 15, "signature": "(self, x: Tensor, mask: Optional[Tensor]=None)"},
        {"name": "size", "kind": "property", "line": 20, "signature": "(self)"}],
        "parameters": [{"name": "scale", "shape": ["n"]}, {"name": "out.weight", "shape": ["4*n", "n_in"]},
                       {"name": "table", "shape": ["n"], "buffer": true}]
})j"),
      component(
          R"j({"name": "fake.net.double", "kind": "function", "line": 30, "items": [],
        "signature": "(x, by: float=2, times=3)"
})j"),
      component(
          R"j({"name": "fake.net.Linear", "kind": "module", "line": 40, "bases": ["nn.Linear"], "items": [
        {"name": "forward", "kind": "method", "line": 41, "signature": "(self, x)"}]
})j")};
  return out;
}

Json map() {
  return Json::parse(R"j({"references": {"torch": {
    "modules": {"name": "", "class": "fake.net.Net", "count": 9, "children": [
      {"name": "out", "class": "torch.nn.modules.linear.Linear", "count": 8},
      {"name": "act", "class": "torch.nn.GELU", "count": 0}]},
    "calls": [{"name": "(model)", "kind": "module", "inputs": [["x", [1, 4], "float32"]], "outputs": [["", [1, 8], "float32"]]},
              {"name": "fake.net.double", "kind": "function", "inputs": [["x", [2], "float32"]], "outputs": [["", [2], "float32"]]}]
}
}
})j");
}

constexpr const char* kScope = R"(#pragma once
#include <optional>
#include <string>
#include <vector>
namespace mx { struct array {}; }
using Maybe = std::optional<mx::array>;
struct Scope {
  Scope operator/(const char*) const { return {}; }
  mx::array param(const char*, std::vector<int>) const { return {}; }
};
)";
constexpr const char* kLinear =
    "#pragma once\n#include \"nn/scope.h\"\n"
    R"(inline constexpr bool kNoBias = false;
struct Linear {
  Scope at;
  int in, out;
  bool with_bias = true;
};
)";

/// A folder with the skeleton of everything, and a compiler.
struct Scaffolded {
  Scaffolded() {
    const Inventory all = inventory();
    std::vector<Outline> parts;
    for (const Component& c : all.components) {
      parts.push_back(outline(c, all, map()));
    }
    files =
        scaffold(Reference::load(Project{fake.root()}, "fake"), parts, "c++");
    for (const Skeleton& file : files) {
      fake.write("out/" + file.path, file.text);
    }
    fake.write("nn/scope.h", kScope);
    fake.write("nn/linear.h", kLinear);
  }
  Finished compile(const std::string& file) const {
    return run(
        {{PORTPROOF_CXX,
          "-std=c++20",
          "-fsyntax-only",
          "-I" + fake.root().string(),
          "-I" + fake.path("out").string(),
          fake.path(file).string()}});
  }
  /// Fills in each place that asks for it, in a file.
  void fill(const std::string& file, const std::string& with) const {
    static const std::regex kAsked(R"(static_assert\(\s*false,[^;]*;)");
    fake.write(file, std::regex_replace(fake.read(file), kAsked, with));
  }

  FakeProject fake;
  std::vector<Skeleton> files;
};

TEST(Scaffold, CutsSignatures) {
  const auto a = arguments_of(
      "(self, x: Tensor, *, d: Dict[str, int]={'a': 1, 'b': 2}, "
      "s: str='a, b=(', n=3, **rest)");
  ASSERT_EQ(a.size(), 4u);
  EXPECT_EQ(a[0].name, "x");
  EXPECT_EQ(a[0].type, "Tensor");
  EXPECT_EQ(a[1].type, "Dict[str, int]");
  EXPECT_EQ(a[1].value, "{'a': 1, 'b': 2}");
  EXPECT_EQ(a[2].value, "'a, b=('");
  EXPECT_EQ(a[3].type, "");
  EXPECT_EQ(a[3].value, "3");
  for (const char* odd : {"", "()", "(self)", "(", "(x: [", "('"}) {
    EXPECT_NO_THROW(arguments_of(odd)) << odd;
  }
}

TEST(Scaffold, HasTheReferencesOrderNamesAndShapes) {
  const Scaffolded s;
  ASSERT_EQ(s.files.size(), 3u);
  const std::string& header = s.files[0].text;
  for (const char* line :
       {"/// \\port fake.net.HOP_LENGTH",
        "inline constexpr int kHopLength = 160;",
        "inline constexpr float kRate = 0.5f;",
        "  std::string task = \"say\";",
        "  std::optional<int> size = {};",
        "  Scope at;\n  int n_in;\n  int n;\n  bool bias = true;\n",
        "  mx::array scale = at.param(\"scale\", {n});",
        "  Linear out{at / \"out\", n_in, 4 * n, kNoBias};",
        "  /// Seen: x [1, 4]  -> [1, 8]",
        ("mx::array operator()(const mx::array& x, const Maybe& mask = {}) "
         "const;"),
        ("mx::array double(const mx::array& x, float by = 2.0f, int times = "
         "3);")}) {
    EXPECT_NE(header.find(line), std::string::npos) << line << "\n" << header;
  }
  EXPECT_EQ(header.find("struct Linear"), std::string::npos)
      << "it only changes the library's";
  EXPECT_NE(
      s.files[1].text.find("fake.net.Linear, fake/net.py, line 40: changes "
                           "nn.Linear"),
      std::string::npos);
  EXPECT_EQ(header.find("table"), std::string::npos) << "buffers are computed";
  EXPECT_EQ(header.find("act{"), std::string::npos) << "it has no weights";
  EXPECT_LT(header.find("struct Options"), header.find("struct Net"));
}

TEST(Scaffold, TakesTheInstalledHeadersWhereTheProjectSaysSo) {
  const FakeProject fake;
  fake.replace(
      "port/fake/reference.toml",
      "[port]",
      "[port]\nheaders = \"mlxaudio/\"");
  const Inventory all = inventory();
  const auto files = scaffold(
      Reference::load(Project{fake.root()}, "fake"),
      {outline(all.components.at(0), all, map())},
      "c++");
  const std::string& header = files.at(0).text;
  EXPECT_NE(header.find("#include \"mlxaudio/nn/scope.h\""), std::string::npos)
      << header;
  EXPECT_NE(header.find("using namespace mlxaudio;"), std::string::npos);
  EXPECT_EQ(header.find("#include \"nn/"), std::string::npos);
}

TEST(Scaffold, KnowsTheOrderOfAConvolutionsWeights) {
  const FakeProject fake;
  const Reference reference = Reference::load(Project{fake.root()}, "fake");
  for (const auto& [type, arguments] :
       std::vector<std::pair<std::string, std::string>>{
           {"torch.nn.modules.conv.Conv1d", "conv\", 5, 8, 3, "},
           {"mlx.nn.layers.convolution.Conv1d", "conv\", 3, 8, 5, "}}) {
    Outline part;
    part.name = "fake.net.Front";
    part.kind = "module";
    part.file = "fake/net.py";
    Member conv;
    conv.name = "conv";
    conv.type = type;
    conv.parameters = {{"weight", {"8", "5", "3"}}, {"bias", {"8"}}};
    part.members = {conv};
    const auto files = scaffold(reference, {part}, "c++");
    EXPECT_NE(files.at(0).text.find(arguments), std::string::npos)
        << files.at(0).text;
  }
}

TEST(Scaffold, DoesNotCompileUntilItIsFilledIn) {
  const Scaffolded s;
  const Finished first = s.compile("out/net.cpp");
  EXPECT_NE(first.code, 0);
  EXPECT_NE(
      first.err.find("PORT THIS: fake.net.Net.forward, fake/net.py, line 15"),
      std::string::npos)
      << first.err;
  EXPECT_NE(first.err.find("PORT THIS: compare each type"), std::string::npos);
  // A property whose result nobody saw asks for its type.
  EXPECT_NE(first.err.find("PORT_THIS_TYPE"), std::string::npos);

  // What is left of one place is enough to stop it.
  s.fill("out/net.h", "");
  s.fake.replace("out/net.h", "PORT_THIS_TYPE size", "int size");
  s.fake.replace("out/net.cpp", "PORT_THIS_TYPE Net::size", "int Net::size");
  // `double` is a name that C++ keeps for itself.
  s.fake.replace("out/net.h", "mx::array double(", "mx::array twice(");
  s.fake.replace("out/net.cpp", "mx::array double(", "mx::array twice(");
  const Finished second = s.compile("out/net.cpp");
  EXPECT_NE(second.code, 0);
  EXPECT_NE(second.err.find("PORT THIS: fake.net.double"), std::string::npos);

  s.fill("out/net.cpp", "return {};");
  // What stands alone asked for a decision, and goes with it.
  s.fake.replace("out/net.cpp", "\nreturn {};\n", "\n");
  const Finished last = s.compile("out/net.cpp");
  EXPECT_EQ(last.code, 0) << last.err << s.fake.read("out/net.cpp");
}

TEST(Scaffold, AProbeAsksToBeFilledInToo) {
  const Scaffolded s;
  EXPECT_NE(
      s.files[2].text.find("p.add(\"fake.net.Net\", [](Call& c) {"),
      std::string::npos);
  EXPECT_NE(s.compile("out/probes/net.cpp").code, 0);
}

TEST(Scaffold, AnotherLanguageHasItsOwn) {
  const FakeProject fake;
  const Reference reference = Reference::load(Project{fake.root()}, "fake");
  const Inventory all = inventory();
  std::vector<Outline> parts;
  for (const Component& c : all.components) {
    parts.push_back(outline(c, all, map()));
  }
  const auto files = scaffold(reference, parts, "python");
  ASSERT_EQ(files.size(), 2u);
  EXPECT_NE(
      files[0].text.find("class Net:\n    # \\port fake.net.Net\n"),
      std::string::npos);
  fake.write("net.py", files[0].text);
  const Finished python = run(
      {{"python3",
        "-c",
        "import ast, sys; ast.parse(open(sys.argv[1]).read())",
        fake.path("net.py").string()}});
  EXPECT_NE(python.code, 0);
  EXPECT_NE(python.err.find("PORT THIS"), std::string::npos) << python.err;
  static const std::regex kAsked("<<< PORT THIS: [^\n]*");
  fake.write("net.py", std::regex_replace(files[0].text, kAsked, "pass"));
  const Finished filled = run(
      {{"python3",
        "-c",
        "import ast, sys; ast.parse(open(sys.argv[1]).read())",
        fake.path("net.py").string()}});
  EXPECT_EQ(filled.code, 0) << filled.err;
  EXPECT_THROW(scaffold(reference, parts, "cobol"), mlxaudio::ConfigError);
}

} // namespace
} // namespace portproof
