// SPDX-License-Identifier: MIT
// Ported from openai-whisper (whisper/transcribe.py), Copyright (c) 2022
// OpenAI, https://github.com/openai/whisper, licenses/whisper.txt.
#include "models/whisper/transcribe.h"

#include <algorithm>
#include <cmath>
#include <memory>
#include <tuple>
#include <utility>

#include <fmt/format.h>
#include <mlx/ops.h>

#include "models/whisper/clips.h"
#include "models/whisper/hallucination.h"
#include "models/whisper/utils.h"
#include "text/python.h"

namespace mlxaudio::whisper {

namespace {

FallbackOptions fallback_options(const TranscribeOptions& options) {
  return {
      .temperatures = options.temperature,
      .compression_ratio_threshold = options.compression_ratio_threshold,
      .logprob_threshold = options.logprob_threshold,
      .no_speech_threshold = options.no_speech_threshold};
}

DecodingOptions decoding_options(const TranscribeOptions& options) {
  DecodingOptions decode_options;
  decode_options.task = options.task;
  decode_options.language = options.language;
  decode_options.draws.seed = options.seed;
  decode_options.sample_len = options.sample_len;
  decode_options.best_of = options.best_of;
  decode_options.beam_size = options.beam_size;
  decode_options.patience = options.patience;
  decode_options.length_penalty = options.length_penalty;
  decode_options.prefix = options.prefix.value_or("");
  decode_options.suppress_tokens = options.suppress_tokens;
  decode_options.suppress_blank = options.suppress_blank;
  decode_options.without_timestamps = options.without_timestamps;
  decode_options.max_initial_timestamp = options.max_initial_timestamp;
  return decode_options;
}

/// Whether a window holds no speech.
bool should_skip(
    const DecodingResult& result, const TranscribeOptions& options) {
  if (!options.no_speech_threshold ||
      !(result.no_speech_prob > *options.no_speech_threshold)) {
    return false;
  }
  // Text that is probable enough counts, whatever the model thinks of silence.
  return !(
      options.logprob_threshold &&
      result.avg_logprob > *options.logprob_threshold);
}

// DEVIATION(whisper-thresholds): the reference takes NaN, for which no
// comparison holds.
void check_threshold(const std::optional<double>& value, const char* name) {
  if (value && std::isnan(*value)) {
    throw ArgumentError(fmt::format(
        "[whisper.transcribe] {} is not a number: give one, or leave it empty",
        name));
  }
}

InterruptedError stopped_early() {
  return InterruptedError(
      "[whisper.transcribe] stopped before the first window was done");
}

} // namespace

Transcriber make_transcriber(const Whisper& model, std::stop_token stop) {
  return {
      .dims = model.dims,
      .get_tokenizer =
          [&model](const std::string& language, const std::string& task) {
            return model.get_tokenizer(language, task);
          },
      .embed_audio =
          [&model](const mx::array& mel) {
            return model.embed_audio(mx::expand_dims(mel, 0));
          },
      .detect_language =
          [&model](const mx::array& features) {
            const auto tokenizer =
                model.get_tokenizer(std::nullopt, std::nullopt);
            return detect_language(model, features, tokenizer)
                .language_probs.front();
          },
      .decode =
          [&model, stop = std::move(stop)](
              const mx::array& mel,
              const DecodingOptions& options) {
            return decode(model, mel, options, stop).front();
          },
      .find_alignment =
          [&model](
              const Tokenizer& tokenizer,
              std::span<const int> text_tokens,
              const mx::array& features,
              int num_frames) {
            return find_alignment(
                model,
                tokenizer,
                text_tokens,
                features,
                num_frames);
          }};
}

WindowSegments split_window(
    const DecodingResult& result,
    const Tokenizer& tokenizer,
    int seek,
    int segment_size,
    int input_stride) {
  const double time_offset = seconds_of(seek);
  const double segment_duration = seconds_of(segment_size);
  // Time per output token: 0.02 s.
  const double time_precision = seconds_of(input_stride);
  const auto& tokens = result.tokens;
  const auto n = tokens.size();

  const auto is_timestamp = [&](std::size_t i) {
    return tokens[i] >= tokenizer.timestamp_begin;
  };
  const bool single_timestamp_ending =
      n >= 2 && !is_timestamp(n - 2) && is_timestamp(n - 1);

  WindowSegments window{{}, seek, single_timestamp_ending};
  const auto new_segment =
      [&](double start, double end, std::size_t first, std::size_t last) {
        Segment segment;
        segment.seek = seek;
        segment.start = start;
        segment.end = end;
        segment.tokens = {
            tokens.begin() + static_cast<std::ptrdiff_t>(first),
            tokens.begin() + static_cast<std::ptrdiff_t>(last)};
        std::vector<int> text_tokens;
        std::copy_if(
            segment.tokens.begin(),
            segment.tokens.end(),
            std::back_inserter(text_tokens),
            [&](int token) { return token < tokenizer.eot; });
        segment.text = tokenizer.decode(text_tokens);
        segment.temperature = result.temperature;
        segment.avg_logprob = result.avg_logprob;
        segment.compression_ratio = result.compression_ratio;
        segment.no_speech_prob = result.no_speech_prob;
        window.segments.push_back(std::move(segment));
      };
  const auto position = [&](std::size_t i) {
    return tokens[i] - tokenizer.timestamp_begin;
  };

  std::vector<std::size_t> slices;
  for (std::size_t i = 1; i < n; ++i) {
    if (is_timestamp(i - 1) && is_timestamp(i)) {
      slices.push_back(i);
    }
  }
  if (!slices.empty()) {
    if (single_timestamp_ending) {
      slices.push_back(n);
    }
    std::size_t last_slice = 0;
    for (const auto current_slice : slices) {
      new_segment(
          time_offset + position(last_slice) * time_precision,
          time_offset + position(current_slice - 1) * time_precision,
          last_slice,
          current_slice);
      last_slice = current_slice;
    }
    if (single_timestamp_ending) {
      // No speech after the last timestamp.
      window.seek += segment_size;
    } else {
      // What follows the last pair is unfinished: the next window has it.
      window.seek += position(last_slice - 1) * input_stride;
    }
    return window;
  }

  double duration = segment_duration;
  for (std::size_t i = n; i-- > 0;) {
    if (is_timestamp(i)) {
      if (position(i) != 0) {
        duration = position(i) * time_precision;
      }
      break;
    }
  }
  new_segment(time_offset, time_offset + duration, 0, n);
  window.seek += segment_size;
  return window;
}

std::vector<int> window_prompt(
    std::span<const int> all_tokens,
    std::size_t n_initial_prompt,
    std::size_t prompt_reset_since,
    bool carry_initial_prompt,
    int n_text_ctx) {
  if (!carry_initial_prompt) {
    const auto kept = all_tokens.subspan(prompt_reset_since);
    return {kept.begin(), kept.end()};
  }
  const auto initial = all_tokens.first(n_initial_prompt);
  auto remaining =
      all_tokens.subspan(std::max(n_initial_prompt, prompt_reset_since));
  // Python's slice [-n:]: the last n; all for 0; all but the first -n where
  // the initial prompt is longer than a prompt may be. decode() then keeps
  // the end of what there is too much of, and so the initial prompt goes.
  const auto n = static_cast<std::ptrdiff_t>(remaining.size());
  const std::ptrdiff_t remaining_prompt_length =
      n_text_ctx / 2 - 1 - static_cast<std::ptrdiff_t>(n_initial_prompt);
  const std::ptrdiff_t dropped =
      remaining_prompt_length > 0
          ? std::max<std::ptrdiff_t>(n - remaining_prompt_length, 0)
          : std::min(-remaining_prompt_length, n);
  remaining = remaining.subspan(static_cast<std::size_t>(dropped));
  std::vector<int> prompt(initial.begin(), initial.end());
  prompt.insert(prompt.end(), remaining.begin(), remaining.end());
  return prompt;
}

void check_options(
    const ModelDimensions& dims, const TranscribeOptions& options) {
  if (options.task != "transcribe" && options.task != "translate") {
    throw ArgumentError(fmt::format(
        "[whisper.transcribe] unknown task \"{}\": it is \"transcribe\" or "
        "\"translate\"",
        options.task));
  }
  if (options.language && !find_language(*options.language)) {
    throw ArgumentError(fmt::format(
        "[whisper.transcribe] unknown language \"{}\": give a code (\"en\") "
        "or an English name (\"english\")",
        *options.language));
  }
  // DEVIATION(whisper-english-only): the reference's function takes any
  // language and task for an English-only model and does not use them (its
  // command line warns).
  if (!dims.is_multilingual()) {
    if (options.task != "transcribe") {
      throw UnsupportedError(
          "[whisper.transcribe] this model is English-only and cannot "
          "translate: take a multilingual one");
    }
    if (options.language && *find_language(*options.language) != "en") {
      throw UnsupportedError(fmt::format(
          "[whisper.transcribe] this model is English-only and does not "
          "know \"{}\": take a multilingual one",
          *options.language));
    }
  }
  check_clip_timestamps(options.clip_timestamps);
  if (const auto threshold = options.hallucination_silence_threshold) {
    // DEVIATION(whisper-silence-threshold): the reference takes a negative
    // threshold, and with it drops every text behind any silence.
    if (!(*threshold >= 0)) {
      throw ArgumentError(fmt::format(
          "[whisper.transcribe] hallucination_silence_threshold is {}: give "
          "seconds from 0 on",
          *threshold));
    }
    // DEVIATION(whisper-silence-needs-words): the reference ignores it then.
    if (!options.word_timestamps) {
      throw ArgumentError(
          "[whisper.transcribe] hallucination_silence_threshold needs "
          "word_timestamps: turn them on");
    }
  }
  if (options.temperature.empty()) {
    throw ArgumentError(
        "[whisper.transcribe] there is no temperature to decode at: give one");
  }
  const DecodingOptions decode_options = decoding_options(options);
  for (const double t : options.temperature) {
    verify_options(at_temperature(decode_options, t), dims);
  }
  check_threshold(
      options.compression_ratio_threshold,
      "compression_ratio_threshold");
  check_threshold(options.logprob_threshold, "logprob_threshold");
  check_threshold(options.no_speech_threshold, "no_speech_threshold");
}

Transcription transcribe(
    const Transcriber& model,
    const MelFrames& mel,
    const TranscribeOptions& options,
    const TranscribeCallbacks& callbacks,
    const std::stop_token& stop) {
  check_options(model.dims, options);
  DecodingOptions decode_options = decoding_options(options);
  const int content_frames = mel.content_frames;
  const auto clips = seek_clips(options.clip_timestamps, content_frames);
  const auto window = [&mel](int seek, int segment_size) {
    return pad_or_trim(mel.frames(seek, segment_size), kNFrames, 0);
  };

  // Audio features that are known already, of the window at the beginning.
  Maybe first_features;
  if (!decode_options.language) {
    if (!model.dims.is_multilingual()) {
      decode_options.language = "en";
    } else {
      if (stop.stop_requested()) {
        throw stopped_early();
      }
      // Here the silence after short audio is the padded audio's, in a window
      // below it is zeros. So only a full window serves for both.
      const mx::array features = model.embed_audio(window(0, kNFrames));
      decode_options.language = most_probable(model.detect_language(features));
      if (content_frames >= kNFrames) {
        first_features = features;
      }
    }
  }
  Transcription transcription;
  transcription.language = *decode_options.language;
  if (callbacks.on_language) {
    callbacks.on_language(transcription.language);
  }
  const auto tokenizer =
      model.get_tokenizer(*decode_options.language, decode_options.task);

  const FallbackOptions fallback = fallback_options(options);

  const auto input_stride =
      static_cast<int>(exact_div(kNFrames, model.dims.n_audio_ctx));
  std::vector<int> all_tokens;
  auto& all_segments = transcription.segments;
  std::size_t prompt_reset_since = 0;
  if (options.initial_prompt) {
    all_tokens = tokenizer.encode(
        " " + std::string(text::python_strip(*options.initial_prompt)));
  }
  const std::size_t n_initial_prompt = all_tokens.size();
  if (options.prefix) {
    // Each window encodes it. One that cannot be encoded fails here, before
    // there is any text, and for audio of no length too.
    std::ignore = tokenizer.encode(
        " " + std::string(text::python_strip(*options.prefix)));
  }

  const auto report = [&](int seek) {
    if (callbacks.on_progress) {
      callbacks.on_progress(
          {seconds_of(std::min(content_frames, seek)),
           seconds_of(content_frames)});
    }
  };
  report(0);

  // Decodes a window; nothing if stopped.
  const auto decoded = [&](int seek, int segment_size, Maybe& features) {
    std::optional<DecodingResult> result;
    if (!stop.stop_requested()) {
      try {
        // Every try and the search for words need the same features.
        features = seek == 0 && segment_size == kNFrames && first_features
                       ? *first_features
                       : model.embed_audio(window(seek, segment_size));
        result = decode_with_fallback(
            model.decode,
            *features,
            decode_options,
            fallback);
        ++decode_options.draws.window;
      } catch (const InterruptedError&) {
        result.reset();
      }
    }
    return result;
  };

  double last_speech_timestamp = 0;
  bool any_done = false;
  for (const Clip& clip : clips) {
    for (int seek = clip.begin; transcription.complete && seek < clip.end;
         report(seek)) {
      const int segment_size =
          std::min({kNFrames, content_frames - seek, clip.end - seek});
      decode_options.prompt = window_prompt(
          all_tokens,
          n_initial_prompt,
          prompt_reset_since,
          options.carry_initial_prompt,
          model.dims.n_text_ctx);

      Maybe features;
      const auto result = decoded(seek, segment_size, features);
      if (!result) {
        if (!any_done) {
          throw stopped_early();
        }
        transcription.complete = false;
        break;
      }
      any_done = true;
      if (should_skip(*result, options)) {
        seek += segment_size;
        continue;
      }

      const int previous_seek = seek;
      auto split =
          split_window(*result, tokenizer, seek, segment_size, input_stride);
      seek = split.seek;
      auto& current_segments = split.segments;
      if (options.word_timestamps) {
        add_word_timestamps(
            current_segments,
            [&](std::span<const int> text_tokens) {
              return model.find_alignment(
                  tokenizer,
                  text_tokens,
                  *features,
                  segment_size);
            },
            tokenizer.eot,
            options.prepend_punctuations,
            options.append_punctuations,
            last_speech_timestamp);
        if (!split.single_timestamp_ending) {
          // The next window begins where the last word ends.
          const auto last_word_end = get_end(current_segments);
          if (last_word_end && *last_word_end > seconds_of(previous_seek)) {
            seek = static_cast<int>(nearest_frame(*last_word_end));
          }
        }
        if (options.hallucination_silence_threshold) {
          const auto skip = skip_hallucinations(
              current_segments,
              {.seek = previous_seek,
               .size = segment_size,
               .content_frames = content_frames,
               .last_speech_timestamp = last_speech_timestamp,
               .single_timestamp_ending = split.single_timestamp_ending},
              seek,
              *options.hallucination_silence_threshold);
          seek = skip.seek;
          if (skip.drop_window) {
            continue;
          }
        }
        last_speech_timestamp =
            get_end(current_segments).value_or(last_speech_timestamp);
      }

      for (auto& segment : current_segments) {
        // Nothing was said in no time, or nothing at all.
        if (segment.start == segment.end ||
            text::python_strip(segment.text).empty()) {
          segment.cleared_text = std::exchange(segment.text, {});
          segment.tokens.clear();
          if (segment.words) {
            segment.words->clear();
          }
          segment.cleared = true;
        }
        segment.id = static_cast<int>(all_segments.size());
        all_tokens.insert(
            all_tokens.end(),
            segment.tokens.begin(),
            segment.tokens.end());
        all_segments.push_back(segment);
      }
      if (callbacks.on_segments) {
        callbacks.on_segments(current_segments);
      }

      if (!options.condition_on_previous_text || result->temperature > 0.5) {
        // What was sampled at a high temperature is no good prompt.
        prompt_reset_since = all_tokens.size();
      }
      if (seek <= previous_seek) {
        // DEVIATION(whisper-no-progress): the reference would decode the same
        // window again, possibly for ever: after a last pair of timestamps at
        // position 0, too.
        seek = previous_seek + segment_size;
      }
    }
  }

  transcription.text = tokenizer.decode(
      std::span<const int>(all_tokens).subspan(n_initial_prompt));
  return transcription;
}

Transcription transcribe(
    const Whisper& model,
    const MelFrames& mel,
    const TranscribeOptions& options,
    const TranscribeCallbacks& callbacks,
    const std::stop_token& stop) {
  if (options.word_timestamps) {
    check_alignment_heads(model);
  }
  return transcribe(
      make_transcriber(model, stop),
      mel,
      options,
      callbacks,
      stop);
}

} // namespace mlxaudio::whisper
