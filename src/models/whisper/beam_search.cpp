// SPDX-License-Identifier: MIT
// Ported from openai-whisper (whisper/decoding.py), Copyright (c) 2022 OpenAI,
// https://github.com/openai/whisper, licenses/whisper.txt, with the layout of
// mlx-audio, Copyright (c) 2023 Apple Inc.,
// https://github.com/Blaizzy/mlx-audio.
#include "models/whisper/beam_search.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>

#include <fmt/format.h>

#include "mlxaudio/error.h"

namespace mlxaudio::whisper {

namespace {

struct Scored {
  float value;
  int index;
};

/// Puts an element into a heap with the least at the front, in place of the one
/// at `hole`: the smaller children move up to the bottom, then the element
/// finds its way up. Other ways to do it treat equal values otherwise.
void sift(std::span<Scored> heap, std::size_t hole, Scored element) {
  const std::size_t top = hole;
  const auto move_up = [&](std::size_t child) {
    heap[hole] = heap[child];
    hole = child;
  };
  while (2 * hole + 2 < heap.size()) {
    const std::size_t right = 2 * hole + 2;
    move_up(heap[right].value > heap[right - 1].value ? right - 1 : right);
  }
  if (2 * hole + 2 == heap.size()) {
    move_up(2 * hole + 1);
  }
  while (hole > top && heap[(hole - 1) / 2].value > element.value) {
    move_up((hole - 1) / 2);
  }
  heap[hole] = element;
}

/// A way to go on with one of an audio's sequences.
struct Candidate {
  int sequence; ///< the first of the beams that are this sequence
  int token;
  float sum_logprob;
  int source; ///< the last of the beams that are this sequence
};

/// The candidates of one audio, each once, in the order of the beams.
/// \param first row of its first beam
std::vector<Candidate> candidates_of(
    const Sequences& tokens,
    const StepLogits& logits,
    const std::vector<float>& sum_logprobs,
    int first,
    int beam_size) {
  std::vector<Candidate> candidates;
  for (int beam = first; beam < first + beam_size; ++beam) {
    // At first all beams are the same sequence.
    int sequence = first;
    while (tokens[sequence] != tokens[beam]) {
      ++sequence;
    }
    // Logits that differ may have equal log probabilities, of which the best
    // are chosen.
    const std::vector<float> logprobs = log_softmax(logits.row(beam));
    for (const int token : top_k(logprobs, beam_size + 1)) {
      const float sum_logprob = sum_logprobs[beam] + logprobs[token];
      const auto same = std::find_if(
          candidates.begin(),
          candidates.end(),
          [&](const Candidate& c) {
            return c.sequence == sequence && c.token == token;
          });
      if (same == candidates.end()) {
        candidates.push_back({sequence, token, sum_logprob, beam});
      } else {
        *same = {sequence, token, sum_logprob, beam};
      }
    }
  }
  return candidates;
}

std::vector<int> with(std::vector<int> tokens, int token) {
  tokens.push_back(token);
  return tokens;
}

} // namespace

std::vector<int> top_k(std::span<const float> values, int k) {
  const auto size = static_cast<int>(values.size());
  if (k < 1 || k > size) {
    throw ArgumentError(fmt::format(
        "[whisper.top_k] expected a number from 1 to {}, got {}",
        size,
        k));
  }
  std::vector<Scored> heap;
  for (int i = 0; i < k; ++i) {
    heap.push_back({values[i], i});
  }
  for (std::size_t hole = heap.size() / 2; hole-- > 0;) {
    sift(heap, hole, heap[hole]);
  }
  for (int i = k; i < size; ++i) {
    if (values[i] > heap.front().value) {
      sift(heap, 0, {values[i], i});
    }
  }
  // The least goes to the back, again and again.
  for (std::size_t n = heap.size(); n-- > 1;) {
    const Scored last = heap[n];
    heap[n] = heap.front();
    sift(std::span(heap).first(n), 0, last);
  }
  std::vector<int> indices;
  for (const auto& [value, index] : heap) {
    indices.push_back(index);
  }
  return indices;
}

BeamSearchDecoder::BeamSearchDecoder(
    int beam_size,
    int eot,
    Inference& inference,
    std::optional<double> patience)
    : beam_size_(beam_size),
      eot_(eot),
      inference_(inference),
      max_candidates_(max_candidates(beam_size, patience)) {
  if (beam_size_ < 1 || max_candidates_ < 1) {
    throw ArgumentError(fmt::format(
        "[whisper.decode] beam_size {} or patience {} is too small: with them "
        "the search ends before it begins",
        beam_size,
        patience.value_or(1)));
  }
}

int BeamSearchDecoder::max_candidates(
    int beam_size, std::optional<double> patience) {
  // As Python's `or`: 0 is 1 too. Halves are rounded to even.
  const double factor = patience.value_or(0) != 0 ? *patience : 1;
  constexpr double kMost = 1 << 30;
  return static_cast<int>(
      std::clamp(std::nearbyint(beam_size * factor), -kMost, kMost));
}

void BeamSearchDecoder::reset() {
  finished_sequences_.clear();
}

bool BeamSearchDecoder::update(
    Sequences& tokens,
    const StepLogits& logits,
    std::vector<float>& sum_logprobs) {
  const auto n_batch = static_cast<int>(tokens.size());
  if (n_batch % beam_size_ != 0) {
    throw ArgumentError(fmt::format(
        "[whisper.decode] expected {} sequences for each audio, got {} in all",
        beam_size_,
        n_batch));
  }
  finished_sequences_.resize(static_cast<std::size_t>(n_batch / beam_size_));

  Sequences next_tokens;
  std::vector<float> next_sums;
  std::vector<int> source_indices;
  bool completed = true;
  for (int first = 0; first < n_batch; first += beam_size_) {
    auto candidates =
        candidates_of(tokens, logits, sum_logprobs, first, beam_size_);
    std::stable_sort(
        candidates.begin(),
        candidates.end(),
        [](const Candidate& a, const Candidate& b) {
          return a.sum_logprob > b.sum_logprob;
        });

    // Each beam has at most one end among its candidates, so enough others are
    // left. An end that ranks behind the last beam is not taken.
    auto& finished =
        finished_sequences_[static_cast<std::size_t>(first / beam_size_)];
    int saved = 0;
    for (const auto& c : candidates) {
      if (saved == beam_size_) {
        break;
      }
      auto sequence = with(tokens[c.sequence], c.token);
      if (c.token != eot_) {
        next_tokens.push_back(std::move(sequence));
        next_sums.push_back(c.sum_logprob);
        source_indices.push_back(c.source);
        ++saved;
      } else if (static_cast<int>(finished.size()) < max_candidates_) {
        finished.push_back({std::move(sequence), c.sum_logprob});
      }
    }
    completed =
        completed && static_cast<int>(finished.size()) >= max_candidates_;
  }

  tokens = std::move(next_tokens);
  sum_logprobs = std::move(next_sums);
  inference_.rearrange_kv_cache(source_indices);
  return completed;
}

TokenDecoder::Candidates BeamSearchDecoder::finalize(
    std::vector<Sequences> tokens,
    const std::vector<std::vector<float>>& sum_logprobs) {
  finished_sequences_.resize(tokens.size());
  Candidates candidates;
  for (std::size_t i = 0; i < tokens.size(); ++i) {
    auto& finished = finished_sequences_[i];
    // The best of those that have not ended, the last of equals first.
    std::vector<std::size_t> order(tokens[i].size());
    std::iota(order.begin(), order.end(), 0);
    std::stable_sort(
        order.begin(),
        order.end(),
        [&sums = sum_logprobs[i]](std::size_t a, std::size_t b) {
          return sums[a] < sums[b];
        });
    std::reverse(order.begin(), order.end());
    for (const std::size_t j : order) {
      if (static_cast<int>(finished.size()) >= beam_size_) {
        break;
      }
      Finished ended{with(std::move(tokens[i][j]), eot_), sum_logprobs[i][j]};
      const auto same = std::find_if(
          finished.begin(),
          finished.end(),
          [&](const Finished& f) { return f.tokens == ended.tokens; });
      if (same == finished.end()) {
        finished.push_back(std::move(ended));
      } else {
        *same = std::move(ended);
      }
    }

    auto& sequences = candidates.tokens.emplace_back();
    auto& sums = candidates.sum_logprobs.emplace_back();
    for (const auto& [sequence, sum_logprob] : finished) {
      sequences.push_back(sequence);
      sums.push_back(sum_logprob);
    }
  }
  return candidates;
}

} // namespace mlxaudio::whisper
