// SPDX-License-Identifier: MIT
#include "probes.h"

int main(int argc, char** argv) {
  Probes probes;
  add_filters(probes);
  add_model(probes);
  return run_probes(probes, argc, argv);
}
