// SPDX-License-Identifier: MIT
#include "models/whisper/batch.h"

#include <algorithm>
#include <exception>
#include <list>
#include <optional>
#include <utility>
#include <vector>

#include <mlx/ops.h>
#include <mlx/transforms.h>

#include "core/fiber.h"
#include "models/whisper/decoding.h"
#include "models/whisper/joined_step.h"
#include "models/whisper/timing.h"
#include "models/whisper/transcribe.h"

namespace mlxaudio::whisper {

namespace {

/// A place in a batch: one piece of work, and the step that it waits for.
class Lane {
 public:
  explicit Lane(const std::function<void(Lane&)>& work)
      : fiber_([this, work](Fiber&) { work(*this); }) {}

  void resume() {
    fiber_.resume();
  }
  bool done() const {
    return fiber_.done();
  }

  /// Within the work: waits for a step.
  /// \throws what taking it threw
  mx::array take(WindowStep& step) {
    waiting_for_ = &step;
    fiber_.suspend();
    waiting_for_ = nullptr;
    if (error_) {
      std::rethrow_exception(std::exchange(error_, nullptr));
    }
    return *std::exchange(logits_, std::nullopt);
  }

  WindowStep* waiting_for() const {
    return waiting_for_;
  }
  void give(mx::array logits) {
    logits_ = std::move(logits);
  }
  void fail(std::exception_ptr error) {
    error_ = std::move(error);
  }

 private:
  WindowStep* waiting_for_ = nullptr;
  Maybe logits_;
  std::exception_ptr error_;
  Fiber fiber_;
};

/// Inference whose steps a batch takes.
class BatchedInference final : public Inference {
 public:
  BatchedInference(const Whisper& model, Lane& lane)
      : model_(model), lane_(lane) {}

  /// \param audio_features of one audio
  mx::array logits(
      const Sequences& tokens,
      const mx::array& audio_features,
      std::span<const int> positions) override {
    if (!step_) {
      return first_pass(tokens, audio_features, positions);
    }
    step_->tokens.clear();
    for (const auto& sequence : tokens) {
      step_->tokens.push_back(sequence.back());
    }
    return mx::astype(lane_.take(*step_), mx::float32);
  }

  void rearrange_kv_cache(std::span<const int> source_indices) override {
    step_->kv_cache =
        whisper::rearrange_kv_cache(std::move(step_->kv_cache), source_indices);
  }

  void cleanup_caching() override {
    step_.reset();
  }

 private:
  /// What all sequences begin with is computed once, and alone: it has more
  /// tokens than a step.
  mx::array first_pass(
      const Sequences& tokens,
      const mx::array& audio_features,
      std::span<const int> positions) {
    const auto n = static_cast<int>(tokens.size());
    auto out = model_.decoder(
        to_array({tokens.front()}),
        audio_features,
        {.kv_cache = model_.decoder.make_cache(1, audio_features.dtype()),
         .positions = {positions.begin(), positions.end()}});
    step_.emplace(WindowStep{{}, audio_features, std::move(out.kv_cache)});
    const mx::array first = mx::astype(out.logits, mx::float32);
    if (n == 1) {
      return first;
    }
    rearrange_kv_cache(std::vector<int>(static_cast<std::size_t>(n), 0));
    return mx::repeat(first, n, 0);
  }

  const Whisper& model_;
  Lane& lane_;
  std::optional<WindowStep> step_; ///< empty before the first pass
};

/// Takes the steps that all lanes wait for.
void take_steps(const TextDecoder& decoder, std::list<Lane>& lanes) {
  std::vector<Lane*> waiting;
  std::vector<std::size_t> rows;
  for (Lane& lane : lanes) {
    waiting.push_back(&lane);
    rows.push_back(lane.waiting_for()->tokens.size());
  }
  for (const auto& group : groups_of_steps(rows, is_joinable(decoder))) {
    std::vector<WindowStep*> steps;
    for (const std::size_t i : group) {
      steps.push_back(waiting[i]->waiting_for());
    }
    try {
      auto logits = joined_step(decoder, steps);
      // AUDIT(sync-in-loop): the next tokens of these windows hang on it
      mx::eval(logits);
      for (std::size_t i = 0; i < group.size(); ++i) {
        waiting[group[i]]->give(std::move(logits[i]));
      }
    } catch (...) {
      for (const std::size_t i : group) {
        waiting[i]->fail(std::current_exception());
      }
    }
  }
}

} // namespace

void run_batch(
    const Whisper& model, std::size_t n, std::size_t size, BatchWork work) {
  std::list<Lane> lanes;
  std::size_t next = 0;
  const auto start_next = [&] {
    lanes.emplace_back([&model, &work, number = next](Lane& lane) {
      work(number, [&model, &lane] {
        return std::make_unique<BatchedInference>(model, lane);
      });
    });
    ++next;
  };
  for (;;) {
    for (auto lane = lanes.begin(); lane != lanes.end();) {
      lane->resume();
      lane = lane->done() ? lanes.erase(lane) : std::next(lane);
    }
    // Those that begin now join the next step.
    while (lanes.size() < size && next < n) {
      start_next();
      lanes.back().resume();
      if (lanes.back().done()) {
        lanes.pop_back();
      }
    }
    if (lanes.empty()) {
      return;
    }
    // AUDIT(sync-in-loop): a step of all, whose tokens decide about the next
    take_steps(model.decoder, lanes);
  }
}

Transcription transcribe(
    const Whisper& model,
    const MakeInference& inferences,
    const MelFrames& mel,
    const TranscribeOptions& options,
    const TranscribeCallbacks& callbacks,
    const std::stop_token& stop) {
  if (options.word_timestamps) {
    check_alignment_heads(model);
  }
  Transcriber transcriber = make_transcriber(model, stop);
  transcriber.decode = [&](const mx::array& features,
                           const DecodingOptions& decode_options) {
    return DecodingTask(model, decode_options, stop, inferences())
        .run(features)
        .front();
  };
  return transcribe(transcriber, mel, options, callbacks, stop);
}

} // namespace mlxaudio::whisper
