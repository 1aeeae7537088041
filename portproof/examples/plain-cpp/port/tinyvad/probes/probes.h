// SPDX-License-Identifier: MIT
#pragma once

#include "protocol.h"

void add_filters(Probes& p);
void add_model(Probes& p);
