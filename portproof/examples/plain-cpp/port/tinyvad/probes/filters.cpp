// SPDX-License-Identifier: MIT
#include "filters.h"

#include "probes.h"

using namespace tinyvad;

Json put(Call& c, const Matrix& m) {
  return c.put({m.rows, m.columns}, m.values);
}

void add_filters(Probes& p) {
  p.add("tinyvad.filters", [](Call&) -> Json {
    // The reference's number has more digits than a float.
    return {
        {"RATE", kRate},
        {"FRAME", kFrame},
        {"HOP", kHop},
        {"BANDS", kBands},
        {"FLOOR", kFloor == 1e-6F ? 1e-6 : kFloor}};
  });
  p.add("tinyvad.filters.EDGES", [](Call&) -> Json { return kEdges; });
  p.add("tinyvad.filters.window", [](Call& c) {
    const int n = c.get<int>("n", 0);
    return c.put({n}, window(n));
  });
  p.add("tinyvad.filters.filter_bank", [](Call& c) {
    return put(
        c,
        c.has("n_fft") ? filter_bank(c.get("n_fft", 0), c.get("rate", 0))
                       : filter_bank());
  });
  p.add("tinyvad.filters.frames", [](Call& c) {
    return put(c, frames(c.array("samples").values));
  });
  p.add("tinyvad.filters.energies", [](Call& c) {
    return put(c, energies(c.array("samples").values));
  });
}
