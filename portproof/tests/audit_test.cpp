// SPDX-License-Identifier: MIT
#include "portproof/audit.h"

#include <gtest/gtest.h>

#include <map>
#include <set>

#include "mlxaudio/error.h"
#include "portproof/code.h"
#include "portproof/tests/project.h"

namespace portproof {
namespace {

using test::FakeProject;

/// A planted case of a check, and the same work done as it should be.
struct Planted {
  const char* check;
  const char* red;
  const char* green;
};

const std::vector<Planted> kPlanted = {
    {"attention-by-hand",
     R"(mx::array attend(const mx::array& q, const mx::array& k, const mx::array& v) {
  auto qk = mx::matmul(q, mx::transpose(k, {0, 1, 3, 2}));
  auto w = mx::softmax(qk, -1);
  return mx::matmul(w, v);
})",
     R"(mx::array attend(const mx::array& q, const mx::array& k, const mx::array& v) {
  return mx::fast::scaled_dot_product_attention(q, k, v, scale);
})"},
    {"norm-by-hand",
     R"(mx::array Norm::operator()(const mx::array& x) const {
  auto mean = mx::mean(x, -1, true);
  auto v = mx::mean(mx::square(x - mean), -1, true);
  return (x - mean) * mx::rsqrt(v + eps) * weight;
})",
     R"(mx::array Norm::operator()(const mx::array& x) const {
  return mx::fast::layer_norm(x, weight, bias, eps);
})"},
    {"rope-by-hand",
     R"(mx::array rotate(const mx::array& x, const mx::array& angle) {
  auto halves = mx::split(x, 2, -1);
  auto c = mx::cos(angle), s = mx::sin(angle);
  return mx::concatenate({halves[0] * c - halves[1] * s, halves[1] * c + halves[0] * s}, -1);
})",
     R"(mx::array rotate(const mx::array& x, int offset) {
  return mx::fast::rope(x, dims, false, base, 1.0f, offset);
})"},
    {"activation-by-hand",
     R"(mx::array silu(const mx::array& x) {
  return mx::multiply(x, mx::sigmoid(x));
})",
     R"(mx::array silu(const mx::array& x) {
  return ops::silu(x);
})"},
    {"activation-by-hand",
     R"(mx::array gelu(const mx::array& x) {
  return x * (mx::erf(x / root) + one) / two;
})",
     R"(mx::array gelu(const mx::array& x) { return ops::gelu(x); })"},
    {"log-of-softmax",
     R"(mx::array score(const mx::array& logits) {
  return mx::log(mx::softmax(logits, -1));
})",
     R"(mx::array score(const mx::array& logits) {
  return logits - mx::logsumexp(logits, -1, true);
})"},
    {"grown-cache",
     R"(void Cache::append(const mx::array& k) {
  keys_ = mx::concatenate({keys_, k}, 1);
})",
     R"(void Cache::append(const mx::array& k) {
  keys_ = mx::slice_update(keys_, k, {0, length_, 0}, {1, length_ + 1, n});
})"},
    {"grown-cache",
     R"(mx::array generate(int n) {
  auto all = first();
  for (int i = 0; i < n; ++i) {
    all = mx::concatenate({all, next(all)}, 0);
  }
  return all;
})",
     R"(mx::array generate(int n) {
  std::vector<mx::array> all;
  for (int i = 0; i < n; ++i) {
    all.push_back(next(all.back()));
  }
  return mx::concatenate(all, 0);
})"},
    {"sync-in-loop",
     R"(void run(Decoder& d, int n) {
  while (n-- > 0) {
    tokens.push_back(mx::argmax(d.step()).item<int>());
  }
})",
     R"(void run(Decoder& d, int n) {
  while (n-- > 0) {
    d.step();
  }
  const int last = mx::argmax(d.logits()).item<int>();
})"},
    {"sync-in-loop",
     R"(std::vector<float> to_host(mx::array a) {
  a.eval();
  return copy_of(a);
}
void run(Decoder& d, int n) {
  for (int i = 0; i < n; ++i)
    use(to_host(d.step()));
})",
     R"(std::vector<float> to_host(mx::array a) {
  a.eval();
  return copy_of(a);
}
void run(Decoder& d, int n) {
  for (const float x : to_host(d.all(n)))
    use(x);
})"},
    {"constant-in-loop",
     R"(mx::array run(mx::array x, int n) {
  for (int i = 0; i < n; ++i) {
    x = step(x, mx::arange(n));
  }
  return x;
})",
     R"(mx::array run(mx::array x, int n) {
  const auto places = mx::arange(n);
  for (int i = 0; i < n; ++i) {
    x = step(x, places);
  }
  return x;
})"},
    {"table-per-call",
     R"(mx::array Decoder::operator()(const mx::array& x) const {
  return attend(x, mx::triu(mx::full({n, n}, -inf), 1));
})",
     R"(mx::array Decoder::operator()(const mx::array& x) const {
  return attend(x, mask);
})"},
    {"cast-in-loop",
     R"(mx::array run(mx::array x, int n) {
  do {
    x = step(mx::astype(x, mx::float16));
  } while (--n > 0);
  return x;
})",
     R"(mx::array run(mx::array x, int n) {
  x = mx::astype(x, mx::float16);
  do {
    x = step(x);
  } while (--n > 0);
  return x;
})"},
    {"copy-in-loop",
     R"(void run(std::vector<mx::array>& xs) {
  for (auto& x : xs) {
    use(mx::contiguous(x));
  }
})",
     R"(void run(std::vector<mx::array>& xs) {
  for (auto& x : xs) {
    use(x);
  }
})"},
    {"element-loop",
     R"(mx::array total(const mx::array& x) {
  mx::array sum = zero();
  for (int i = 0; i < x.shape(0); ++i) {
    sum = sum + mx::take(x, i, 0);
  }
  return sum;
})",
     R"(mx::array total(const mx::array& x) {
  return mx::sum(x, 0);
})"},
    {"text-in-loop",
     R"(void run(int n) {
  for (int i = 0; i < n; ++i) {
    y = mx::add(y, weights.at(fmt::format("blocks.{}", i)));
  }
})",
     R"(void run(int n) {
  for (int i = 0; i < n; ++i) {
    y = mx::add(y, blocks[i]);
    if (bad(y)) {
      throw Error(fmt::format("block {}", i));
    }
  }
})"},
    {"f32-scalar",
     R"(mx::array half(const mx::array& x) { return mx::exp(x) * 0.5f; })",
     R"(mx::array half(const mx::array& x) {
  return mx::exp(x) * mx::array(0.5f, x.dtype());
})"},
    {"f32-scalar",
     R"(mx::array half(const mx::array& x) {
  return mx::multiply(x, mx::array(0.5f));
})",
     R"(float half(float x, const mx::array& y) {
  return x * 0.5f + y.shape(0) * 2.0f;
})"},
    {"f32-scalar",
     R"(mx::array half(const mx::array& x) { return 1.0f - x; })",
     R"(mx::array half(const mx::array& x) { return x - x; })"},
    {"float64-array",
     R"(mx::array mean(const mx::array& x) {
  return mx::mean(mx::astype(x, mx::float64));
})",
     R"(mx::Dtype type_of(int i) {
  return mx::float64;
})"},
    {"layout-around-conv",
     R"(mx::array Conv::operator()(const mx::array& x) const {
  return mx::conv1d(mx::swapaxes(x, 1, 2), w, 1, 0);
})",
     R"(mx::array Conv::operator()(const mx::array& x) const {
  return mx::conv1d(x, w, 1, 0);
})"},
    {"weight-turned-per-call",
     R"(mx::array Linear::operator()(const mx::array& x) const {
  return mx::matmul(x, mx::transpose(weight));
})",
     R"(mx::array load_linear(const mx::array& weight) {
  return mx::transpose(weight);
})"},
    {"global-random",
     R"(mx::array noise(int n) { return mx::random::normal({n}); })",
     R"(mx::array noise(int n, const mx::array& key) {
  return mx::random::normal({n}, mx::float32, key);
})"},
    {"global-random",
     R"(void begin() { mx::random::seed(1); })",
     R"(void begin() { const auto key = mx::random::key(1); })"},
    {"static-array",
     R"(mx::array window() {
  static const mx::array kWindow = mx::ones({4});
  return kWindow;
})",
     R"(static mx::array window(int n) { return mx::ones({n}); })"},
    {"unfinished-weights",
     R"(Model load(const Checkpoint& file) {
  Weights weights(file);
  return Model{Scope(std::move(weights))};
})",
     R"(Model load(const Checkpoint& file) {
  const auto weights = std::make_shared<Weights>(file);
  Model model{Scope(weights)};
  weights->finish();
  return model;
})"},
};

