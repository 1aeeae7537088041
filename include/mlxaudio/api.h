// SPDX-License-Identifier: MIT
#pragma once

/// Marks what the shared library exports.
#if defined(_WIN32)
#define MLXAUDIO_API
#else
#define MLXAUDIO_API __attribute__((visibility("default")))
#endif
