// SPDX-License-Identifier: MIT
#include "kernels/memory.h"

#if defined(__GLIBC__) || __has_include(<gnu/libc-version.h>)
#include <malloc.h>
#define MLXAUDIO_HAVE_MALLOPT
#endif

namespace mlxaudio::kernels {

bool keep_freed_memory() {
#if defined(MLXAUDIO_HAVE_MALLOPT)
  // Activations of an encoder are 3 to 30 MB each; weights are mapped files and
  // do not pass here.
  constexpr int kBlock = 256 << 20;
  constexpr int kTrim = 512 << 20;
  // Arenas of single threads would each keep some, and give heaps back whole.
  constexpr int kArenas = 1;
  return mallopt(M_MMAP_THRESHOLD, kBlock) != 0 &&
         mallopt(M_TRIM_THRESHOLD, kTrim) != 0 &&
         mallopt(M_ARENA_MAX, kArenas) != 0;
#else
  return false;
#endif
}

} // namespace mlxaudio::kernels
