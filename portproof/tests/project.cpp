// SPDX-License-Identifier: MIT
#include "portproof/tests/project.h"

#include <fstream>
#include <stdexcept>

#include "core/atomic_file.h"
#include "core/mapped_file.h"
#include "mlxaudio/error.h"
#include "portproof/inventory.h"
#include "portproof/reference.h"
#include "portproof/stamp.h"

namespace portproof::test {
namespace {

namespace fs = std::filesystem;
using mlxaudio::Json;

constexpr const char* kReference = R"(model = "fake"
title = "Fake"

[[reference]]
key = "torch"
decides = true
package = "fake"
module = "fake"
version = "1"
file = "fake-1.tar.gz"
sha256 = "abc"
sources = ["fake/math.py"]

[environment]
python = "3.11"
requirements = "requirements.txt"
mlx = "1.0"

[port]
sources = ["src"]
executable = "probes.sh"
time_limit = 20

[[tolerance]]
match = ["fake.math.*"]
grade = "close"
max_abs = 0.01
rel_l2 = 0.01
why = "for the tests"

[[waiver]]
match = ["fake.math.unused"]
reason = "nobody calls it"

[round]
slower = 0

[[stage]]
name = "Core"
match = ["*"]
required = true
why = "Everything"
)";

constexpr const char* kHeader = R"(#pragma once
// Twice a number.
/// \port fake.math.double
float twice(float x);

/// \port fake.math.Counter
struct Counter {
  int count = 0;
  void add();
};
)";

constexpr const char* kSource = R"(#include "math.h"
float twice(float x) {
  return 2 * x; // exact
}
void Counter::add() {
  ++count; // DEVIATION(fake-1): never overflows
}
)";

constexpr const char* kProbes = R"(#include "probe.h"
void add(Probes& p) {
  p.add("fake.math.double", [](Call& c) { return twice(c.get("x")); });
  p.add("fake.math.Counter", [](Call& c) { return count(c); });
}
)";

Json row(const std::string& name, const std::string& kind, Json items) {
  return {
      {"name", name},
      {"kind", kind},
      {"file", "fake/math.py"},
      {"line", 1},
      {"end_line", 2},
      {"sha256", "hash of " + name},
      {"items", std::move(items)},
      {"counterparts", Json::array()}};
}

Json inventory() {
  return {
      {"format", 1},
      {"model", "fake"},
      {"references", {{"torch", {{"sha256", "abc"}}}}},
      {"components",
       {row("fake.math.double", "function", Json::array()),
        row("fake.math.Counter",
            "class",
            {{{"name", "add"}, {"kind", "method"}}}),
        row("fake.math.unused", "function", Json::array())}}};
}

} // namespace

FakeProject::FakeProject() {
  write("port/fake/reference.toml", kReference);
  write("port/fake/inventory.json", seal(inventory()));
  write("port/fake/probes/math.cpp", kProbes);
  write("src/math.h", kHeader);
  write("src/math.cpp", kSource);
  record({{"y", 4.0}});
}

std::string FakeProject::read(const std::string& name) const {
  return mlxaudio::read_file(path(name), mlxaudio::ErrorCode::config);
}

void FakeProject::write(
    const std::string& name, const std::string& text) const {
  fs::create_directories(path(name).parent_path());
  mlxaudio::write_file(path(name), text);
}

void FakeProject::replace(
    const std::string& name,
    const std::string& old,
    const std::string& text) const {
  std::string all = read(name);
  const std::size_t at = all.find(old);
  if (at == std::string::npos) {
    throw std::runtime_error(name + " has no " + old);
  }
  write(name, all.replace(at, old.size(), text));
}

void FakeProject::record(const Json& result) const {
  const Json golden = {
      {"format", 1},
      {"component", "fake.math.double"},
      {"made_with", {{"mlx", "1.0"}}},
      {"calls",
       {{{"id", "two"},
         {"oracle", "torch"},
         {"args", {{"x", 2.0}}},
         {"result", result}}}}};
  write("port/fake/goldens/fake.math.double.json", seal(golden));
  Json counter = golden;
  counter["component"] = "fake.math.Counter";
  counter["calls"][0]["result"] = {{"y", 4.0}};
  write("port/fake/goldens/fake.math.Counter.json", seal(counter));
}

void FakeProject::build(const std::string& run) const {
  const Project project{root()};
  const Json about = {
      {"protocol", 1},
      {"components", {"fake.math.double", "fake.math.Counter"}},
      {"stamp", Stamp::now(project, Reference::load(project, "fake")).json()}};
  write("describe.json", about.dump());
  write(
      "probes.sh",
      "#!/bin/sh\nif [ \"$1\" = --describe ]; then cat " +
          path("describe.json").string() + "; exit; fi\nshift\n" + run + "\n");
  fs::permissions(program(), fs::perms::owner_all);
}

void FakeProject::build() const {
  build(
      R"sh(echo '{"calls": [{"id": "two", "result": {"y": 4.0}}]}' > "$2/response.json")sh");
}

Port port_of(const FakeProject& fake) {
  return Port(Project{fake.root()}, "fake", fake.root() / "build");
}

std::string message(const std::function<void()>& action) {
  try {
    action();
  } catch (const mlxaudio::Error& e) {
    return e.what();
  }
  return "";
}

} // namespace portproof::test
