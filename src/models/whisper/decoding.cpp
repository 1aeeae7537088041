// SPDX-License-Identifier: MIT
// Ported from openai-whisper (whisper/decoding.py), Copyright (c) 2022 OpenAI,
// https://github.com/openai/whisper, licenses/whisper.txt, with the layout of
// mlx-audio, Copyright (c) 2023 Apple Inc.,
// https://github.com/Blaizzy/mlx-audio.
#include "models/whisper/decoding.h"

#include <algorithm>
#include <cmath>
#include <set>
#include <utility>

#include <fmt/format.h>
#include <mlx/ops.h>

#include "models/whisper/audio.h"
#include "models/whisper/beam_search.h"
#include "models/whisper/utils.h"
#include "text/python.h"

namespace mlxaudio::whisper {

namespace {

/// An array's numbers on the host, in f32.
std::vector<float> to_host(const mx::array& a) {
  mx::array values = mx::contiguous(mx::astype(a, mx::float32));
  values.eval();
  const float* data = values.data<float>();
  return {data, data + values.size()};
}

/// Python's `tokens[-n:]`: for n = 0 all of them, for a negative n all but the
/// first -n.
std::vector<int> last(const std::vector<int>& tokens, int n) {
  const auto size = static_cast<int>(tokens.size());
  const int begin = n > 0 ? std::max(size - n, 0) : std::min(-n, size);
  return {tokens.begin() + begin, tokens.end()};
}

/// Tokens of a prompt or a prefix, which are given as text or as tokens.
std::vector<int> encode_context(
    const Tokenizer& tokenizer,
    const std::variant<std::string, std::vector<int>>& context) {
  if (const auto* tokens = std::get_if<std::vector<int>>(&context)) {
    return *tokens;
  }
  const auto& text = std::get<std::string>(context);
  return tokenizer.encode(" " + std::string(text::python_strip(text)));
}

/// Whether Python takes a prompt or a prefix for given.
bool is_given(const std::variant<std::string, std::vector<int>>& context) {
  return std::visit([](const auto& c) { return !c.empty(); }, context);
}

bool is_audio_features(const Whisper& model, const mx::array& mel) {
  return mel.shape(-2) == model.dims.n_audio_ctx &&
         mel.shape(-1) == model.dims.n_audio_state;
}

/// Encodes, unless what is given has been encoded before.
mx::array encode(const Whisper& model, const mx::array& mel) {
  if (is_audio_features(model, mel)) {
    return mel;
  }
  return model.embed_audio(mel);
}

/// NaN would be passed over by one choice and taken by another.
void check_numbers(std::span<const float> logits) {
  // All are looked at: a loop that may end early is not vectorized.
  unsigned found = 0;
  for (const float x : logits) {
    found |= static_cast<unsigned>(std::isnan(x));
  }
  if (found != 0) {
    throw WeightError(
        "[whisper.decode] the model computes NaN: its weights are damaged, or "
        "too large for their type; get a whole copy of it, or try "
        "--device cpu");
  }
}

/// Makes an inference forget, however its run ends.
struct Cleanup {
  Inference& inference;
  ~Cleanup() {
    inference.cleanup_caching();
  }
};

mx::array with_batch(const mx::array& mel) {
  return mel.ndim() == 2 ? mx::expand_dims(mel, 0) : mel;
}

} // namespace

DetectedLanguages detect_language(
    const Whisper& model, mx::array mel, const Tokenizer& tokenizer) {
  const auto& sot_sequence = tokenizer.sot_sequence;
  if (!tokenizer.language ||
      std::find(
          sot_sequence.begin(),
          sot_sequence.end(),
          tokenizer.language_token()) == sot_sequence.end()) {
    throw UnsupportedError(
        "[whisper.detect_language] this model has no language tokens: it knows "
        "English only; set the language to \"en\", or take a multilingual "
        "model");
  }
  mel = encode(model, with_batch(mel));

  const int n_audio = mel.shape(0);
  const Sequences x(n_audio, {tokenizer.sot});
  const mx::array logits =
      mx::reshape(model.logits(to_array(x), mel), {n_audio, -1});
  StepLogits host{logits.shape(1), to_host(logits)};

  DetectedLanguages detected;
  for (int i = 0; i < n_audio; ++i) {
    const auto row = host.row(i);
    // The softmax over the languages alone is the one over all tokens with the
    // others at minus infinity.
    std::vector<float> values;
    for (const int token : tokenizer.all_language_tokens) {
      values.push_back(row[token]);
    }
    const double total = logsumexp(values);
    std::vector<LanguageProbability> probs;
    int best = tokenizer.all_language_tokens.front();
    for (std::size_t j = 0; j < values.size(); ++j) {
      const int token = tokenizer.all_language_tokens[j];
      probs.emplace_back(
          tokenizer.all_language_codes[j],
          std::exp(values[j] - total));
      if (row[token] > row[best]) {
        best = token;
      }
    }
    detected.language_tokens.push_back(best);
    detected.language_probs.push_back(std::move(probs));
  }
  return detected;
}

const std::string& most_probable(
    const std::vector<LanguageProbability>& language_probs) {
  return std::max_element(
             language_probs.begin(),
             language_probs.end(),
             [](const auto& a, const auto& b) { return a.second < b.second; })
      ->first;
}

namespace {

/// As Python's `or`: an empty language is none.
std::string language_or_english(const DecodingOptions& options) {
  const std::string language = options.language.value_or("");
  return language.empty() ? "en" : language;
}

} // namespace

DecodingTask::DecodingTask(
    const Whisper& model, const DecodingOptions& options, std::stop_token stop)
    : DecodingTask(model, options, std::move(stop), nullptr) {}

DecodingTask::DecodingTask(
    const Whisper& model,
    const DecodingOptions& options,
    std::stop_token stop,
    std::unique_ptr<Inference> inference)
    : model_(model),
      stop_(std::move(stop)),
      options_(verify_options(options, model.dims)),
      tokenizer_(
          model.get_tokenizer(language_or_english(options_), options_.task)),
      n_group_(options_.beam_size.value_or(options_.best_of.value_or(1))),
      n_ctx_(model.dims.n_text_ctx),
      // As Python's `or`: 0 is the default too.
      sample_len_(
          options_.sample_len.value_or(0) != 0 ? *options_.sample_len
                                               : model.dims.n_text_ctx / 2),
      sot_sequence_(
          options_.without_timestamps
              ? tokenizer_.sot_sequence_including_notimestamps()
              : tokenizer_.sot_sequence),
      initial_tokens_(get_initial_tokens()),
      sample_begin_(static_cast<int>(initial_tokens_.size())),
      sot_index_(static_cast<int>(
          std::find(
              initial_tokens_.begin(), initial_tokens_.end(), tokenizer_.sot) -
          initial_tokens_.begin())),
      inference_(
          inference ? std::move(inference)
                    : std::make_unique<MLXInference>(model, sample_begin_)),
      sequence_ranker_(
          std::make_unique<MaximumLikelihoodRanker>(options_.length_penalty)),
      decoder_(make_decoder()) {
  if (options_.suppress_blank) {
    logit_filters_.push_back(
        std::make_unique<SuppressBlank>(tokenizer_, sample_begin_));
  }
  if (!options_.suppress_tokens.empty()) {
    logit_filters_.push_back(std::make_unique<SuppressTokens>(
        get_suppress_tokens(tokenizer_, options_.suppress_tokens)));
  }
  if (options_.repetition_penalty) {
    logit_filters_.push_back(
        std::make_unique<RepetitionPenalty>(*options_.repetition_penalty));
  }
  if (!options_.without_timestamps) {
    // Usually 0.02 seconds.
    const double precision =
        static_cast<double>(kChunkLength) / model.dims.n_audio_ctx;
    std::optional<int> max_initial_timestamp_index;
    if (options_.max_initial_timestamp.value_or(0) != 0) {
      // Python rounds halves to even.
      max_initial_timestamp_index = static_cast<int>(
          std::nearbyint(*options_.max_initial_timestamp / precision));
    }
    logit_filters_.push_back(std::make_unique<ApplyTimestampRules>(
        tokenizer_,
        sample_begin_,
        max_initial_timestamp_index));
  }
}

std::unique_ptr<TokenDecoder> DecodingTask::make_decoder() const {
  if (options_.beam_size) {
    return std::make_unique<BeamSearchDecoder>(
        *options_.beam_size,
        tokenizer_.eot,
        *inference_,
        options_.patience);
  }
  return std::make_unique<GreedyDecoder>(
      options_.temperature,
      tokenizer_.eot,
      options_.draws);
}

std::vector<int> DecodingTask::get_initial_tokens() const {
  std::vector<int> tokens = sot_sequence_;

  if (is_given(options_.prefix)) {
    const int max_prefix_len = n_ctx_ / 2 - sample_len_;
    // With `sample_len` at its default there is room for nothing, and Python's
    // [-0:] takes everything.
    const auto prefix_tokens =
        last(encode_context(tokenizer_, options_.prefix), max_prefix_len);
    tokens.insert(tokens.end(), prefix_tokens.begin(), prefix_tokens.end());
  }

  if (is_given(options_.prompt)) {
    auto prompt_tokens =
        last(encode_context(tokenizer_, options_.prompt), n_ctx_ / 2 - 1);
    prompt_tokens.insert(prompt_tokens.begin(), tokenizer_.sot_prev);
    tokens.insert(tokens.begin(), prompt_tokens.begin(), prompt_tokens.end());
  }

  if (static_cast<int>(tokens.size()) > n_ctx_) {
    throw ArgumentError(fmt::format(
        "[whisper.decode] prompt and prefix make {} tokens, more than the "
        "{} of the text context: shorten the prefix",
        tokens.size(),
        n_ctx_));
  }
  return tokens;
}

mx::array DecodingTask::get_audio_features(const mx::array& mel) const {
  return encode(model_, mel);
}

DecodingTask::Languages DecodingTask::detect_language(
    const mx::array& audio_features, Sequences& tokens) const {
  const auto n_audio = static_cast<std::size_t>(audio_features.shape(0));
  if (options_.language && options_.task != "lang_id") {
    return {std::vector(n_audio, *options_.language), std::nullopt};
  }
  auto detected = whisper::detect_language(model_, audio_features, tokenizer_);
  Languages languages;
  for (std::size_t i = 0; i < n_audio; ++i) {
    languages.languages.push_back(most_probable(detected.language_probs[i]));
    if (!options_.language) {
      tokens[i][static_cast<std::size_t>(sot_index_) + 1] =
          detected.language_tokens[i];
    }
  }
  languages.language_probs = std::move(detected.language_probs);
  return languages;
}

DecodingTask::Sampled DecodingTask::main_loop(
    const mx::array& audio_features, Sequences tokens) {
  const auto n_batch = tokens.size();
  Sampled sampled{
      std::move(tokens),
      std::vector<float>(n_batch, 0),
      std::vector<double>(n_batch, std::numeric_limits<double>::quiet_NaN())};
  const Cleanup cleanup{*inference_};

  for (int i = 0; i < sample_len_; ++i) {
    if (stop_.stop_requested()) {
      throw InterruptedError("[whisper.decode] stopped within a window");
    }
    // At first the start of the transcript is wanted too, for what the model
    // thinks of silence.
    const bool first = i == 0;
    const std::vector<int> positions =
        first ? std::vector{sot_index_, sample_begin_ - 1} : std::vector{0};
    const mx::array all =
        inference_->logits(sampled.tokens, audio_features, positions);
    const int n_vocab = all.shape(-1);
    const auto n_positions = positions.size();
    // AUDIT(sync-in-loop): the rules that decide on a token run on the host
    auto values = to_host(all);
    StepLogits logits{n_vocab, {}};
    if (first) {
      for (std::size_t k = 0; k < n_batch; ++k) {
        const auto position = [&](std::size_t p) {
          return std::span(values).subspan(
              (k * n_positions + p) * static_cast<std::size_t>(n_vocab),
              static_cast<std::size_t>(n_vocab));
        };
        const auto at_sot = position(0);
        sampled.no_speech_probs[k] = static_cast<float>(
            std::exp(at_sot[tokenizer_.no_speech] - logsumexp(at_sot)));
        const auto at_last = position(n_positions - 1);
        logits.values.insert(
            logits.values.end(),
            at_last.begin(),
            at_last.end());
      }
    } else {
      logits.values = std::move(values);
    }

    // DEVIATION(whisper-nan-logits): they end the decoding. The reference goes
    // on, and takes the token whose logit is no number.
    check_numbers(logits.values);
    for (const auto& logit_filter : logit_filters_) {
      logit_filter->apply(logits, sampled.tokens);
    }

    const bool completed =
        decoder_->update(sampled.tokens, logits, sampled.sum_logprobs);
    if (completed || static_cast<int>(sampled.tokens.front().size()) > n_ctx_) {
      break;
    }
  }
  return sampled;
}

std::vector<DecodingResult> DecodingTask::run(const mx::array& mel) {
  decoder_->reset();
  const auto n_audio = static_cast<std::size_t>(mel.shape(0));

  const mx::array audio_features = get_audio_features(mel);
  Sequences tokens(n_audio, initial_tokens_);

  const auto [languages, language_probs] =
      detect_language(audio_features, tokens);
  const auto features = [&audio_features](std::size_t i) {
    return mx::take(audio_features, static_cast<int>(i), 0);
  };
  if (options_.task == "lang_id") {
    std::vector<DecodingResult> results;
    for (std::size_t i = 0; i < n_audio; ++i) {
      results.push_back(
          {.audio_features = features(i),
           .language = languages[i],
           .language_probs = (*language_probs)[i]});
    }
    return results;
  }

  // Each sequence of a group samples for itself.
  // DEVIATION(whisper-grouped-batch): several audios may have groups. The
  // reference fails there.
  const auto n_group = static_cast<std::size_t>(n_group_);
  Sequences repeated;
  for (const auto& sequence : tokens) {
    repeated.insert(repeated.end(), n_group, sequence);
  }
  auto sampled = main_loop(audio_features, std::move(repeated));

  std::vector<Sequences> grouped(n_audio);
  std::vector<std::vector<float>> grouped_logprobs(n_audio);
  for (std::size_t k = 0; k < sampled.tokens.size(); ++k) {
    grouped[k / n_group].push_back(std::move(sampled.tokens[k]));
    grouped_logprobs[k / n_group].push_back(sampled.sum_logprobs[k]);
  }

  // What was sampled lies between the start and the first end token.
  auto candidates = decoder_->finalize(std::move(grouped), grouped_logprobs);
  for (auto& group : candidates.tokens) {
    for (auto& sequence : group) {
      const auto end =
          std::find(sequence.begin(), sequence.end(), tokenizer_.eot);
      // A prompt may hold an end token too, and then nothing is left.
      const auto begin =
          sequence.begin() +
          std::min<std::ptrdiff_t>(sample_begin_, end - sequence.begin());
      sequence = {begin, end};
    }
  }

  const auto selected =
      sequence_ranker_->rank(candidates.tokens, candidates.sum_logprobs);
  std::vector<DecodingResult> results;
  for (std::size_t i = 0; i < n_audio; ++i) {
    const auto chosen = static_cast<std::size_t>(selected[i]);
    auto& sampled_tokens = candidates.tokens[i][chosen];
    const double sum_logprob = candidates.sum_logprobs[i][chosen];
    std::string text(text::python_strip(tokenizer_.decode(sampled_tokens)));
    const double ratio = compression_ratio(text);
    const auto n_tokens = static_cast<double>(sampled_tokens.size());
    results.push_back(
        {.audio_features = features(i),
         .language = languages[i],
         // The reference gives them for "lang_id" alone.
         .language_probs = {},
         .tokens = std::move(sampled_tokens),
         .text = std::move(text),
         .avg_logprob = sum_logprob / (n_tokens + 1),
         .no_speech_prob = sampled.no_speech_probs[i * n_group],
         .temperature = options_.temperature,
         .compression_ratio = ratio});
  }
  return results;
}

std::vector<DecodingResult> decode(
    const Whisper& model,
    const mx::array& mel,
    const DecodingOptions& options,
    std::stop_token stop) {
  return DecodingTask(model, options, std::move(stop)).run(with_batch(mel));
}

} // namespace mlxaudio::whisper
