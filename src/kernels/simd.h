// SPDX-License-Identifier: MIT
#pragma once

// Google Highway compiles each kernel once for every instruction set and
// picks at run time: the binary runs on any x86-64, and uses SSE4, AVX2 or
// AVX-512 where there is. This stands before Highway's own headers, of which
// `foreach_target.h` must be the first.
#if defined(__x86_64__)
#define HWY_DISABLED_TARGETS HWY_SSSE3
#endif
