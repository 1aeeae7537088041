// SPDX-License-Identifier: MIT
#include "engine/phases.h"

#include <algorithm>
#include <chrono>
#include <memory>
#include <span>
#include <utility>

#include <mlx/memory.h>
#include <mlx/ops.h>
#include <mlx/transforms.h>

#include "audio/reader.h"
#include "engine/checkpoint.h"
#include "engine/model_store.h"
#include "engine/runtime.h"
#include "engine/worker.h"
#include "kernels/numbers.h"
#include "kernels/reduced.h"
#include "mlxaudio/error.h"
#include "models/whisper/inference.h"
#include "models/whisper/load_model.h"
#include "models/whisper/mel_frames.h"

namespace mx = mlx::core;

namespace mlxaudio::engine {
namespace {

double seconds_of(const std::function<void()>& work) {
  using Clock = std::chrono::steady_clock;
  const auto begin = Clock::now();
  work();
  return std::chrono::duration<double>(Clock::now() - begin).count();
}

/// The parts of one model's work on one file.
class Timer {
 public:
  Timer(
      const whisper::Whisper& model,
      std::span<const float> samples,
      const PhaseOptions& options,
      std::stop_token stop)
      : model_(model),
        samples_(samples),
        options_(options),
        stop_(std::move(stop)),
        tokens_(model.get_tokenizer("en", "transcribe").sot_sequence) {}

  std::vector<Phase> run(NumberBytes bytes) {
    std::vector<Phase> phases = {
        {"mel", {}, {}},
        {"encoder", {}, encoder_need(model_.dims, bytes)},
        {"prompt",
         {},
         prompt_need(model_.dims, bytes, static_cast<int>(tokens_.size()))},
        {"step", {}, step_need(model_.dims, bytes, options_.beams)}};
    for (int i = 0; i <= options_.runs; ++i) {
      const std::vector<std::vector<double>> times = repetition();
      for (std::size_t k = 0; k < times.size() && i > 0; ++k) {
        phases[k].seconds.insert(
            phases[k].seconds.end(),
            times[k].begin(),
            times[k].end());
      }
    }
    if (options_.encoder_only) {
      phases.resize(2);
    }
    return phases;
  }

 private:
  /// Times of mel, encoder, prompt and of each step.
  std::vector<std::vector<double>> repetition() const {
    mx::array mel(0.0f);
    const double mel_time = timed([&] {
      mel = whisper::mel_frames(samples_, model_.dims.n_mels, stop_)
                .frames(0, 2 * model_.dims.n_audio_ctx);
      mx::eval(mel);
    });
    mx::array features(0.0f);
    const double encoder_time = timed([&] {
      features = model_.embed_audio(
          mx::expand_dims(mx::astype(mel, model_.dtype()), 0));
      mx::eval(features);
    });

    if (options_.encoder_only) {
      return {{mel_time}, {encoder_time}};
    }
    whisper::MLXInference inference(model_, static_cast<int>(tokens_.size()));
    whisper::Sequences sequences(
        static_cast<std::size_t>(options_.beams),
        tokens_);
    const auto pass = [&] {
      const int last = static_cast<int>(sequences.front().size()) - 1;
      mx::eval(inference.logits(sequences, features, std::span(&last, 1)));
    };
    const double prompt_time = timed(pass);
    const int room =
        model_.dims.n_text_ctx - static_cast<int>(tokens_.size()) - 1;
    std::vector<double> steps;
    for (int i = 0; i < std::min(options_.steps, room); ++i) {
      // Which token it is does not change the time.
      for (auto& sequence : sequences) {
        sequence.push_back(0);
      }
      steps.push_back(timed(pass));
    }
    return {{mel_time}, {encoder_time}, {prompt_time}, steps};
  }

  /// \throws InterruptedError if stopped
  double timed(const std::function<void()>& work) const {
    if (stop_.stop_requested()) {
      throw InterruptedError("[engine.phases] stopped before all was timed");
    }
    return seconds_of(work);
  }

