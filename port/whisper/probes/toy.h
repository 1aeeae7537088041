// SPDX-License-Identifier: MIT
#pragma once

#include <memory>
#include <string>

#include "models/whisper/whisper.h"
#include "support/probe.h"

namespace mlxaudio::port {

/// The dimensions that a call gives as `dims`.
whisper::ModelDimensions toy_dims(const Call& c);

/// Token ids. \shape [B, T] from a list of lists
mx::array tokens_of(const Json& rows);

/// The vocabulary that set-up left in the cache.
/// \throws TokenError if it is not there
std::shared_ptr<const text::Encoding> encoding(
    bool multilingual, int num_languages = 99);

/// The tokenizer that a call describes by `multilingual`, `num_languages`,
/// `language` and `task`.
whisper::Tokenizer tokenizer(const Call& c);

/// A whole model from a call's `dims` and `weights`, with its vocabulary.
whisper::Whisper toy_model(Call& c);

} // namespace mlxaudio::port
