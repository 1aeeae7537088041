// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <exception>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

#include "mlxaudio/api.h"
#include "mlxaudio/audio.h"
#include "mlxaudio/error.h"
#include "mlxaudio/load.h"

namespace mlxaudio {

/// How to transcribe. Names, meanings and defaults are those of
/// `whisper.transcribe()` and `whisper.DecodingOptions`.
struct TranscribeOptions {
  /// "transcribe" (speech to text in its own language) or "translate" (to
  /// English).
  std::string task = "transcribe";
  /// Code ("en") or English name ("english") of the language spoken; detected
  /// from the first 30 s when empty.
  std::optional<std::string> language;
  /// Text given to the first window as if it had come before: names and words
  /// to be spelled in this way, or a style.
  std::optional<std::string> initial_prompt;
  /// Whether every window gets `initial_prompt`, before the text of the window
  /// before it; that text is cut from the left where both are too long.
  bool carry_initial_prompt = false;
  /// Whether the text of one window is the prompt of the next.
  bool condition_on_previous_text = true;
  /// Text that every window begins with.
  std::optional<std::string> prefix;

  /// Tried in turn, until a window's text is neither too repetitive nor too
  /// improbable. 0 takes the most likely token, or searches with `beam_size`.
  std::vector<double> temperature = {0.0, 0.2, 0.4, 0.6, 0.8, 1.0};
  /// Texts sampled at a temperature above 0, of which the likeliest is taken;
  /// empty: one.
  std::optional<int> best_of;
  /// Beams of the search at temperature 0; empty: greedy.
  std::optional<int> beam_size;
  /// The search ends with `beam_size` times this many texts
  /// (arxiv:2204.05424); empty: 1.
  std::optional<double> patience;
  /// "alpha" of Google NMT's length penalty, from 0 to 1, by which texts are
  /// ranked; empty: by the mean log probability of their tokens.
  std::optional<double> length_penalty;
  /// Which draws are made at temperatures above 0: the same seed, the same
  /// text.
  std::uint64_t seed = 0;

  /// Text that gzip makes smaller by more than this factor is too repetitive;
  /// empty: none is.
  std::optional<double> compression_ratio_threshold = 2.4;
  /// Text whose average log probability is below this is too improbable;
  /// empty: none is.
  std::optional<double> logprob_threshold = -1.0;
  /// A window whose no-speech probability is above this is silence, unless its
  /// average log probability is above `logprob_threshold`; empty: none is.
  std::optional<double> no_speech_threshold = 0.6;

  /// Find the time of each word.
  bool word_timestamps = false;
  /// Marks that are one with the word after them.
  std::string prepend_punctuations = "\"'“¿([{-";
  /// Marks that are one with the word before them.
  std::string append_punctuations = "\"'.。,，!！?？:：”)]}、";
  /// With word times: silence longer than this is skipped where the words
  /// around it look made up; empty: never. \unit s
  std::optional<double> hallucination_silence_threshold;
  /// Start and end of each clip to work on, in order; the last may lack its
  /// end, which is then the end of the audio. \unit s
  std::vector<double> clip_timestamps = {0.0};