std::vector<std::string> found(const std::string& source) {
  std::vector<std::string> out;
  for (const AuditFinding& f : audit_source("x.cpp", source)) {
    if (f.answer.empty()) {
      out.push_back(f.check);
    }
  }
  return out;
}

TEST(Audit, EachCheckIsRedOnAPlantedCaseAndGreenOnItsMendedTwin) {
  std::set<std::string> shown;
  for (const Planted& p : kPlanted) {
    const auto red = found(p.red);
    EXPECT_NE(std::find(red.begin(), red.end(), p.check), red.end())
        << p.check << " is not found in\n"
        << p.red;
    EXPECT_EQ(found(p.green), std::vector<std::string>{}) << p.green;
    shown.insert(p.check);
  }
  for (const Practice& c : checks()) {
    EXPECT_TRUE(shown.contains(c.id)) << c.id << " has no planted case";
  }
}

TEST(Audit, FindsNothingElseInAPlantedCase) {
  for (const Planted& p : kPlanted) {
    for (const std::string& check : found(p.red)) {
      EXPECT_EQ(check, p.check) << p.red;
    }
  }
}

TEST(Audit, SaysTheLineOfEachFinding) {
  const auto findings = audit_source("x.cpp", kPlanted.front().red);
  ASSERT_EQ(findings.size(), 1u);
  EXPECT_EQ(findings[0].file, "x.cpp");
  EXPECT_EQ(findings[0].line, 3);
  EXPECT_EQ(findings[0].code, "auto w = mx::softmax(qk, -1);");
}

