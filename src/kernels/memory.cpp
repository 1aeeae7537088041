// SPDX-License-Identifier: MIT
#include "kernels/memory.h"

#if defined(__GLIBC__) || __has_include(<gnu/libc-version.h>)
#include <malloc.h>
#define MLXAUDIO_HAVE_MALLOPT
#endif

namespace mlxaudio::kernels {

void keep_freed_memory() {
#if defined(MLXAUDIO_HAVE_MALLOPT)
  // Activations of an encoder are 3 to 30 MB each; weights are mapped files and
  // do not pass here.
  constexpr int kBlock = 256 << 20;
  constexpr int kTrim = 512 << 20;
  mallopt(M_MMAP_THRESHOLD, kBlock);
  mallopt(M_TRIM_THRESHOLD, kTrim);
#endif
}

} // namespace mlxaudio::kernels
