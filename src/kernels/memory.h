// SPDX-License-Identifier: MIT
#pragma once

namespace mlxaudio::kernels {

/// Makes the allocator keep memory that was freed, for the whole process.
///
/// MLX on a CPU frees and allocates each array anew, and glibc gives large
/// blocks back to the system each time: an encoder's run then costs 50,000 page
/// faults. \return whether it does: not with other C libraries
[[nodiscard]] bool keep_freed_memory();

} // namespace mlxaudio::kernels
