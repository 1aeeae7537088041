// SPDX-License-Identifier: MIT
#pragma once

namespace mlxaudio::kernels {

/// Makes the allocator keep memory that was freed, for the whole process.
///
/// MLX on a CPU frees and allocates each array anew, and glibc gives large
/// blocks back to the system each time: an encoder's run then costs 50,000 page
/// faults. Does nothing with other C libraries.
void keep_freed_memory();

} // namespace mlxaudio::kernels
