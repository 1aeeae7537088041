// SPDX-License-Identifier: MIT
#include "probes.h"

int main(int argc, char** argv) {
  mlxaudio::port::Probes probes;
  add_model(probes);
  return mlxaudio::port::run_probes(probes, argc, argv);
}