TEST(Audit, ACommentAnswersAFinding) {
  const char* const places[] = {
      "void f() {\n  a = mx::random::uniform({3}); // AUDIT(global-random): a "
      "test\n}",
      "void f() {\n  // AUDIT(global-random): a test\n  a =\n    "
      "mx::random::uniform({3});\n}",
      "/// Makes noise.\n/// AUDIT(global-random): a\n/// test\nvoid f() {\n  "
      "a();\n  b = mx::random::uniform({3});\n}",
  };
  for (const char* const source : places) {
    const auto findings = audit_source("x.cpp", source);
    ASSERT_EQ(findings.size(), 1u) << source;
    EXPECT_EQ(findings[0].answer, "a test") << source;
  }
}

TEST(Audit, ACommentThatAnswersNothingIsAFinding) {
  const std::map<std::string, std::string> wrong = {
      {"// AUDIT(global-random): quiet\nvoid f() {}", "answers no finding"},
      {"// AUDIT(no-such-check): quiet\nvoid f() {}", "names no check"},
      {"void f() {\n  mx::random::seed(1); // AUDIT(global-random)\n}",
       "gives no reason"},
      // Another check's comment answers nothing here.
      {"void f() {\n  mx::random::seed(1); // AUDIT(cast-in-loop): no\n}",
       "answers no finding"},
  };
  for (const auto& [source, says] : wrong) {
    bool said = false;
    int open = 0;
    for (const AuditFinding& f : audit_source("x.cpp", source)) {
      said = said || f.what.find(says) != std::string::npos;
      open += f.answer.empty() ? 1 : 0;
    }
    EXPECT_TRUE(said) << source;
    EXPECT_GE(open, 1) << source;
  }
}

