// SPDX-License-Identifier: MIT
#include "probes.h"

int main(int argc, char** argv) {
  using namespace mlxaudio::port;
  Probes probes;
  for (const auto add :
       {add_audio,
        add_cli,
        add_decoding,
        add_init,
        add_model,
        add_streaming,
        add_timing,
        add_normalizers,
        add_tokenizer,
        add_transcribe,
        add_utils}) {
    add(probes);
  }
  return run_probes(probes, argc, argv);
}
