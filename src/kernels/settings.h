// SPDX-License-Identifier: MIT
#pragma once

namespace mlxaudio::kernels {

/// Whether ops use kernels. Begins as what `MLXAUDIO_KERNELS` says ("off" turns
/// them off, anything else leaves them on).
bool enabled();

/// Turns kernels on or off for the process: an exact comparison with the
/// reference needs them off, whatever the environment says. Arrays that were
/// built before keep what they were built with.
void set_enabled(bool on);

} // namespace mlxaudio::kernels
