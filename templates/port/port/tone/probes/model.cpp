// SPDX-License-Identifier: MIT
#include "tone/model.h"

#include "probes.h"

using mlxaudio::Json;
using mlxaudio::port::Call;
using mlxaudio::port::Probes;
using namespace tone;

namespace {

Options options_of(const Call& c) {
  const Json& o = c.at("options");
  return {o.at("n_bands"), o.at("n_state"), o.at("n_block"), o.at("kernel")};
}

} // namespace

void add_model(Probes& p) {
  p.add("tone.model.LABELS", [](Call&) -> Json { return kLabels; });
  p.add("tone.model.Options", [](Call&) -> Json {
    const Options o;
    return {
        {"n_bands", o.n_bands},
        {"n_state", o.n_state},
        {"n_block", o.n_block},
        {"kernel", o.kernel}};
  });
  p.add("tone.model.gelu", [](Call& c) {
    return c.put(tone::gelu(c.array("x")));
  });
  p.add("tone.model.softmax", [](Call& c) {
    return c.put(tone::softmax(c.array("x")));
  });
  p.add("tone.model.Block", [](Call& c) {
    return c.put(Block{c.weights(), options_of(c)}(c.array("x")));
  });
  p.add("tone.model.Tone", [](Call& c) -> Json {
    const Tone tone{c.weights(), options_of(c)};
    if (c.has("label")) {
      return tone.label(c.array("x"));
    }
    return c.put(tone(c.array("x")));
  });
}
