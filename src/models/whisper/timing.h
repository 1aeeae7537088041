// SPDX-License-Identifier: MIT
// Ported from openai-whisper (whisper/timing.py), Copyright (c) 2022 OpenAI,
// https://github.com/openai/whisper, licenses/whisper.txt.
#pragma once

#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <mlx/array.h>

#include "mlxaudio/stt.h"
#include "models/whisper/tokenizer.h"
#include "models/whisper/whisper.h"

namespace mlxaudio::whisper {

/// A word, its tokens, and when it is spoken within its window.
///
/// \port whisper.timing.WordTiming
struct WordTiming {
  std::string word;
  std::vector<int> tokens;
  double start = 0;       ///< \unit s
  double end = 0;         ///< \unit s
  double probability = 0; ///< mean of its tokens'
};

struct AlignmentOptions {
  int medfilt_width = 7; ///< odd
  float qk_scale = 1.0F; ///< of the scores, before the softmax
};

/// \throws UnsupportedError if the model names no heads for alignment
void check_alignment_heads(const Whisper& model);

/// Finds when each word of a window was spoken, by the heads of the attention
/// to the audio that follow the speech.
///
/// \port whisper.timing.find_alignment
/// \param text_tokens of the window, without special tokens
/// \param audio_features of the window. \shape [1, n_audio_ctx, n_audio_state]
/// \param num_frames how much of the window is audio. \unit mel frames
/// \return words in their order; none if there are no tokens
/// \throws UnsupportedError if the model names no heads; ArgumentError for a
///   token that is no text, and for more tokens than the text context holds
std::vector<WordTiming> find_alignment(
    const Whisper& model,
    const Tokenizer& tokenizer,
    std::span<const int> text_tokens,
    const mx::array& audio_features,
    int num_frames,
    const AlignmentOptions& options = {});

/// Makes punctuation one with the word that it belongs to. What was merged
/// stays in the list as an empty word.
///
/// \port whisper.timing.merge_punctuations
/// \param prepended marks that go to the word after them
/// \param appended marks that go to the word before them
void merge_punctuations(
    std::vector<WordTiming>& alignment,
    std::string_view prepended,
    std::string_view appended);

/// Finds the words of some tokens: `find_alignment` of a window.
using Aligner =
    std::function<std::vector<WordTiming>(std::span<const int> text_tokens)>;

/// Gives the segments of a window their words, and has each begin and end with
/// its words.
///
/// \port whisper.timing.add_word_timestamps
/// \param eot first token that is no text
/// \param last_speech_timestamp where speech ended before this window. \unit s
void add_word_timestamps(
    std::vector<Segment>& segments,
    const Aligner& find_alignment,
    int eot,
    std::string_view prepend_punctuations,
    std::string_view append_punctuations,
    double last_speech_timestamp);

} // namespace mlxaudio::whisper
