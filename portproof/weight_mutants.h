// SPDX-License-Identifier: MIT
#pragma once

#include <map>
#include <string>

#include "core/json.h"
#include "core/tensor.h"
#include "portproof/mutants.h"

namespace portproof {

/// Plants a defect in the weights of one recorded call, as if the port had
/// loaded them wrong.
/// \param args what the probe is given; its `weights` name the arrays. Calls
/// without that weight stay as they are
/// \param arrays those of all calls; what is changed is added under a name of
/// its own
void plant(
    const Mutant& mutant,
    mlxaudio::Json& args,
    std::map<std::string, mlxaudio::Tensor>& arrays);

} // namespace portproof
