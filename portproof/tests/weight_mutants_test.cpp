// SPDX-License-Identifier: MIT
#include "portproof/weight_mutants.h"

#include <gtest/gtest.h>

#include <cstring>
#include <set>
#include <span>
#include <vector>

#include "core/half.h"
#include "core/safetensors.h"
#include "core/sha256.h"
#include "portproof/compare.h"
#include "portproof/inventory.h"
#include "portproof/tests/project.h"
#include "portproof/verify.h"

namespace portproof {
namespace {

using mlxaudio::DType;
using mlxaudio::Json;
using mlxaudio::Tensor;
using test::FakeProject;

Tensor floats(
    const std::vector<float>& values, std::vector<std::int64_t> shape) {
  const auto bytes = std::as_bytes(std::span(values));
  return make_tensor(
      DType::f32,
      std::move(shape),
      {bytes.begin(), bytes.end()});
}

/// What a mutant of the weight `w` makes of [[1, 2], [3, 4]].
std::vector<double> made(const std::string& op, const Tensor& w) {
  Json args = {
      {"weights", {{"w", {{"$array", "a"}}}, {"v", {{"$array", "b"}}}}}};
  std::map<std::string, Tensor> arrays = {
      {"a", w},
      {"b", floats({5, 6, 7, 8}, {2, 2})}};
  Mutant m;
  m.op = op;
  m.symbol = "w";
  plant(m, args, arrays);
  EXPECT_EQ(to_doubles(arrays.at("a")), to_doubles(w)) << "the original";
  return to_doubles(
      arrays.at(args.at("weights").at("w").at("$array").get<std::string>()));
}

TEST(WeightMutants, DoWhatTheirNamesSay) {
  const Tensor w = floats({1, 2, 3, 4}, {2, 2});
  using V = std::vector<double>;
  EXPECT_EQ(made("weight-zero-row", w), (V{0, 0, 3, 4}));
  EXPECT_EQ(made("weight-scale", w), (V{2, 4, 6, 8}));
  EXPECT_EQ(made("weight-negate", w), (V{-1, -2, -3, -4}));
  EXPECT_EQ(made("weight-roll", w), (V{3, 4, 1, 2}));
  EXPECT_EQ(made("weight-transpose", w), (V{1, 3, 2, 4}));
  EXPECT_EQ(made("weight-swap", w), (V{5, 6, 7, 8}));
}

TEST(WeightMutants, ChangeHalvesToo) {
  const std::vector<std::uint16_t> halves = {
      mlxaudio::to_f16(1.5F),
      mlxaudio::to_f16(-2.0F)};
  const auto bytes = std::as_bytes(std::span(halves));
  const Tensor w = make_tensor(DType::f16, {2}, {bytes.begin(), bytes.end()});
  EXPECT_EQ(made("weight-scale", w), (std::vector<double>{3, -4}));
  EXPECT_EQ(made("weight-negate", w), (std::vector<double>{-1.5, 2}));
}

TEST(WeightMutants, LeaveATensorOut) {
  Json args = {{"weights", {{"w", {{"$array", "a"}}}}}};
  std::map<std::string, Tensor> arrays = {{"a", floats({1}, {1})}};
  Mutant m;
  m.op = "weight-dropped";
  m.symbol = "w";
  plant(m, args, arrays);
  EXPECT_TRUE(args.at("weights").empty());
  // Calls without that weight stay as they are.
  Json other = {{"x", 1}};
  plant(m, other, arrays);
  EXPECT_EQ(other, Json({{"x", 1}}));
}

class Weighted : public testing::Test {
 protected:
  Weighted() {
    const auto folder = fake.path("port/fake/goldens");
    mlxaudio::write_safetensors(
        folder / "fake.math.double.safetensors",
        {{"w", floats({1, 2, 3, 4}, {2, 2})}, {"b", floats({0, 0}, {2})}});
    const Json golden = {
        {"format", 1},
        {"component", "fake.math.double"},
        {"made_with", {{"mlx", "1.0"}}},
        {"arrays",
         {{"file", "fake.math.double.safetensors"},
          {"sha256",
           mlxaudio::sha256_file(folder / "fake.math.double.safetensors")}}},
        {"calls",
         {{{"id", "two"},
           {"oracle", "torch"},
           {"args",
            {{"weights",
              {{"w", {{"$array", "w"}}}, {"b", {{"$array", "b"}}}}}}},
           {"result", {{"y", 4.0}}}}}}};
    fake.write("port/fake/goldens/fake.math.double.json", seal(golden));
  }
  FakeProject fake;
};

TEST_F(Weighted, AreDrawnOnlyWhereTheyChangeSomething) {
  const Port port(Project{fake.root()}, "fake", fake.root() / "build");
  std::set<std::string> seen;
  for (const Mutant& m :
       weight_mutants(port, *port.inventory.find("fake.math.double"))) {
    EXPECT_TRUE(m.of_weights());
    seen.insert(m.op + " " + m.symbol);
    EXPECT_EQ(Mutant::of(m.json()).json(), m.json());
  }
  EXPECT_TRUE(seen.contains("weight-transpose w"));
  EXPECT_TRUE(seen.contains("weight-dropped b"));
  EXPECT_FALSE(seen.contains("weight-scale b")) << "all of it is zero";
  EXPECT_FALSE(seen.contains("weight-swap w")) << "no other has its shape";
}

TEST_F(Weighted, TheProbeIsGivenTheChangedArrays) {
  // A probe that answers with the right number only for the right bytes.
  fake.build(
      R"sh(if cmp -s "$2/request.safetensors" )sh" +
      fake.path("right.safetensors").string() +
      R"sh(; then y=4.0; else y=5.0; fi
[ -f )sh" +
      fake.path("right.safetensors").string() +
      " ] || { cp \"$2/request.safetensors\" " +
      fake.path("right.safetensors").string() +
      R"sh(; y=4.0; }
echo "{\"calls\": [{\"id\": \"two\", \"result\": {\"y\": $y}}]}" > "$2/response.json")sh");
  Port port(Project{fake.root()}, "fake", fake.root() / "build");
  VerifyOptions options;
  options.command = {fake.program().string()};
  options.component = "fake.math.double";
  options.record = false;
  ASSERT_EQ(verify(port, options).front().state, Result::State::pass);
  for (const Mutant& m :
       weight_mutants(port, *port.inventory.find("fake.math.double"))) {
    if (m.op == "weight-dropped") {
      continue; // the arrays stay in the file, their names go
    }
    options.alter = [&](Json& args, Arrays& arrays) { plant(m, args, arrays); };
    EXPECT_EQ(verify(port, options).front().state, Result::State::fail) << m.id;
  }
}

} // namespace
} // namespace portproof
