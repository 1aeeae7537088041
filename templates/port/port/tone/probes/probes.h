// SPDX-License-Identifier: MIT
#pragma once

#include "mlxaudio/nn/probe.h"

/// One function for each file of the reference.
void add_model(mlxaudio::port::Probes& p);
