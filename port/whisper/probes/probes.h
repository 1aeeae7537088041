// SPDX-License-Identifier: MIT
#pragma once

#include "support/probe.h"

namespace mlxaudio::port {

// One for each file of the reference.
void add_audio(Probes& p);
void add_cli(Probes& p);
void add_decoding(Probes& p);
void add_init(Probes& p);
void add_model(Probes& p);
void add_streaming(Probes& p);
void add_timing(Probes& p);
void add_normalizers(Probes& p);
void add_tokenizer(Probes& p);
void add_transcribe(Probes& p);
void add_utils(Probes& p);

} // namespace mlxaudio::port
