// SPDX-License-Identifier: MIT
#include "kernels/attention.h"

#include <gtest/gtest.h>

#include <limits>
#include <string>

#include "kernels/test_support.h"

namespace mlxaudio::kernels {
namespace {

using test::Floats;

struct Case {
  std::size_t batch, queries, keys, heads, width;
  bool causal;
};

/// Attention whose keys and values, of a type, are views of longer buffers.
class Sample {
 public:
  explicit Sample(Case c, Type type = Type::f32, unsigned seed = 1)
      : case_(c), type_(type) {
    const std::size_t channels = c.heads * c.width;
    capacity_ = c.keys + 3;
    q = test::normal(c.batch * c.queries * channels, seed);
    k = test::normal(c.batch * capacity_ * channels, seed + 1);
    v = test::normal(c.batch * capacity_ * channels, seed + 2);
    // To what they are worth in the type.
    k = test::weights(k, type).worth;
    v = test::weights(v, type).worth;
  }

  /// \param of_k, of_v what they are in memory
  Attention task(
      Floats& out, const test::Weights& of_k, const test::Weights& of_v) const {
    const std::size_t channels = case_.heads * case_.width;
    out.assign(q.size(), -77.0f);
    Attention task;
    task.q = {{q.data()}, case_.queries * channels, channels};
    task.k = {of_k.numbers(), capacity_ * channels, channels};
    task.v = {of_v.numbers(), capacity_ * channels, channels};
    task.batch = case_.batch;
    task.queries = case_.queries;
    task.keys = case_.keys;
    task.heads = case_.heads;
    task.width = case_.width;
    task.scale = 1.0f / std::sqrt(static_cast<float>(case_.width));
    task.causal = case_.causal;
    task.out = out.data();
    return task;
  }

  Floats many() const {
    return run(attention);
  }
  Floats step() const {
    return run(attention_step);
  }

  Floats exact() const {
    Floats out;
    const test::Weights wide_k = test::weights(k, Type::f32),
                        wide_v = test::weights(v, Type::f32);
    const Attention t = task(out, wide_k, wide_v);
    for (std::size_t b = 0; b < t.batch; ++b) {
      for (std::size_t h = 0; h < t.heads; ++h) {
        for (std::size_t i = 0; i < t.queries; ++i) {
          row(t, b, h, i);
        }
      }
    }
    return out;
  }

  Floats q, k, v;

 private:
  Floats run(void (*kernel)(const Attention&)) const {
    Floats out;
    const test::Weights of_k = test::weights(k, type_),
                        of_v = test::weights(v, type_);
    kernel(task(out, of_k, of_v));
    return out;
  }

  static const float* floats_of(const Numbers& numbers) {
    return static_cast<const float*>(numbers.data);
  }

  static void row(
      const Attention& t, std::size_t b, std::size_t h, std::size_t i) {
    const std::size_t at = h * t.width;
    const std::size_t seen = t.causal ? i + t.keys - t.queries + 1 : t.keys;
    std::vector<double> scores(seen);
    double max = -std::numeric_limits<double>::infinity(), sum = 0;
    for (std::size_t j = 0; j < seen; ++j) {
      for (std::size_t c = 0; c < t.width; ++c) {
        scores[j] += static_cast<double>(t.query(b, i)[at + c]) *
                     floats_of(t.k.row(b, j))[at + c] * t.scale;
      }
      max = std::max(max, scores[j]);
    }
    for (double& score : scores) {
      score = std::exp(score - max);
      sum += score;
    }
    for (std::size_t c = 0; c < t.width; ++c) {
      double value = 0;
      for (std::size_t j = 0; j < seen; ++j) {
        value += scores[j] * floats_of(t.v.row(b, j))[at + c];
      }
      t.out[((b * t.queries + i) * t.heads + h) * t.width + c] =
          static_cast<float>(value / sum);
    }
  }

  Case case_;
  Type type_;
  std::size_t capacity_ = 0;
};

double worst(const Floats& a, const Floats& b) {
  double result = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    const double off = std::abs(static_cast<double>(a[i]) - b[i]);
    result = off <= result ? result : off; // NaN is the worst
  }
  return result;
}

constexpr Case kCases[] = {
    {1, 1, 1, 1, 1, false},
    {1, 1, 7, 2, 4, false},
    {2, 1, 300, 3, 64, false},
    {1, 3, 129, 2, 20, false},
    {1, 4, 4, 2, 64, true},
    {2, 5, 140, 2, 33, true},
    {1, 8, 8, 1, 64, true},
    {1, 9, 9, 2, 64, true},
    {2, 30, 70, 3, 64, false},
    {1, 65, 130, 2, 80, true},
    {1, 100, 100, 1, 16, true},
    {1, 50, 1100, 2, 64, false},
    {1, 24, 64, 1, 128, false}};

TEST(Attention, AgreesWithDoublesOnEveryIsa) {
  test::on_every_isa([](const std::string& name) {
    for (const Type type : {Type::f32, Type::f16, Type::bf16}) {
      for (const Case& c : kCases) {
        const Sample run(c, type);
        const Floats exact = run.exact();
        EXPECT_LT(worst(run.many(), exact), 3e-6)
            << name << " " << c.queries << "x" << c.keys << "x" << c.width;
        EXPECT_LT(worst(run.step(), exact), 3e-6)
            << name << " " << c.queries << "x" << c.keys << "x" << c.width;
      }
    }
  });
}

TEST(Attention, GivesTheSameBitsForEveryThreadCount) {
  test::on_every_isa([](const std::string& name) {
    const Sample many({1, 70, 300, 3, 64, false}),
        few({2, 3, 700, 4, 64, true}, Type::f16);
    EXPECT_TRUE(test::same_for_every_thread_count([&] { return many.many(); }))
        << name;
    EXPECT_TRUE(test::same_for_every_thread_count([&] { return few.step(); }))
        << name;
  });
}

TEST(Attention, HandsNaNOnToItsOwnQuery) {
  for (const std::size_t queries : {2u, 20u}) {
    Sample run({1, queries, 40, 2, 8, false});
    run.q[0] = std::numeric_limits<float>::quiet_NaN();
    for (const Floats& out : {run.many(), run.step()}) {
      for (std::size_t i = 0; i < 16; ++i) {
        EXPECT_EQ(std::isnan(out[i]), i < 8); // head 0 of query 0
      }
      EXPECT_TRUE(std::isfinite(out[16]));
    }
  }
}

TEST(Attention, KeysThatAreNotSeenDoNotMatter) {
  const Case c{1, 10, 12, 1, 16, true};
  Sample run(c);
  const Floats many = run.many(), step = run.step();
  // The last key and value are seen by the last query alone.
  std::fill_n(run.k.begin() + 11 * 16, 16, 9.0f);
  std::fill_n(run.v.begin() + 11 * 16, 16, 9.0f);
  const Floats many_now = run.many(), step_now = run.step();
  for (std::size_t i = 0; i < 9 * 16; ++i) {
    EXPECT_EQ(many[i], many_now[i]);
    EXPECT_EQ(step[i], step_now[i]);
  }
  EXPECT_NE(many[9 * 16], many_now[9 * 16]);
  EXPECT_NE(step[9 * 16], step_now[9 * 16]);
}

TEST(Attention, LargeScoresDoNotOverflow) {
  Sample run({1, 12, 30, 1, 8, false});
  for (float& x : run.q) {
    x *= 1e4f;
  }
  EXPECT_LT(worst(run.many(), run.exact()), 1e-2);
  EXPECT_LT(worst(run.step(), run.exact()), 1e-2);
}

} // namespace
} // namespace mlxaudio::kernels
