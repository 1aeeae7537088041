// SPDX-License-Identifier: MIT
// Ported from openai-whisper (whisper/timing.py), Copyright (c) 2022 OpenAI,
// https://github.com/openai/whisper, licenses/whisper.txt.
#include "models/whisper/timing.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <utility>

#include <fmt/format.h>
#include <mlx/ops.h>
#include <mlx/transforms.h>

#include "models/whisper/audio.h"
#include "models/whisper/dtw.h"
#include "models/whisper/median_filter.h"
#include "ops/softmax.h"
#include "text/python.h"

namespace mlxaudio::whisper {

namespace {

/// Longest that the median word is taken to be. \unit s
constexpr double kMaxMedianDuration = 0.7;
/// How far a word may go beyond its segment before the segment's own time is
/// preferred. \unit s
constexpr double kSegmentTolerance = 0.5;
constexpr std::string_view kSentenceEndMarks = ".。!！?？";

/// Python's `part in text`: the empty text is in any.
bool contains(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

/// numpy's `round(x, 2)`, which is not the nearest number of two digits for
/// all x (Python's own is).
double round_2(double x) {
  return std::nearbyint(x * 100) / 100;
}

/// numpy's `mean`: sums of up to 128 numbers are made in eight parts, those of
/// more in halves.
double numpy_sum(std::span<const double> x) {
  constexpr std::size_t kParts = 8;
  constexpr std::size_t kBlock = 128;
  if (x.size() < kParts) {
    double sum = 0;
    for (const double value : x) {
      sum += value;
    }
    return sum;
  }
  if (x.size() <= kBlock) {
    std::array<double, kParts> r{};
    std::copy_n(x.begin(), kParts, r.begin());
    std::size_t i = kParts;
    for (; i < x.size() - x.size() % kParts; i += kParts) {
      for (std::size_t k = 0; k < kParts; ++k) {
        r[k] += x[i + k];
      }
    }
    double sum =
        ((r[0] + r[1]) + (r[2] + r[3])) + ((r[4] + r[5]) + (r[6] + r[7]));
    for (; i < x.size(); ++i) {
      sum += x[i];
    }
    return sum;
  }
  std::size_t half = x.size() / 2;
  half -= half % kParts;
  return numpy_sum(x.first(half)) + numpy_sum(x.subspan(half));
}

double mean(std::span<const double> x) {
  return numpy_sum(x) / static_cast<double>(x.size());
}

/// numpy's `median`; 0 of nothing.
double median(std::vector<double> x) {
  if (x.empty()) {
    return 0;
  }
  std::sort(x.begin(), x.end());
  const std::size_t middle = x.size() / 2;
  return x.size() % 2 == 1 ? x[middle] : (x[middle - 1] + x[middle]) / 2;
}

/// Subtracts from each number the mean over all tokens, for its head and frame,
/// and divides by the standard deviation.
/// \param weights \shape [heads, tokens, frames]
/// \return the same
std::vector<float> standardised(const mx::array& weights) {
  const auto n_head = static_cast<std::size_t>(weights.shape(0));
  const auto n_token = static_cast<std::size_t>(weights.shape(1));
  const auto n_frame = static_cast<std::size_t>(weights.shape(2));
  const float* from = weights.data<float>();
  std::vector<float> out(weights.size());
  // Sums are f64, as PyTorch makes them; what comes of them is f32.
  std::vector<double> sums(n_frame);
  std::vector<double> squares(n_frame);
  std::vector<float> means(n_frame);
  std::vector<float> stds(n_frame);
  const auto count = static_cast<double>(n_token);
  for (std::size_t head = 0; head < n_head; ++head) {
    const float* rows = from + head * n_token * n_frame;
    float* to = out.data() + head * n_token * n_frame;
    std::fill(sums.begin(), sums.end(), 0.0);
    std::fill(squares.begin(), squares.end(), 0.0);
    for (std::size_t i = 0; i < n_token; ++i) {
      for (std::size_t j = 0; j < n_frame; ++j) {
        sums[j] += static_cast<double>(rows[i * n_frame + j]);
      }
    }
    for (double& sum : sums) {
      sum /= count;
    }
    for (std::size_t i = 0; i < n_token; ++i) {
      for (std::size_t j = 0; j < n_frame; ++j) {
        const double off = static_cast<double>(rows[i * n_frame + j]) - sums[j];
        squares[j] += off * off;
      }
    }
    for (std::size_t j = 0; j < n_frame; ++j) {
      means[j] = static_cast<float>(sums[j]);
      stds[j] = static_cast<float>(std::sqrt(squares[j] / count));
    }
    for (std::size_t i = 0; i < n_token; ++i) {
      for (std::size_t j = 0; j < n_frame; ++j) {
        to[i * n_frame + j] = (rows[i * n_frame + j] - means[j]) / stds[j];
      }
    }
  }
  return out;
}

/// The mean over the heads. PyTorch's order of the sum: by 16, then of those.
/// \param weights \shape [heads, tokens, frames]
Matrix<float> mean_of_heads(const mx::array& weights) {
  constexpr int kStep = 16;
  constexpr std::size_t kLevels = 4;
  const int n_head = weights.shape(0);
  Matrix<float> total(
      static_cast<std::size_t>(weights.shape(1)),
      static_cast<std::size_t>(weights.shape(2)));
  const std::size_t n = total.values.size();
  // Sums of 1, 16, 256 and 4096 heads that were not added up yet.
  std::array<std::vector<float>, kLevels> parts;
  parts.fill(std::vector<float>(n));
  const auto add = [n](const float* from, float* to) {
    for (std::size_t k = 0; k < n; ++k) {
      to[k] += from[k];
    }
  };
  for (int head = 0; head < n_head; ++head) {
    add(weights.data<float>() + static_cast<std::size_t>(head) * n,
        parts[0].data());
    int done = head + 1;
    for (std::size_t level = 1; level < kLevels && done % kStep == 0; ++level) {
      add(parts[level - 1].data(), parts[level].data());
      std::fill(parts[level - 1].begin(), parts[level - 1].end(), 0.0F);
      done /= kStep;
    }
  }
  for (const std::vector<float>& part : parts) {
    add(part.data(), total.values.data());
  }
  for (float& value : total.values) {
    value /= static_cast<float>(n_head);
  }
  return total;
}

/// How much each token looks at each position of the encoder, more than the
/// others do.
/// \param weights scores of the heads. \shape [heads, tokens, frames]
/// \shape -> [tokens, frames]
Matrix<float> alignment_matrix(
    const mx::array& scores, const AlignmentOptions& options) {
  mx::array weights = ops::softmax(scores * mx::array(options.qk_scale));
  weights = mx::contiguous(mx::astype(weights, mx::float32));
  mx::eval(weights);
  const auto standard = standardised(weights);
  return mean_of_heads(median_filter(
      mx::array(standard.data(), weights.shape(), mx::float32),
      options.medfilt_width));
}

/// When each token begins, from the matrix of all tokens; -1 where the path
/// leaves the matrix, which it does in a window of less than 40 ms.
/// \param n_start tokens before the first whose path counts
/// \unit positions of the encoder
std::vector<int> jump_positions(const Matrix<float>& matrix, int n_start) {
  // Of the last token, the end, there is no way on.
  Matrix<float> cost(
      matrix.rows - static_cast<std::size_t>(n_start) - 1,
      matrix.cols);
  std::transform(
      matrix.values.begin() + static_cast<std::ptrdiff_t>(n_start) *
                                  static_cast<std::ptrdiff_t>(matrix.cols),
      matrix.values.end() - static_cast<std::ptrdiff_t>(matrix.cols),
      cost.values.begin(),
      [](float value) { return -value; });
  const auto [text_indices, time_indices] = dtw(cost);
  std::vector<int> jumps;
  for (std::size_t k = 0; k < text_indices.size(); ++k) {
    if (k == 0 || text_indices[k] != text_indices[k - 1]) {
      jumps.push_back(time_indices[k]);
    }
  }
  return jumps;
}

/// Probability of each text token, among all text tokens, after those before.
/// \param logits at the place before each. \shape [1, T, n_vocab]
std::vector<double> token_probabilities(
    const mx::array& logits, std::span<const int> text_tokens, int eot) {
  const mx::array rows = mx::contiguous(mx::astype(logits, mx::float32));
  mx::eval(rows);
  const auto n_vocab = static_cast<std::size_t>(rows.shape(2));
  std::vector<double> probs;
  for (std::size_t i = 0; i < text_tokens.size(); ++i) {
    const std::span<const float> row(
        rows.data<float>() + i * n_vocab,
        static_cast<std::size_t>(eot));
    const float max = *std::max_element(row.begin(), row.end());
    // A sum of so many numbers in f32 is off by some 1e-4.
    double sum = 0;
    for (const float logit : row) {
      sum += static_cast<double>(std::exp(logit - max));
    }
    const double part =
        std::exp(row[static_cast<std::size_t>(text_tokens[i])] - max) / sum;
    probs.push_back(static_cast<double>(static_cast<float>(part)));
  }
  return probs;
}

} // namespace

void check_alignment_heads(const Whisper& model) {
  if (model.alignment_heads.empty()) {
    throw UnsupportedError(
        "[whisper.timing] this model's list of alignment heads is empty, so it "
        "has no word times: transcribe without them, or name heads in its "
        "config.json");
  }
}

std::vector<WordTiming> find_alignment(
    const Whisper& model,
    const Tokenizer& tokenizer,
    std::span<const int> text_tokens,
    const mx::array& audio_features,
    int num_frames,
    const AlignmentOptions& options) {
  if (text_tokens.empty()) {
    return {};
  }
  check_alignment_heads(model);
  const auto not_text =
      std::find_if(text_tokens.begin(), text_tokens.end(), [&](int token) {
        return token < 0 || token >= tokenizer.eot;
      });
  if (not_text != text_tokens.end()) {
    throw ArgumentError(fmt::format(
        "[whisper.timing] expected tokens of text, below {}, got {}",
        tokenizer.eot,
        *not_text));
  }

  std::vector<int> tokens = tokenizer.sot_sequence_including_notimestamps();
  const int n_start = static_cast<int>(tokenizer.sot_sequence.size());
  const int n_text = static_cast<int>(text_tokens.size());
  tokens.insert(tokens.end(), text_tokens.begin(), text_tokens.end());
  tokens.push_back(tokenizer.eot);
  const int n_token = static_cast<int>(tokens.size());
  if (n_token > model.dims.n_text_ctx) {
    throw ArgumentError(fmt::format(
        "[whisper.timing] {} tokens of one window leave no room for the {} "
        "around them in a text context of {}: lower sample_len",
        n_text,
        n_token - n_text,
        model.dims.n_text_ctx));
  }

  TextDecoder::Call call{.with_cross_qk = true};
  for (int i = 0; i < n_text; ++i) {
    call.positions.push_back(n_start + i);
  }
  auto out = model.decoder(
      mx::array(tokens.data(), {1, n_token}, mx::int32),
      audio_features,
      std::move(call));
  const int n_position = std::min(num_frames / 2, model.dims.n_audio_ctx);
  std::vector<mx::array> heads;
  for (const auto& [layer, head] : model.alignment_heads) {
    const mx::array& qk = out.cross_qk.at(static_cast<std::size_t>(layer));
    heads.push_back(
        mx::slice(qk, {0, head, 0, 0}, {1, head + 1, n_token, n_position}));
  }
  // So that scores of other heads go as soon as the layer is done.
  out.cross_qk.clear();
  const auto text_token_probs =
      token_probabilities(out.logits, text_tokens, tokenizer.eot);
  const mx::array scores = mx::squeeze(mx::concatenate(heads, 1), 0);

  std::vector<int> text_and_end(text_tokens.begin(), text_tokens.end());
  text_and_end.push_back(tokenizer.eot);
  auto [words, word_tokens] = tokenizer.split_to_word_tokens(text_and_end);
  if (word_tokens.size() <= 1) {
    return {};
  }
  const auto jumps =
      n_position > 0
          ? jump_positions(alignment_matrix(scores, options), n_start)
          : std::vector<int>(static_cast<std::size_t>(n_text) + 1, -1);

  std::vector<WordTiming> timings;
  std::size_t begin = 0;
  for (std::size_t i = 0; i + 1 < words.size(); ++i) {
    const std::size_t end = begin + word_tokens[i].size();
    timings.push_back(
        {.word = std::move(words[i]),
         .tokens = std::move(word_tokens[i]),
         .start = static_cast<double>(jumps[begin]) / kTokensPerSecond,
         .end = static_cast<double>(jumps[end]) / kTokensPerSecond,
         .probability =
             mean(std::span(text_token_probs).subspan(begin, end - begin))});
    begin = end;
  }
  return timings;
}

void merge_punctuations(
    std::vector<WordTiming>& alignment,
    std::string_view prepended,
    std::string_view appended) {
  const auto move_tokens = [](std::vector<int>& to, std::vector<int>& from) {
    to.insert(to.end(), from.begin(), from.end());
    from.clear();
  };
  std::size_t j = alignment.size();
  for (std::size_t i = alignment.size(); i-- > 0;) {
    WordTiming& previous = alignment[i];
    if (j < alignment.size() && previous.word.starts_with(' ') &&
        contains(prepended, text::python_strip(previous.word))) {
      WordTiming& following = alignment[j];
      following.word = std::exchange(previous.word, "") + following.word;
      move_tokens(previous.tokens, following.tokens);
      std::swap(previous.tokens, following.tokens);
    } else {
      j = i;
    }
  }

  std::size_t i = 0;
  for (j = 1; j < alignment.size(); ++j) {
    WordTiming& previous = alignment[i];
    WordTiming& following = alignment[j];
    if (!previous.word.ends_with(' ') && contains(appended, following.word)) {
      previous.word += std::exchange(following.word, "");
      move_tokens(previous.tokens, following.tokens);
    } else {
      i = j;
    }
  }
}

void add_word_timestamps(
    std::vector<Segment>& segments,
    const Aligner& find_alignment,
    int eot,
    std::string_view prepend_punctuations,
    std::string_view append_punctuations,
    double last_speech_timestamp) {
  if (segments.empty()) {
    return;
  }
  std::vector<int> text_tokens;
  std::vector<std::size_t> n_text_tokens;
  for (const Segment& segment : segments) {
    const std::size_t before = text_tokens.size();
    std::copy_if(
        segment.tokens.begin(),
        segment.tokens.end(),
        std::back_inserter(text_tokens),
        [eot](int token) { return token < eot; });
    n_text_tokens.push_back(text_tokens.size() - before);
  }

  auto alignment = find_alignment(text_tokens);
  std::vector<double> word_durations;
  for (const WordTiming& t : alignment) {
    if (t.end - t.start != 0) {
      word_durations.push_back(t.end - t.start);
    }
  }
  const bool has_durations = !word_durations.empty();
  const double median_duration =
      std::min(kMaxMedianDuration, median(std::move(word_durations)));
  const double max_duration = median_duration * 2;

  // Words at the boundaries of sentences take up the pause there, so they are
  // cut where they are longer than twice the median.
  if (has_durations) {
    for (std::size_t i = 1; i < alignment.size(); ++i) {
      if (alignment[i].end - alignment[i].start > max_duration) {
        if (contains(kSentenceEndMarks, alignment[i].word)) {
          alignment[i].end = alignment[i].start + max_duration;
        } else if (contains(kSentenceEndMarks, alignment[i - 1].word)) {
          alignment[i].start = alignment[i].end - max_duration;
        }
      }
    }
  }

  merge_punctuations(alignment, prepend_punctuations, append_punctuations);

  const double time_offset = seconds_of(segments.front().seek);
  // DEVIATION(whisper-short-window): words of a window of less than 40 ms begin
  // 0.02 s before it, as in the reference, but never before the audio: no file
  // format has a time below 0, and the reference fails to write it.
  const auto audio_time = [time_offset](double in_window) {
    return std::max(0.0, round_2(time_offset + in_window));
  };
  std::size_t word_index = 0;
  for (std::size_t s = 0; s < segments.size(); ++s) {
    Segment& segment = segments[s];
    std::size_t saved_tokens = 0;
    std::vector<Word> words;
    while (word_index < alignment.size() && saved_tokens < n_text_tokens[s]) {
      WordTiming& timing = alignment[word_index];
      saved_tokens += timing.tokens.size();
      if (!timing.word.empty()) {
        words.push_back(
            {.word = std::move(timing.word),
             .start = audio_time(timing.start),
             .end = audio_time(timing.end),
             .probability = timing.probability});
      }
      ++word_index;
    }

    // Likewise at the boundaries of segments.
    if (!words.empty()) {
      Word& first = words.front();
      // The first two words after a pause.
      if (first.end - last_speech_timestamp > median_duration * 4 &&
          (first.end - first.start > max_duration ||
           (words.size() > 1 &&
            words[1].end - first.start > max_duration * 2))) {
        if (words.size() > 1 && words[1].end - words[1].start > max_duration) {
          const double boundary =
              std::max(words[1].end / 2, words[1].end - max_duration);
          first.end = words[1].start = boundary;
        }
        first.start = std::max(0.0, first.end - max_duration);
      }

      if (segment.start < first.end &&
          segment.start - kSegmentTolerance > first.start) {
        first.start =
            std::max(0.0, std::min(first.end - median_duration, segment.start));
      } else {
        segment.start = first.start;
      }

      Word& last = words.back();
      if (segment.end > last.start &&
          segment.end + kSegmentTolerance < last.end) {
        last.end = std::max(last.start + median_duration, segment.end);
      } else {
        segment.end = last.end;
      }
      last_speech_timestamp = segment.end;
    }
    segment.words = std::move(words);
  }
}

} // namespace mlxaudio::whisper
