// SPDX-License-Identifier: MIT
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <optional>
#include <utility>

#include <fmt/format.h>
#include <mlx/memory.h>
#include <mlx/ops.h>

#include "audio/reader.h"
#include "audio/resample.h"
#include "engine/model_store.h"
#include "engine/runtime.h"
#include "engine/worker.h"
#include "mlxaudio/stt.h"
#include "models/whisper/load_model.h"
#include "models/whisper/transcribe.h"

namespace mlxaudio {

namespace {

using engine::Session;

/// Samples read between two looks at the stop token.
constexpr std::size_t kBlock = 10 * whisper::kSampleRate;

/// Samples on their way to a model: 16 kHz, by range.
struct Samples {
  std::int64_t size;
  whisper::LogMel::Samples read;
};

InterruptedError stopped_reading() {
  return InterruptedError("[transcribe] stopped while the audio was read");
}

void check_finite(std::span<const float> samples) {
  const auto bad = std::find_if(samples.begin(), samples.end(), [](float x) {
    return !std::isfinite(x);
  });
  if (bad != samples.end()) {
    throw AudioError(fmt::format(
        "[transcribe] sample {} is not a number: clean the audio first",
        bad - samples.begin()));
  }
}

/// Whole audio at 16 kHz. What is at 16 kHz already is not copied.
Samples samples_of(const Audio& audio) {
  check_finite(audio.samples);
  const auto by_range = [](const std::vector<float>& samples) {
    return [&samples](std::int64_t first, std::span<float> out) {
      std::copy_n(samples.begin() + first, out.size(), out.begin());
    };
  };
  if (audio.sample_rate == whisper::kSampleRate) {
    return {
        static_cast<std::int64_t>(audio.samples.size()),
        by_range(audio.samples)};
  }
  const auto resampled =
      std::make_shared<const Audio>(resample(audio, whisper::kSampleRate));
  return {
      static_cast<std::int64_t>(resampled->samples.size()),
      [resampled, read = by_range(resampled->samples)](
          std::int64_t first,
          std::span<float> out) { read(first, out); }};
}

/// A file's samples. They were rounded to 16 bit, so that is how they are kept.
Samples samples_of(
    const std::filesystem::path& file, const std::stop_token& stop) {
  constexpr float kScale = 32768;
  AudioReader reader(file, whisper::kSampleRate);
  const auto kept = std::make_shared<std::vector<std::int16_t>>();
  std::vector<float> block(kBlock);
  for (;;) {
    if (stop.stop_requested()) {
      throw stopped_reading();
    }
    const std::size_t n = reader.read(block);
    for (std::size_t i = 0; i < n; ++i) {
      kept->push_back(static_cast<std::int16_t>(std::lrint(block[i] * kScale)));
    }
    if (n < block.size()) {
      break;
    }
  }
  return {
      static_cast<std::int64_t>(kept->size()),
      [kept](std::int64_t first, std::span<float> out) {
        std::transform(
            kept->begin() + first,
            kept->begin() + first + static_cast<std::int64_t>(out.size()),
            out.begin(),
            [](std::int16_t x) { return static_cast<float>(x) / kScale; });
      }};
}

/// Callbacks that are called on the thread that waits for the session.
TranscribeCallbacks posted(
    const TranscribeCallbacks& callbacks, Session& session) {
  const auto post = [&session](const auto& callback) {
    std::decay_t<decltype(callback)> result;
    if (callback) {
      result = [&session, &callback](const auto& value) {
        session.post([&callback, value] { callback(value); });
      };
    }
    return result;
  };
  return {
      post(callbacks.on_segments),
      post(callbacks.on_progress),
      post(callbacks.on_language)};
}

} // namespace

struct SpeechToText::Impl {
  ModelInfo info;
  whisper::ModelDimensions dims;
  /// Its arrays are touched on the worker only.
  std::optional<whisper::Whisper> model;
  mutable engine::Worker worker;

  Impl(const std::string& name, const LoadOptions& options) {
    const auto path = engine::resolve_model(name);
    engine::start_runtime(options);
    worker.call([&](Session&) {
      const auto checkpoint = whisper::load_checkpoint(path);
      info = engine::describe(name, checkpoint);
      dims = checkpoint.dims;
      model = whisper::load_model(checkpoint);
    });
  }

  ~Impl() {
    worker.call([this](Session&) {
      model.reset();
      mx::clear_cache();
    });
  }

  Transcription transcribe(
      const Samples& samples,
      const TranscribeOptions& options,
      const TranscribeCallbacks& callbacks,
      const std::stop_token& stop) const {
    return worker.call(
        [&](Session& session) {
          const auto mel = whisper::mel_frames(
              samples.size,
              samples.read,
              dims.n_mels,
              session.stop());
          return whisper::transcribe(
              *model,
              mel,
              options,
              posted(callbacks, session),
              session.stop());
        },
        stop);
  }
};

SpeechToText::SpeechToText(std::shared_ptr<const Impl> impl)
    : impl_(std::move(impl)) {}

SpeechToText SpeechToText::load(
    const std::string& model, const LoadOptions& options) {
  return SpeechToText(std::make_shared<const Impl>(model, options));
}

Transcription SpeechToText::transcribe(
    const Audio& audio,
    const TranscribeOptions& options,
    const TranscribeCallbacks& callbacks,
    std::stop_token stop) const {
  const auto impl = impl_;
  whisper::check_options(impl->dims, options);
  return impl->transcribe(samples_of(audio), options, callbacks, stop);
}

Transcription SpeechToText::transcribe(
    const std::filesystem::path& file,
    const TranscribeOptions& options,
    const TranscribeCallbacks& callbacks,
    std::stop_token stop) const {
  const auto impl = impl_;
  whisper::check_options(impl->dims, options);
  return impl->transcribe(samples_of(file, stop), options, callbacks, stop);
}

std::vector<LanguageProbability> SpeechToText::detect_language(
    const Audio& audio, std::stop_token stop) const {
  const auto impl = impl_;
  const auto samples = samples_of(audio);
  auto probs = impl->worker.call(
      [&](Session& session) {
        const auto& model = *impl->model;
        const auto mel = whisper::mel_frames(
            samples.size,
            samples.read,
            impl->dims.n_mels,
            session.stop());
        const auto window = whisper::pad_or_trim(
            mel.frames(0, whisper::kNFrames),
            whisper::kNFrames,
            0);
        const auto tokenizer = model.get_tokenizer(std::nullopt, std::nullopt);
        return whisper::detect_language(model, window, tokenizer)
            .language_probs.front();
      },
      stop);
  std::stable_sort(
      probs.begin(),
      probs.end(),
      [](const auto& a, const auto& b) { return a.second > b.second; });
  return probs;
}

const ModelInfo& SpeechToText::info() const {
  return impl_->info;
}

} // namespace mlxaudio
