// SPDX-License-Identifier: MIT
#include "portproof/mutants.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>

#include "mlxaudio/error.h"
#include "portproof/mutation_operators.h"
#include "portproof/tests/project.h"

namespace portproof {
namespace {

using test::FakeProject;
using test::port_of;

/// What the operators make of a text, as "operator: text".
std::multimap<std::string, std::string> made_of(
    const std::string& text,
    bool in_function = true,
    const std::string& symbol = "f",
    const std::vector<std::string>& checks = {},
    const std::vector<std::string>& watches = {}) {
  const CodePieces code(text, checks, watches);
  std::multimap<std::string, std::string> out;
  for (std::size_t i = 0; i < code.pieces().size(); ++i) {
    if (code.refusing(i) || code.at(i).directive) {
      continue;
    }
    for (const Operator& op : source_operators()) {
      for (const Change& c : op.changes({code, i, symbol, in_function})) {
        std::string changed = text;
        changed.replace(c.offset, c.length, c.after);
        EXPECT_NE(changed, text) << op.name;
        out.emplace(op.name, changed);
      }
    }
  }
  return out;
}

bool makes(
    const std::string& text,
    const std::string& op,
    const std::string& expected,
    bool in_function = true,
    const std::string& symbol = "f") {
  const auto all = made_of(text, in_function, symbol);
  const auto [begin, end] = all.equal_range(op);
  return std::any_of(begin, end, [&](const auto& entry) {
    return entry.second == expected;
  });
}

TEST(MutationOperators, WhatOnlyWatchesAValueIsNotLeftOut) {
  const std::string text = "return at.tap(f(x));";
  EXPECT_TRUE(makes(text, "call", "return f(x);"));
  for (const auto& [op, made] : made_of(text, true, "f", {}, {"tap"})) {
    EXPECT_NE(made, "return f(x);") << op;
  }
}

TEST(MutationOperators, EachHasANameOfItsOwnAndTheyAreManyKinds) {
  std::set<std::string_view> names;
  for (const Operator& op : source_operators()) {
    EXPECT_TRUE(names.insert(op.name).second) << op.name;
  }
  for (const WeightOperator& op : weight_operators()) {
    EXPECT_TRUE(names.insert(op.name).second) << op.name;
  }
  EXPECT_GE(names.size(), 40u);
}

struct Case {
  const char* op;
  const char* text;
  const char* expected;
  bool in_function = true;
  const char* symbol = "f";
};

class EachOperator : public testing::TestWithParam<Case> {};

TEST_P(EachOperator, PlantsItsDefect) {
  const Case& c = GetParam();
  EXPECT_TRUE(makes(c.text, c.op, c.expected, c.in_function, c.symbol))
      << c.op << " makes of " << c.text << ": "
      << testing::PrintToString(made_of(c.text, c.in_function, c.symbol));
}

INSTANTIATE_TEST_SUITE_P(
    Table,
    EachOperator,
    testing::Values(
        Case{"sign", "x = a + b;", "x = a - b;"},
        Case{"sign", "x = f(-a);", "x = f(a);"},
        Case{"sign", "y = mx::add(a, b);", "y = mx::subtract(a, b);"},
        Case{"boundary", "if (a < b) {}", "if (a <= b) {}"},
        Case{"equality", "return a == b;", "return a != b;"},
        Case{"logic", "return a && b;", "return a || b;"},
        Case{"negation", "return !a;", "return a;"},
        Case{"condition", "if (a) { b(); }", "if (!(a)) { b(); }"},
        Case{
            "guard", "if (a) { return 1; }", "if (false && (a)) { return 1; }"},
        Case{"branches", "x = a ? b : c(1, 2);", "x = a ? c(1, 2) : b;"},
        Case{"flag", "x = true;", "x = false;"},
        Case{"quantifier", "std::all_of(a)", "std::any_of(a)"},
        Case{"off-by-one", "x = a[i + 1];", "x = a[i + 2];"},
        Case{
            "loop",
            "for (int i = 0; i < n; ++i) { f(i); }",
            "for (int i = 1; i < n; ++i) { f(i); }"},
        Case{
            "loop",
            "for (int i = 0; i < n; ++i) { f(i); }",
            "for (int i = 0; i < n - 1; ++i) { f(i); }"},
        Case{
            "early-exit",
            "for (int x : xs) { f(x); }",
            "for (int x : xs) { f(x); break; }"},
        Case{"jump", "continue;", "break;"},
        Case{"constant", "x = 0.5 * y;", "x = (2 * 0.5) * y;"},
        Case{"constant", "int kFft = 400;", "int kFft = 401;", false},
        Case{"eps", "float eps = 1e-5;", "float eps = (10 * 1e-5);", false},
        Case{"default", "int count = 3;", "int count = (3 + 1);", false},
        Case{"default", "x.value_or(5)", "x.value_or((5 + 1))"},
        Case{"scale", "x = a * b;", "x = a / b;"},
        Case{"factor", "x = a * b;", "x = a ;"},
        Case{"term", "x = a - b.size();", "x = a ;"},
        Case{"bias", "f({.bias = bias, .y = 1});", "f({.y = 1});"},
        Case{"division", "x = static_cast<double>(a) / b;", "x = (a) / b;"},
        Case{"rounding", "x = std::floor(y);", "x = std::ceil(y);"},
        Case{"logarithm", "x = std::log10(y);", "x = std::log(y);"},
        Case{"min-max", "x = std::max(a, b);", "x = std::min(a, b);"},
        Case{"clamp", "x = std::max(a, 0.0);", "x = a;"},
        Case{"axis", "x = mx::sum(a, 1);", "x = mx::sum(a, 0);"},
        Case{"axis", "x = mx::sum(a, -1);", "x = mx::sum(a, 0);"},
        Case{"transpose", "x = mx::transpose(a, {0, 2, 1});", "x = a;"},
        Case{
            "transpose",
            "x = mx::transpose(a, {0, 2, 1});",
            "x = mx::transpose(a, {2, 0, 1});"},
        Case{"arguments", "f(a, b);", "f(b, a);"},
        Case{"sin-cos", "x = mx::sin(a);", "x = mx::cos(a);"},
        Case{
            "window",
            "d = periodic ? size : size - 1;",
            "d = periodic ? size : size ;",
            true,
            "hanning"},
        Case{
            "padding",
            "x = mx::pad(x, std::pair(0, padding));",
            "x = mx::pad(x, std::pair(padding, 0));"},
        Case{"side", "x = a.first;", "x = a.second;"},
        Case{"end", "x = a.front();", "x = a.back();"},
        Case{"norm", "x = attn(attn_ln(y));", "x = attn(y);"},
        Case{"call", "x = mx::exp(y);", "x = y;"},
        Case{"mask", "f({.mask = true});", "f({.mask = false});"},
        Case{"cache", "cache.clear();", ";"},
        Case{"prompt", "prompt.push_back(a);", ";"},
        Case{"special-id", "f(eot_);", "f(eot_ + 1);"},
        Case{"text", "x = \" and\";", "x = \"and\";"},
        Case{"text", "x = \"\\nand\";", "x = \"and\";"},
        Case{"character", "x = '.';", "x = '_';"},
        Case{"dtype", "a(mx::float32);", "a(mx::float16);"},
        Case{"dtype", "double x = 1;", "float x = 1;"},
        Case{"statement", "x = 1;", ";"}),
    [](const auto& param) {
      std::string name =
          std::string(param.param.op) + "_" + std::to_string(param.index);
      std::replace(name.begin(), name.end(), '-', '_');
      return name;
    });

TEST(MutationOperators, LeaveTemplatesReferencesAndDeclarationsAlone) {
  EXPECT_EQ(made_of("std::vector<int> x;").size(), 0u);
  EXPECT_EQ(made_of("void f(T&& x);").count("logic"), 0u);
  EXPECT_EQ(made_of("const int x = y;").count("statement"), 0u);
}

TEST(MutationOperators, LeaveRefusalsAlone) {
  EXPECT_EQ(
      made_of("if (a < 0) { throw Error(f(\"[x] {} is bad\", a + 1)); }")
          .size(),
      0u);
  EXPECT_EQ(
      made_of("check(a > 1, \"text\");", true, "f", {"check"}).size(),
      0u);
  EXPECT_EQ(
      made_of("if (a > 1) { check(a, \"text\"); }", true, "f", {"check"})
          .size(),
      0u);
  EXPECT_GT(
      made_of("if (a > 1) { check(a); b = 1; }", true, "f", {"check"}).size(),
      0u);
  EXPECT_GT(made_of("check(a > 1, \"text\");").size(), 0u);
  EXPECT_EQ(made_of("static_assert(a == 1);").size(), 0u);
}

TEST(MutationOperators, LeaveCommentsAndTextsAlone) {
  EXPECT_EQ(made_of("// a + b < c\n/* x == y */").size(), 0u);
  EXPECT_EQ(made_of("\"a + b\"").count("sign"), 0u);
}

std::vector<Mutant> mutants_of(const FakeProject& fake, const char* name) {
  const Port port = port_of(fake);
  return source_mutants(port, *port.inventory.find(name));
}

TEST(Mutants, AreOfTheComponentsOwnCode) {
  const FakeProject fake;
  const auto twice = mutants_of(fake, "fake.math.double");
  ASSERT_FALSE(twice.empty());
  for (const Mutant& m : twice) {
    EXPECT_EQ(m.file, "src/math.cpp");
    EXPECT_EQ(m.line, 3) << m.op;
    EXPECT_EQ(m.symbol, "twice");
  }
  // The class in the header and its method in the source.
  std::set<std::string> files;
  for (const Mutant& m : mutants_of(fake, "fake.math.Counter")) {
    files.insert(m.file);
  }
  EXPECT_EQ(files, (std::set<std::string>{"src/math.h", "src/math.cpp"}));
}

TEST(Mutants, GoIntoTheHelpersThatOnlyTheFileHas) {
  const FakeProject fake;
  fake.replace(
      "src/math.cpp",
      "float twice(float x) {\n  return 2 * x; // exact\n}",
      "namespace {\nfloat deeper(float x) {\n  return x + 3;\n}\n"
      "float helper(float x) {\n  return deeper(x);\n}\n"
      "float other(float x) {\n  return x + 5;\n}\n}\n"
      "float twice(float x) {\n  return helper(x);\n}");
  std::set<std::string> codes;
  for (const Mutant& m : mutants_of(fake, "fake.math.double")) {
    codes.insert(m.code);
  }
  EXPECT_TRUE(codes.contains("  return x + 3;"));
  EXPECT_FALSE(codes.contains("  return x + 5;"));
}

TEST(Mutants, HaveIdsThatDependOnWhatTheyDoAlone) {
  const FakeProject fake;
  const auto before = mutants_of(fake, "fake.math.double");
  fake.replace("src/math.cpp", "float twice", "\n\n// moved\nfloat twice");
  const auto after = mutants_of(fake, "fake.math.double");
  ASSERT_EQ(before.size(), after.size());
  std::set<std::string> ids;
  for (std::size_t i = 0; i < before.size(); ++i) {
    EXPECT_EQ(before[i].id, after[i].id);
    EXPECT_NE(before[i].line, after[i].line);
    EXPECT_TRUE(ids.insert(before[i].id).second) << before[i].id;
  }
}

TEST(Mutants, AreFoundAgainAfterTheirLinesMoved) {
  const FakeProject fake;
  const Mutant m = mutants_of(fake, "fake.math.double").front();
  fake.replace("src/math.cpp", "float twice", "\n\nfloat twice");
  const std::string text = fake.read("src/math.cpp");
  const std::string changed = planted(m, text);
  EXPECT_NE(changed, text);
  EXPECT_EQ(changed.size() - m.after.size(), text.size() - m.before.size());
  fake.replace("src/math.cpp", "2 * x; // exact", "x + x;");
  try {
    planted(m, fake.read("src/math.cpp"));
    FAIL() << "planted in code that is gone";
  } catch (const mlxaudio::ConfigError& e) {
    EXPECT_NE(std::string(e.what()).find("src/math.cpp"), std::string::npos);
    EXPECT_NE(std::string(e.what()).find("draw another"), std::string::npos);
  }
}

TEST(Mutants, GoThroughJson) {
  const FakeProject fake;
  for (const Mutant& m : mutants_of(fake, "fake.math.double")) {
    EXPECT_EQ(Mutant::of(m.json()).json(), m.json());
  }
}

} // namespace
} // namespace portproof
