// SPDX-License-Identifier: MIT
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <exception>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <mlx/memory.h>
#include <mlx/ops.h>

#include "audio/reader.h"
#include "audio/resample.h"
#include "audio/sample_window.h"
#include "core/fiber.h"
#include "engine/checkpoint.h"
#include "engine/model_store.h"
#include "engine/runtime.h"
#include "engine/worker.h"
#include "kernels/compute.h"
#include "mlxaudio/stt.h"
#include "models/whisper/batch.h"
#include "models/whisper/load_model.h"
#include "models/whisper/mel_frames.h"
#include "models/whisper/transcribe.h"

namespace mlxaudio {

namespace {

using engine::Session;

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

whisper::SamplePasses passes_over(const std::shared_ptr<const Audio>& audio) {
  const auto copy = [audio](std::size_t first, std::span<float> out) {
    std::copy_n(
        audio->samples.begin() + static_cast<std::ptrdiff_t>(first),
        out.size(),
        out.begin());
  };
  return {
      .next =
          [audio, copy, done = std::size_t{0}](std::span<float> out) mutable {
            const std::size_t n =
                std::min(out.size(), audio->samples.size() - done);
            copy(done, out.first(n));
            done += n;
            return n;
          },
      .at =
          [copy](std::int64_t first, std::span<float> out) {
            copy(static_cast<std::size_t>(first), out);
          }};
}

/// Whole audio at 16 kHz. What is at 16 kHz already is not copied: it must
/// outlive the result.
whisper::SamplePasses passes_over(const Audio& audio) {
  check_finite(audio.samples);
  if (audio.sample_rate == whisper::kSampleRate) {
    return passes_over(
        std::shared_ptr<const Audio>(std::shared_ptr<void>(), &audio));
  }
  return passes_over(
      std::make_shared<const Audio>(resample(audio, whisper::kSampleRate)));
}

/// A file, which is decoded twice rather than kept: it may last for hours.
whisper::SamplePasses passes_over(const std::filesystem::path& file) {
  const auto samples = std::make_shared<SampleWindow>(
      AudioReader(file, whisper::kSampleRate),
      file.string());
  return {
      .next = [samples](std::span<float> out) { return samples->read(out); },
      .at = [samples](
                std::int64_t first,
                std::span<float> out) { samples->read_at(first, out); }};
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

TranscribeOutcome outcome_of(const std::function<Transcription()>& work) {
  try {
    return {.transcription = engine::with_mends(work)};
  } catch (const FiberAbandoned&) {
    throw; // the batch has failed as a whole
  } catch (...) {
    return {.error = std::current_exception()};
  }
}

TranscribeOutcome not_begun() {
  return {
      .error = std::make_exception_ptr(InterruptedError(
          "[transcribe] stopped before the file's turn came"))};
}

/// The callbacks of one of several files.
TranscribeCallbacks callbacks_of(
    const TranscribeAllCallbacks& callbacks, std::size_t file) {
  const auto bound = [file](const auto& callback, auto& result) {
    if (callback) {
      result = [file, &callback](const auto& value) { callback(file, value); };
    }
  };
  TranscribeCallbacks own;
  bound(callbacks.on_segments, own.on_segments);
  bound(callbacks.on_progress, own.on_progress);
  bound(callbacks.on_language, own.on_language);
  return own;
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
    const Compute compute = engine::compute_of(options);
    worker.call([&](Session&) {
      auto checkpoint = engine::load_checkpoint(path);
      if (!options.official_name.empty()) {
        engine::use_official_heads(checkpoint, options.official_name);
      }
      engine::check_usable(checkpoint);
      info = engine::describe(name, checkpoint);
      info.compute = options.device == Device::cpu ? kernels::name_of(compute)
                                                   : info.weight_type;
      dims = checkpoint.dims;
      model = whisper::load_model(checkpoint, compute);
    });
  }

  ~Impl() {
    worker.call([this](Session&) {
      model.reset();
      mx::clear_cache();
    });
  }

  Transcription transcribe(
      const whisper::SamplePasses& samples,
      const TranscribeOptions& options,
      const TranscribeCallbacks& callbacks,
      const std::stop_token& stop) const {
    const auto work = [&](Session& session) {
      const auto mel =
          whisper::mel_frames(samples, dims.n_mels, session.stop());
      return whisper::transcribe(
          *model,
          mel,
          options,
          posted(callbacks, session),
          session.stop());
    };
    return engine::with_mends([&] { return worker.call(work, stop); });
  }

  std::vector<TranscribeOutcome> transcribe_all(
      std::span<const std::filesystem::path> files,
      std::size_t batch_size,
      const TranscribeOptions& options,
      const TranscribeAllCallbacks& callbacks,
      const std::stop_token& stop) const {
    // Events refer to both after the work on a file has ended.
    std::vector<TranscribeOutcome> outcomes(files.size());
    std::vector<TranscribeCallbacks> own;
    for (std::size_t i = 0; i < files.size(); ++i) {
      own.push_back(callbacks_of(callbacks, i));
    }
    bool began = false;
    try {
      worker.call(
          [&](Session& session) {
            began = true;
            const auto work = [&](std::size_t i,
                                  const whisper::MakeInference& inferences) {
              if (session.stop().stop_requested()) {
                outcomes[i] = not_begun();
                return;
              }
              if (callbacks.on_start) {
                session.post([&callbacks, i] { callbacks.on_start(i); });
              }
              outcomes[i] = outcome_of([&] {
                const auto mel = whisper::mel_frames(
                    passes_over(files[i]),
                    dims.n_mels,
                    session.stop());
                return whisper::transcribe(
                    *model,
                    inferences,
                    mel,
                    options,
                    posted(own[i], session),
                    session.stop());
              });
              if (callbacks.on_done) {
                session.post([&callbacks, &outcome = outcomes[i], i] {
                  callbacks.on_done(i, outcome);
                });
              }
            };
            whisper::run_batch(*model, files.size(), batch_size, work);
          },
          stop);
    } catch (const InterruptedError&) {
      if (began) {
        throw; // by a callback
      }
      std::generate(outcomes.begin(), outcomes.end(), not_begun);
    }
    return outcomes;
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
  return impl->transcribe(passes_over(audio), options, callbacks, stop);
}

Transcription SpeechToText::transcribe(
    const std::filesystem::path& file,
    const TranscribeOptions& options,
    const TranscribeCallbacks& callbacks,
    std::stop_token stop) const {
  const auto impl = impl_;
  whisper::check_options(impl->dims, options);
  return impl->transcribe(passes_over(file), options, callbacks, stop);
}

std::vector<TranscribeOutcome> SpeechToText::transcribe_all(
    std::span<const std::filesystem::path> files,
    int batch_size,
    const TranscribeOptions& options,
    const TranscribeAllCallbacks& callbacks,
    std::stop_token stop) const {
  const auto impl = impl_;
  whisper::check_options(impl->dims, options);
  if (batch_size < 1 || batch_size > kMaxBatchSize) {
    throw ArgumentError(fmt::format(
        "[transcribe] a batch of {} files: take 1 to {}",
        batch_size,
        kMaxBatchSize));
  }
  return impl->transcribe_all(
      files,
      static_cast<std::size_t>(batch_size),
      options,
      callbacks,
      stop);
}

std::vector<LanguageProbability> SpeechToText::detect_language(
    const Audio& audio, std::stop_token stop) const {
  const auto impl = impl_;
  const auto samples = passes_over(audio);
  auto probs = impl->worker.call(
      [&](Session& session) {
        const auto& model = *impl->model;
        const auto mel =
            whisper::mel_frames(samples, impl->dims.n_mels, session.stop());
        const auto window = mel.frames(0, whisper::kNFrames);
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
