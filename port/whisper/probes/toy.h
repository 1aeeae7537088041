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

/// A whole model from a call's `dims` and `weights`, with its vocabulary; or
/// the packaged one that a call names by `packaged`.
whisper::Whisper model_of(Call& c);

/// The model that a call names by `packaged`, from the cache, with its weights
/// as they lie there or of `weight_type`, computed in what `MLXAUDIO_COMPUTE`
/// says ("f32" unless it is set).
/// \throws WeightError if set-up did not put it there
whisper::Whisper packaged_model(const Call& c);

/// The spectrograms of a call: `name` as it is; of a packaged model the first
/// `batch` of those, with silence behind them to fill a window.
/// \shape [B, frames, n_mels]
mx::array mel_of(const Call& c, const std::string& name = "mel");

/// The samples that a call names by `clip`, from the cache. \shape [N]
/// \throws AudioError if set-up did not put them there, or others
mx::array clip_of(const Call& c);

} // namespace mlxaudio::port