  const whisper::Whisper& model_;
  std::span<const float> samples_;
  PhaseOptions options_;
  std::stop_token stop_;
  std::vector<int> tokens_;
};

/// Of a layer as the file has it, with its share of scale and bias.
double file_bytes_of(
    const whisper::LoadedCheckpoint& checkpoint, const std::string& module) {
  constexpr double kBitsInByte = 8;
  const auto whole = static_cast<double>(size_of(checkpoint.weight_type));
  if (!checkpoint.weights.tensors.contains(module + ".scales")) {
    return whole;
  }
  const auto [group_size, bits] = checkpoint.quantization->of(module);
  return bits / kBitsInByte + 2 * whole / group_size;
}

/// One layer stands for all, and the encoder's few that stay exact are counted
/// as its others are.
NumberBytes number_bytes_of(
    const whisper::LoadedCheckpoint& checkpoint, Compute compute) {
  // A scale of 4 bytes for each group of weights. Of a vocabulary in 12 bits
  // nearly all rows are read by their high 8 alone.
  constexpr double kInt8 = 1 + 4.0 / kernels::kGroup;
  constexpr double kHigh = 1 + 4.0 / kernels::Int12Weights::kGroup;
  constexpr double kInt12 = kHigh + 0.5;
  const auto of_step = [&](const std::string& module, double int12) {
    const bool packed =
        compute != Compute::f32 &&
        !checkpoint.weights.tensors.contains(module + ".scales");
    return packed ? int12 : file_bytes_of(checkpoint, module);
  };
  const std::string layer = "decoder.blocks.0.mlp1";
  return {
      compute == Compute::int8 ? kInt8 : file_bytes_of(checkpoint, layer),
      of_step(layer, kInt12),
      of_step("decoder.token_embedding", kHigh),
      static_cast<double>(size_of(checkpoint.weight_type)),
      static_cast<double>(
          size_of(compute == Compute::f32 ? DType::f32 : DType::f16))};
}

} // namespace

std::vector<Phase> time_phases(
    const std::string& model,
    const LoadOptions& load,
    const std::filesystem::path& file,
    const PhaseOptions& options,
    std::stop_token stop) {
  const auto path = resolve_model(model);
  start_runtime(load);
  const Compute compute = compute_of(load);
  const Audio audio = read_audio(file, whisper::kSampleRate);
  Worker worker;
  return worker.call(
      [&](Session& session) {
        const auto checkpoint = load_checkpoint(path);
        check_usable(checkpoint);
        auto loaded = std::make_unique<whisper::Whisper>(
            whisper::load_model(checkpoint, compute));
        auto phases = Timer(*loaded, audio.samples, options, session.stop())
                          .run(number_bytes_of(checkpoint, compute));
        loaded.reset();
        mx::clear_cache();
        return phases;
      },
      std::move(stop));
}

Need encoder_need(const whisper::ModelDimensions& dims, NumberBytes bytes) {
  const double mels = dims.n_mels, length = dims.n_audio_ctx,
               state = dims.n_audio_state, layers = dims.n_audio_layer;
  // Both convolutions have filters of three; four projections and a
  // perceptron four times as wide have 12 matrices' weights in a layer.
  const double first = 3 * mels * state;
  const double second = 3 * state * state;
  const double layer = 12 * state * state;
  const double attention = 2 * length * state;
  return {
      2 * length * (2 * first + second + layers * (layer + attention)),
      bytes.convolutions * (first + second) + bytes.many * layers * layer};
}

Need prompt_need(
    const whisper::ModelDimensions& dims, NumberBytes bytes, int tokens) {
  const double state = dims.n_text_state, layers = dims.n_text_layer,
               length = dims.n_audio_ctx, vocabulary = dims.n_vocab;
  const double audio = 2 * state * state; // to keys and values
  const double layer = 14 * state * state;
  const double attention = 2 * length * state;
  return {
      2 * (layers * (length * audio + tokens * (layer + attention)) +
           vocabulary * state),
      bytes.many * layers * audio + bytes.step * layers * layer +
          bytes.vocabulary * vocabulary * state};
}

Need step_need(
    const whisper::ModelDimensions& dims, NumberBytes bytes, int beams) {
  const double state = dims.n_text_state, layers = dims.n_text_layer,
               length = dims.n_audio_ctx, vocabulary = dims.n_vocab;
  // Self-attention's four matrices, two of the attention to the audio, and the
  // perceptron's.
  const double layer = 14 * state * state;
  const double audio = 2 * length * state;
  return {
      2 * beams * (layers * (layer + audio) + vocabulary * state),
      bytes.step * layers * layer + bytes.vocabulary * vocabulary * state +
          bytes.audio * layers * audio};
}

} // namespace mlxaudio::engine
