// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <vector>

namespace mlxaudio::kernels {

/// Instruction sets that kernels are compiled for, from the least.
enum class Isa { scalar, sse4, neon, avx2, avx512 };

std::string name_of(Isa isa);

/// Those that this processor has, from the least.
std::vector<Isa> available_isas();

/// The one that kernels use: what `MLXAUDIO_ISA` names ("scalar", "sse4",
/// "avx2", "avx512"), else the best there is.
/// \throws ArgumentError if the variable names none that this processor has
Isa isa();

/// Makes kernels use an instruction set, for tests and timings. Not to be
/// called while arrays are being evaluated.
/// \throws ArgumentError if this processor lacks it
void set_isa(Isa isa);

} // namespace mlxaudio::kernels