TEST(Audit, LoopsWithoutBracesAndLambdasCount) {
  EXPECT_EQ(
      found("void f() {\n  for (auto& x : xs)\n    mx::eval(x);\n}"),
      std::vector<std::string>{"sync-in-loop"});
  EXPECT_EQ(
      found("void f() {\n  while (n--) {\n    g([&](int k) { mx::eval(a[k]); "
            "});\n  }\n}"),
      std::vector<std::string>{"sync-in-loop"});
  EXPECT_EQ(
      found("void f() {\n  for (auto& x : host(xs)) {\n    use(x);\n  }\n  "
            "mx::eval(y);\n}"),
      std::vector<std::string>{});
}

TEST(Audit, WhatALoopGoesThroughIsComputedOnce) {
  EXPECT_EQ(
      found("void f() {\n  for (int i = x.item<int>(); i > 0; --i) {\n    "
            "use(i);\n  }\n}"),
      std::vector<std::string>{});
  EXPECT_EQ(
      found("void f() {\n  while (x.item<int>() > 0) {\n    x = g(x);\n  }\n}"),
      std::vector<std::string>{"sync-in-loop"});
}

TEST(Code, FindsFunctionsAndLoops) {
  const std::string source = R"(
Foo::Foo(int a) : a_(a), b_{a} { g(); }
auto h(int x) -> std::vector<int> { return {x}; }
mx::array Foo::operator()(const mx::array& x) const { return x; }
int k() { if (a) { return 1; } for (;;) { b(); } }
)";
  const Code code(source);
  std::vector<std::string> names;
  int loops = 0;
  for (const Region& r : code.regions()) {
    if (r.kind == Region::Kind::function) {
      names.push_back(r.name);
    }
    loops += r.kind == Region::Kind::loop ? 1 : 0;
  }
  EXPECT_EQ(names, (std::vector<std::string>{"Foo", "h", "operator()", "k"}));
  EXPECT_EQ(loops, 1);
}

TEST(Code, BrokenSourceIsNoTrouble) {
  for (const char* source :
       {"",
        "(",
        ")}]",
        "void f() {",
        "for (;",
        "while (",
        "do {",
        "operator",
        "mx::array(",
        "a = mx::concatenate({",
        "for (int i = 0; i < 3; ++i)",
        "\xff\xfe{(",
        "// AUDIT(",
        "// AUDIT(x",
        "Weights w(",
        "static"}) {
    EXPECT_NO_THROW(audit_source("x.cpp", source)) << source;
  }
}

TEST(Audit, GoesThroughThePortsSources) {
  const FakeProject fake;
  const Project project{fake.root()};
  const auto reference = [&] { return Reference::load(project, "fake"); };
  EXPECT_EQ(audit(project, reference(), "").files, 2);
  EXPECT_EQ(audit(project, reference(), "").open(), 0);
  fake.write("src/deep/noise.cpp", "void f() { mx::random::seed(1); }\n");
  EXPECT_EQ(audit(project, reference(), "").open(), 1);
  EXPECT_EQ(audit(project, reference(), "src/math.cpp").open(), 0);
  EXPECT_EQ(audit(project, reference(), "src/deep").findings[0].line, 1);
  EXPECT_THROW(audit(project, reference(), "src/de"), mlxaudio::ConfigError);
  fake.replace(
      "port/fake/reference.toml",
      "[port]",
      "[audit]\nsources = [\"src/deep\"]\n\n[port]");
  EXPECT_EQ(audit(project, reference(), "").files, 1);
  fake.replace("port/fake/reference.toml", "[\"src/deep\"]", "3");
  EXPECT_THROW(audit(project, reference(), ""), mlxaudio::ConfigError);
}

} // namespace
} // namespace portproof
