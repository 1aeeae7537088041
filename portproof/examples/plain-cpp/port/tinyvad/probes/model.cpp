// SPDX-License-Identifier: MIT
#include "model.h"

#include "probes.h"

using namespace tinyvad;

namespace {

Matrix matrix(const Array& a) {
  Matrix m(static_cast<int>(a.shape.at(0)), static_cast<int>(a.shape.at(1)));
  m.values = a.values;
  return m;
}

Cell cell_of(const Call& c) {
  return {
      matrix(c.weight("cell.w")),
      matrix(c.weight("cell.u")),
      c.weight("cell.b").values};
}

/// Tells of each place on the way, and goes on with what is given for it.
Watcher watcher_of(Call& c) {
  Watcher watcher;
  watcher.energies = [&c](Matrix& m) {
    m.values = c.tap("energies", {m.rows, m.columns}, m.values);
  };
  watcher.cell = [&c](
                     const float* x,
                     const std::vector<float>& h,
                     std::vector<float>& next) {
    const long n = static_cast<long>(h.size());
    std::vector<Json> inputs;
    if (c.tapped()) {
      inputs = {c.put({kBands}, {x, x + kBands}), c.put({n}, h)};
    }
    next = c.tap("cell", {n}, next, inputs);
  };
  return watcher;
}

} // namespace

void add_model(Probes& p) {
  p.add("tinyvad.model.sigmoid", [](Call& c) {
    std::vector<float> x = c.array("x").values;
    for (float& v : x) {
      v = sigmoid(v);
    }
    return c.put(c.array("x").shape, x);
  });
  p.add("tinyvad.model.Cell", [](Call& c) {
    const std::vector<float>& h = c.array("h").values;
    return c.put(
        {static_cast<long>(h.size())},
        cell_of(c)(c.array("x").values.data(), h));
  });
  p.add("tinyvad.model.Options", [](Call&) -> Json {
    const Options o;
    return {{"threshold", o.threshold}, {"hangover", o.hangover}};
  });
  p.add("tinyvad.model.Vad", [](Call& c) -> Json {
    const Vad vad{cell_of(c), c.weight("out").values};
    const std::vector<float>& samples = c.array("samples").values;
    if (c.has("threshold")) {
      return vad(samples, {c.get("threshold", 0.0F), c.get("hangover", 0)});
    }
    const std::vector<float> said = vad.probabilities(samples, watcher_of(c));
    return c.put({static_cast<long>(said.size())}, said);
  });
}
