// SPDX-License-Identifier: MIT
// Ported from openai-whisper (whisper/timing.py), Copyright (c) 2022 OpenAI,
// https://github.com/openai/whisper, licenses/whisper.txt.
#pragma once

#include "ops/array.h"

namespace mlxaudio::whisper {

/// The median of each element and its neighbours along the last axis, which is
/// continued by its reflection at both ends.
///
/// \port whisper.timing.median_filter
/// \shape x [..., T] -> [..., T], f32
/// \param filter_width odd. Where T is not above half of it, x is returned as
///   it is.
/// \throws ArgumentError for a width that is even or below 1
mx::array median_filter(const mx::array& x, int filter_width);

} // namespace mlxaudio::whisper
