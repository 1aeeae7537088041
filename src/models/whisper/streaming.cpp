// SPDX-License-Identifier: MIT
// Ported from mlx-audio (mlx_audio/stt/models/whisper/streaming.py), Copyright
// (c) 2023 Apple Inc. and Prince Canuma, https://github.com/Blaizzy/mlx-audio,
// licenses/mlx-audio.txt.
#include "models/whisper/streaming.h"

#include <algorithm>
#include <cstddef>
#include <utility>

#include <fmt/format.h>
#include <mlx/ops.h>
#include <mlx/transforms.h>

#include "mlxaudio/error.h"
#include "models/whisper/audio.h"
#include "text/python.h"

namespace mlxaudio::whisper {

namespace {

/// At the end of the audio, text may come closer to it than in between.
constexpr int kLastThreshold = 4;
/// Half a frame of the spectrogram, and a sample to mirror.
constexpr std::size_t kShortest = kNFft / 2 + 1;

mx::array most_attended_frame(
    const std::vector<mx::array>& cross_qk,
    const AlignmentHeads& alignment_heads) {
  std::vector<mx::array> weights;
  for (const auto& [layer, head] : alignment_heads) {
    const mx::array& qk = cross_qk.at(static_cast<std::size_t>(layer));
    const int last = qk.shape(2) - 1;
    weights.push_back(mx::reshape(
        mx::slice(qk, {0, head, last, 0}, {1, head + 1, last + 1, qk.shape(3)}),
        {qk.shape(3)}));
  }
  return mx::argmax(mx::mean(mx::stack(weights), 0));
}

/// What a step decides with.
struct Step {
  StepLogits logits;
  int most_attended_frame;
};

/// Waits once for both: the frame does not rest on the token that is chosen.
Step on_host(const mx::array& logits, mx::array frame) {
  mx::array row = mx::contiguous(mx::astype(logits, mx::float32));
  mx::eval(row, frame);
  const auto* const first = row.data<float>();
  return {
      {row.shape(-1), {first, first + row.size()}},
      static_cast<int>(frame.item<std::uint32_t>())};
}

} // namespace

int get_most_attended_frame(
    const std::vector<mx::array>& cross_qk,
    const AlignmentHeads& alignment_heads) {
  return static_cast<int>(
      most_attended_frame(cross_qk, alignment_heads).item<std::uint32_t>());
}

bool should_emit(
    int most_attended_frame,
    int content_frames,
    const StreamingConfig& config) {
  return content_frames - most_attended_frame <= config.frame_threshold;
}

StreamingDecoder::StreamingDecoder(
    const Whisper& model,
    StreamingConfig config,
    std::optional<std::string> language,
    const std::string& task,
    std::stop_token stop)
    : model_(model),
      config_(config),
      stop_(std::move(stop)),
      tokenizer_(model.get_tokenizer(
          language && !language->empty() ? language : std::string("en"), task)),
      sot_sequence_(tokenizer_.sot_sequence_including_notimestamps()) {
  logit_filters_.push_back(std::make_unique<SuppressBlank>(
      tokenizer_,
      static_cast<int>(sot_sequence_.size())));
  logit_filters_.push_back(
      std::make_unique<SuppressTokens>(get_suppress_tokens(tokenizer_, {-1})));
}

void StreamingDecoder::reset() {
  n_emitted_ = 0;
  accumulated_mel_.reset();
}

StreamingResult StreamingDecoder::decode_chunk(
    const mx::array& mel, bool is_last) {
  if (mel.ndim() != 2 || mel.shape(1) != model_.dims.n_mels) {
    throw ArgumentError(fmt::format(
        "[whisper.streaming] expected a spectrogram [n_frames, {}], got an "
        "array of {} dimensions",
        model_.dims.n_mels,
        mel.ndim()));
  }
  accumulated_mel_.append(mel);
  const mx::array audio_features =
      model_.embed_audio(mx::expand_dims(accumulated_mel_.frames(), 0));
  const int content_frames = accumulated_mel_.n_frames() / 2;
  const StreamingConfig config =
      is_last ? StreamingConfig{kLastThreshold} : config_;

  Sequences tokens = {sot_sequence_};
  auto kv_cache = model_.decoder.make_cache(1, audio_features.dtype());
  std::vector<int> inputs = sot_sequence_;
  for (int i = 0; i < model_.dims.n_text_ctx / 2; ++i) {
    if (stop_.stop_requested()) {
      throw InterruptedError("[whisper.streaming] stopped within a chunk");
    }
    const int n = static_cast<int>(inputs.size());
    auto out = model_.decoder(
        mx::array(inputs.data(), {1, n}, mx::int32),
        audio_features,
        {.kv_cache = std::move(kv_cache),
         .positions = {n - 1},
         .with_cross_qk = true});
    kv_cache = std::move(out.kv_cache);
    // AUDIT(sync-in-loop): the rules that decide on a token run on the host
    Step step = on_host(
        out.logits,
        most_attended_frame(out.cross_qk, model_.alignment_heads));
    for (const auto& filter : logit_filters_) {
      filter->apply(step.logits, tokens);
    }
    const auto row = step.logits.row(0);
    const auto next_token = static_cast<int>(
        std::max_element(row.begin(), row.end()) - row.begin());
    if (next_token == tokenizer_.eot) {
      break;
    }
    tokens.front().push_back(next_token);
    inputs = {next_token};
    if (should_emit(step.most_attended_frame, content_frames, config)) {
      break;
    }
  }

  std::vector<int> text_tokens;
  std::copy_if(
      tokens.front().begin(),
      tokens.front().end(),
      std::back_inserter(text_tokens),
      [this](int token) { return token < tokenizer_.eot; });
  StreamingResult result;
  if (text_tokens.size() > n_emitted_) {
    result.tokens.assign(
        text_tokens.begin() + static_cast<std::ptrdiff_t>(n_emitted_),
        text_tokens.end());
  }
  n_emitted_ = text_tokens.size();
  result.text = tokenizer_.decode(result.tokens);
  result.is_final = is_last;
  result.start_time =
      static_cast<double>(n_emitted_ - result.tokens.size()) / kTokensPerSecond;
  result.end_time = static_cast<double>(n_emitted_) / kTokensPerSecond;
  return result;
}

void generate_streaming(
    const Whisper& model,
    std::span<const float> audio,
    const StreamingOptions& options,
    const std::function<void(const StreamingResult&)>& on_result,
    const std::stop_token& stop) {
  if (!(options.chunk_duration * kSampleRate >=
        static_cast<double>(kShortest))) {
    // DEVIATION(whisper-streaming-chunk): the reference streams chunks of 134
    // to 200 samples too, none of which has a whole frame.
    throw ArgumentError(fmt::format(
        "[whisper.streaming] chunks of {} s are too short for one frame: give "
        "at least 0.02",
        options.chunk_duration));
  }
  const auto chunk_samples = static_cast<std::size_t>(std::min(
      options.chunk_duration * kSampleRate,
      static_cast<double>(audio.size())));
  const auto mel_of = [&model](std::span<const float> chunk) {
    return log_mel_spectrogram(
        mx::array(chunk.data(), {static_cast<int>(chunk.size())}, mx::float32),
        model.dims.n_mels);
  };

  std::string language;
  if (options.language) {
    language = *options.language;
  } else if (!model.is_multilingual() || audio.size() < kShortest) {
    language = "en";
  } else {
    const mx::array mel =
        mel_of(audio.first(std::min(chunk_samples, audio.size())));
    language =
        most_probable(detect_language(
                          model,
                          pad_or_trim(mel, kNFrames, 0),
                          model.get_tokenizer(std::nullopt, std::nullopt))
                          .language_probs.front());
  }
  StreamingDecoder decoder(
      model,
      {.frame_threshold = options.frame_threshold},
      language,
      options.task,
      stop);

  for (std::size_t start = 0; start < audio.size();) {
    std::size_t end = std::min(start + chunk_samples, audio.size());
    // DEVIATION(whisper-streaming-rest): a rest of fewer than 201 samples, too
    // short for a whole frame, belongs to the chunk before it. The reference
    // fails below 188, and takes what is between for a frame of less.
    if (audio.size() - end < kShortest) {
      end = audio.size();
    }
    const bool is_last = end == audio.size();
    const auto chunk = audio.subspan(start, end - start);
    // AUDIT(constant-in-loop): it has no elements
    StreamingResult result = decoder.decode_chunk(
        chunk.size() < kShortest ? mx::zeros({0, model.dims.n_mels})
                                 : mel_of(chunk),
        is_last);
    const auto n = static_cast<double>(audio.size());
    result.progress = static_cast<double>(end) / n;
    result.audio_position = static_cast<double>(end) / kSampleRate;
    result.audio_duration = n / kSampleRate;
    result.language = language;
    if (is_last || !text::python_strip(result.text).empty()) {
      on_result(result);
    }
    start = end;
  }
}

} // namespace mlxaudio::whisper