  /// Token ids never to be sampled; -1 stands for the tokenizer's list of
  /// symbols that are not speech. The tokens of the task (start, language,
  /// ...) are added to any list but the empty one, which suppresses nothing.
  std::vector<int> suppress_tokens = {-1};
  /// Never begin a window with a space or the end.
  bool suppress_blank = true;
  /// Sample text only, no timestamps.
  bool without_timestamps = false;
  /// The first timestamp of a window is at most this; empty, and 0 as in the
  /// reference: no limit. \unit s
  std::optional<double> max_initial_timestamp = 1.0;
  /// Most tokens sampled in one window; empty, and 0: half the text context.
  std::optional<int> sample_len;
};

/// A word with the marks that belong to it, and the blank before it.
struct Word {
  std::string word;
  double start = 0; ///< \unit s
  double end = 0;   ///< \unit s
  double probability = 0;
};

/// One stretch of speech.
struct Segment {
  int id = 0;       ///< number in the transcription, from 0
  int seek = 0;     ///< where its window began, in mel frames of 10 ms
  double start = 0; ///< \unit s
  double end = 0;   ///< \unit s
  std::string text;
  std::vector<int> tokens;                     ///< with timestamp tokens
  double temperature = 0;                      ///< that it was sampled at
  double avg_logprob = 0;                      ///< of its window
  double compression_ratio = 0;                ///< of its window's text
  double no_speech_prob = 0;                   ///< of its window
  std::optional<std::vector<Word>> words = {}; ///< with `word_timestamps`
  /// Whether it had no length or no text; then its text and tokens are gone.
  bool cleared = false;
  /// The text that a cleared segment had.
  std::string cleared_text = {};
};

/// A language and how likely it is.
using LanguageProbability = std::pair<std::string, double>;

/// The result of `whisper.transcribe()`.
struct Transcription {
  std::string text;
  std::vector<Segment> segments;
  /// As `TranscribeOptions::language` gave it ("English" stays "English"), as
  /// in the reference; the code ("en") where it was detected.
  std::string language;
  /// False when a stop token ended the work early; what is here was done.
  bool complete = true;
};

/// How far a transcription is.
struct TranscribeProgress {
  double done = 0;  ///< \unit s of audio
  double total = 0; ///< \unit s of audio
};

/// Called on the caller's thread while it waits, in the order of events. One
/// that throws stops the work, and the call throws the same.
struct TranscribeCallbacks {
  /// The segments of a window, as soon as it is accepted.
  std::function<void(const std::vector<Segment>&)> on_segments;
  std::function<void(const TranscribeProgress&)> on_progress;
  /// Once, when the language is known.
  std::function<void(const std::string&)> on_language;
};

/// What one of several files came to: one of the two is there.
struct TranscribeOutcome {
  std::optional<Transcription> transcription = {};
  /// What `SpeechToText::transcribe` of the file throws.
  std::exception_ptr error = {};
};

/// The most files that are transcribed together. More would share no more steps
/// of the decoder, and each takes memory and a file descriptor.
inline constexpr int kMaxBatchSize = 8;

/// As `TranscribeCallbacks`, with the number of the file, from 0. Events of a
/// file keep their order; those of several files come as they happen.
struct TranscribeAllCallbacks {
  /// When the work on a file begins.
  std::function<void(std::size_t file)> on_start;
  std::function<void(std::size_t file, const std::vector<Segment>&)>
      on_segments;
  std::function<void(std::size_t file, const TranscribeProgress&)> on_progress;
  std::function<void(std::size_t file, const std::string&)> on_language;
  /// When a file that has begun is done, or has failed. The outcome is the one
  /// that the call returns in the end.
  std::function<void(std::size_t file, const TranscribeOutcome&)> on_done;
};

/// A loaded speech-to-text model. Cheap to copy: copies share the model. Any
/// number of threads may use it; requests are served by the one worker that
/// owns MLX for this model.
class MLXAUDIO_API SpeechToText {
 public:
  /// Loads a model by name ("base"), folder or file.
  ///
  /// Whether `model` is a name, a folder or a file is decided in that order.
  /// Never reaches the network: a model of the catalogue that is not there is
  /// an error that names the command which gets it.
  /// \throws ConfigError, WeightError, TokenError, UnsupportedError;
  ///   ArgumentError for a device or number of threads other than that of the
  ///   process's first model, and for an official name that there is not
  static SpeechToText load(
      const std::string& model, const LoadOptions& options = {});

  /// Transcribes audio of any sample rate (resampled to 16 kHz).
  /// \throws AudioError, ArgumentError, UnsupportedError; InterruptedError if
  /// stopped before the first window was done
  Transcription transcribe(
      const Audio& audio,
      const TranscribeOptions& options = {},
      const TranscribeCallbacks& callbacks = {},
      std::stop_token stop = {}) const;

  /// Reads an audio file as the reference does (mono mix and 16-bit rounding)
  /// and transcribes it.
  Transcription transcribe(
      const std::filesystem::path& file,
      const TranscribeOptions& options = {},
      const TranscribeCallbacks& callbacks = {},
      std::stop_token stop = {}) const;

  /// Transcribes several audio files, up to `batch_size` of them together: a
  /// step of the decoder then reads the weights once for all of them. That is
  /// faster with up to 4 beams, best without; each file takes memory of its
  /// own, and the first segment comes later. What each comes to is to the last
  /// bit what `transcribe` makes of it. A file that fails does not end the
  /// others.
  /// \return an outcome for each file, in their order. When stopped, those
  ///   whose first window was not done have an InterruptedError
  /// \throws ArgumentError, UnsupportedError for options that do not fit, or a
  ///   batch size below 1 or above `kMaxBatchSize`; what a callback throws,
  ///   which stops all
  std::vector<TranscribeOutcome> transcribe_all(
      std::span<const std::filesystem::path> files,
      int batch_size,
      const TranscribeOptions& options = {},
      const TranscribeAllCallbacks& callbacks = {},
      std::stop_token stop = {}) const;

  /// Probability of each language over the first 30 s, most likely first.
  /// \throws UnsupportedError for an English-only model
  std::vector<LanguageProbability> detect_language(
      const Audio& audio, std::stop_token stop = {}) const;

  const ModelInfo& info() const;

 private:
  struct Impl;
  explicit SpeechToText(std::shared_ptr<const Impl> impl);
  std::shared_ptr<const Impl> impl_;
};

} // namespace mlxaudio
