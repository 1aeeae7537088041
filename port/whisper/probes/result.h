// SPDX-License-Identifier: MIT
#pragma once

#include "core/json.h"
#include "mlxaudio/stt.h"

namespace mlxaudio::port {

/// A transcription from the reference's result.
Transcription transcription_of(const Json& result);

/// The words of a segment, as the reference has them.
Json words_json(const Segment& segment);

/// The reference's form of a transcription.
Json to_json(const Transcription& t);

} // namespace mlxaudio::port
