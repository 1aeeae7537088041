// SPDX-License-Identifier: MIT
#include "models/whisper/decoding.h"

#include <algorithm>
#include <limits>

#include <fmt/format.h>
#include <mlx/ops.h>
#include <mlx/transforms.h>

#include "models/whisper/beam_search.h"
#include "probes.h"
#include "toy.h"

namespace mlxaudio::port {

using namespace mlxaudio::whisper;

namespace {

StepLogits logits_of(const Call& c, const std::string& name = "logits") {
  StepLogits logits;
  logits.n_vocab = c.array(name).shape(1);
  logits.values = c.floats(name);
  return logits;
}

Json put_logits(Call& c, const StepLogits& logits) {
  return c.put(
      mx::array(logits.values.data(), {logits.n_batch(), logits.n_vocab}));
}

/// Logits after a filter, by way of the base class.
Json filtered(Call& c, const LogitFilter& filter) {
  StepLogits logits = logits_of(c);
  filter.apply(logits, c.get<Sequences>("tokens"));
  return put_logits(c, logits);
}

Draws draws_of(const Call& c) {
  return {
      .seed = c.maybe<std::uint64_t>("seed").value_or(0),
      .window = c.maybe<std::uint32_t>("window").value_or(0),
      .attempt = c.maybe<std::uint32_t>("attempt").value_or(0)};
}

DecodingOptions options_of(const Call& c) {
  DecodingOptions o;
  o.draws = draws_of(c);
  o.task = c.maybe<std::string>("task").value_or(o.task);
  o.language = c.maybe<std::string>("language");
  o.temperature = c.maybe<double>("temperature").value_or(o.temperature);
  o.sample_len = c.maybe<int>("sample_len");
  o.best_of = c.maybe<int>("best_of");
  o.beam_size = c.maybe<int>("beam_size");
  o.patience = c.maybe<double>("patience");
  o.length_penalty = c.maybe<double>("length_penalty");
  for (const char* name : {"prompt", "prefix"}) {
    auto& into = std::string(name) == "prompt" ? o.prompt : o.prefix;
    if (c.has(name)) {
      if (c.at(name).is_string()) {
        into = c.get<std::string>(name);
      } else {
        into = c.get<std::vector<int>>(name);
      }
    }
  }
  if (c.has("suppress_tokens")) {
    o.suppress_tokens = c.get<std::vector<int>>("suppress_tokens");
  }
  o.suppress_blank = !c.has("keep_blank");
  o.without_timestamps = c.has("without_timestamps");
  if (c.has("max_initial_timestamp")) {
    o.max_initial_timestamp = c.get<double>("max_initial_timestamp");
  }
  return o;
}

Json to_json(const std::optional<std::vector<LanguageProbability>>& probs) {
  if (!probs) {
    return nullptr;
  }
  Json out = Json::object();
  for (const auto& [language, probability] : *probs) {
    out[language] = probability;
  }
  return out;
}

Json to_json(const DecodingResult& r) {
  return {
      {"language", r.language},
      {"language_probs", to_json(r.language_probs)},
      {"tokens", r.tokens},
      {"text", r.text},
      {"avg_logprob", number(r.avg_logprob)},
      {"no_speech_prob", number(r.no_speech_prob)},
      {"temperature", number(r.temperature)},
      {"compression_ratio", number(r.compression_ratio)}};
}

Json to_json(const std::vector<DecodingResult>& results) {
  Json out = Json::array();
  for (const DecodingResult& r : results) {
    out.push_back(to_json(r));
  }
  return out;
}

template <class T>
Json nullable(const std::optional<T>& value) {
  return value ? Json(*value) : Json();
}

/// Steps of an inference over the same cache: all tokens, then one more each.
Json steps(Call& c, Inference& inference) {
  const mx::array features = c.array("audio_features");
  Sequences tokens = c.get<Sequences>("tokens");
  Json out = Json::array();
  for (const Json& more : c.at("steps")) {
    if (!more.is_null()) {
      for (std::size_t i = 0; i < tokens.size(); ++i) {
        tokens[i].push_back(more.at(i).get<int>());
      }
    }
    // The positions of the tokens that are new in this call.
    std::vector<int> positions;
    const int n = more.is_null() ? static_cast<int>(tokens[0].size()) : 1;
    for (int i = 0; i < n; ++i) {
      positions.push_back(i);
    }
    out.push_back(c.put(inference.logits(tokens, features, positions)));
    if (c.has("sources")) {
      const auto sources =
          c.at("sources").at(out.size() - 1).get<std::vector<int>>();
      inference.rearrange_kv_cache(sources);
      const Sequences before = tokens;
      for (std::size_t i = 0; i < tokens.size(); ++i) {
        tokens[i] = before[static_cast<std::size_t>(sources[i])];
      }
    }
  }
  inference.cleanup_caching();
  return out;
}

Json greedy_update(Call& c, TokenDecoder& decoder) {
  Sequences tokens = c.get<Sequences>("tokens");
  std::vector<float> sums = c.floats("sum_logprobs");
  decoder.reset();
  const bool completed = decoder.update(tokens, logits_of(c), sums);
  Json near = Json::array();
  for (const float s : sums) {
    near.push_back(s);
  }
  return {{"tokens", tokens}, {"sum_logprobs", near}, {"completed", completed}};
}

Json greedy_finalize(Call& c, TokenDecoder& decoder) {
  const auto out = decoder.finalize(
      c.get<std::vector<Sequences>>("tokens"),
      c.get<std::vector<std::vector<float>>>("sum_logprobs"));
  return {{"tokens", out.tokens}, {"sum_logprobs", out.sum_logprobs}};
}

/// Several steps with draws.
Json greedy_steps(Call& c, TokenDecoder& decoder) {
  Sequences tokens = c.get<Sequences>("tokens");
  std::vector<float> sums(tokens.size(), 0);
  Json completed = Json::array();
  decoder.reset();
  for (int i = 0; i < c.get<int>("n_steps"); ++i) {
    const StepLogits logits = logits_of(c, fmt::format("logits-{}", i));
    completed.push_back(decoder.update(tokens, logits, sums));
  }
  return {{"tokens", tokens}, {"sum_logprobs", sums}, {"completed", completed}};
}

GreedyDecoder greedy_decoder(const Call& c) {
  return {
      c.maybe<double>("temperature").value_or(0),
      c.get<int>("eot"),
      draws_of(c)};
}

Json greedy(Call& c, TokenDecoder& decoder) {
  if (c.has("n_steps")) {
    return greedy_steps(c, decoder);
  }
  return c.has("logits") ? greedy_update(c, decoder)
                         : greedy_finalize(c, decoder);
}

/// An inference that notes how its cache is rearranged.
struct Sources final : Inference {
  mx::array logits(
      const Sequences&, const mx::array&, std::span<const int>) override {
    return mx::array(0.0F);
  }
  void rearrange_kv_cache(std::span<const int> source_indices) override {
    seen.assign(source_indices.begin(), source_indices.end());
  }
  void cleanup_caching() override {}

  std::vector<int> seen;
};

/// Logits of one step of a search: a row for all beams or one for each, with
/// those of the end and of what is impossible put in.
StepLogits search_logits(
    const Call& c, std::size_t number, std::size_t n_batch) {
  const Json& step = c.at("steps").at(number);
  StepLogits logits = logits_of(c, fmt::format("logits-{}", number));
  if (logits.n_batch() == 1) {
    const auto one = logits.values;
    for (std::size_t k = 1; k < n_batch; ++k) {
      logits.values.insert(logits.values.end(), one.begin(), one.end());
    }
  }
  const int eot = c.get<int>("eot");
  for (int k = 0; k < logits.n_batch(); ++k) {
    const auto row = logits.row(k);
    if (!step.at("eot_logit").is_null()) {
      row[eot] = step.at("eot_logit").get<float>();
    }
    if (!step.at("n_possible").is_null()) {
      const float end = row[eot];
      const auto n_possible = step.at("n_possible").get<std::ptrdiff_t>();
      std::fill(
          row.begin() + n_possible,
          row.end(),
          -std::numeric_limits<float>::infinity());
      row[eot] = end;
    }
  }
  return logits;
}

template <class T>
Json numbers(const std::vector<T>& values) {
  Json out = Json::array();
  for (const T value : values) {
    out.push_back(number(value));
  }
  return out;
}

Json searched(Call& c) {
  Sources inference;
  const int beam_size = c.get<int>("beam_size");
  const auto patience = c.maybe<double>("patience");
  BeamSearchDecoder decoder(beam_size, c.get<int>("eot"), inference, patience);
  decoder.reset();
  Sequences tokens = c.get<Sequences>("tokens");
  auto sums = c.get<std::vector<float>>("sum_logprobs");
  Json steps = Json::array();
  for (std::size_t i = 0; i < c.at("steps").size(); ++i) {
    const bool completed =
        decoder.update(tokens, search_logits(c, i, tokens.size()), sums);
    steps.push_back(
        {{"tokens", tokens},
         {"completed", completed},
         {"sources", inference.seen},
         {"sum_logprobs", numbers(sums)}});
  }
  std::vector<Sequences> grouped;
  std::vector<std::vector<float>> grouped_sums;
  for (std::size_t k = 0; k < tokens.size(); ++k) {
    if (k % static_cast<std::size_t>(beam_size) == 0) {
      grouped.emplace_back();
      grouped_sums.emplace_back();
    }
    grouped.back().push_back(tokens[k]);
    grouped_sums.back().push_back(sums[k]);
  }
  const auto found = decoder.finalize(grouped, grouped_sums);
  Json found_sums = Json::array();
  for (const auto& group : found.sum_logprobs) {
    found_sums.push_back(numbers(group));
  }
  return {
      {"max_candidates",
       BeamSearchDecoder::max_candidates(beam_size, patience)},
      {"steps", steps},
      {"finalize", {{"tokens", found.tokens}, {"sum_logprobs", found_sums}}}};
}

Json ranked(Call& c, const SequenceRanker& ranker) {
  return ranker.rank(
      c.get<std::vector<Sequences>>("tokens"),
      c.get<std::vector<std::vector<double>>>("sum_logprobs"));
}

} // namespace

void add_decoding(Probes& p) {
  p.add("whisper.decoding.detect_language", [](Call& c) {
    const Whisper model = model_of(c);
    const auto found =
        detect_language(model, mel_of(c), model.get_tokenizer({}, {}));
    Json probs = Json::array();
    for (const auto& one : found.language_probs) {
      probs.push_back(to_json(std::optional(one)));
    }
    return Json{
        {"language_tokens", found.language_tokens},
        {"language_probs", probs}};
  });

  p.add("whisper.decoding.DecodingOptions", [](Call&) {
    const DecodingOptions o;
    const bool no_prompt = std::get<std::string>(o.prompt).empty();
    const bool no_prefix = std::get<std::string>(o.prefix).empty();
    return Json{
        {"task", o.task},
        {"language", nullable(o.language)},
        {"temperature", o.temperature},
        {"sample_len", nullable(o.sample_len)},
        {"best_of", nullable(o.best_of)},
        {"beam_size", nullable(o.beam_size)},
        {"patience", nullable(o.patience)},
        {"length_penalty", nullable(o.length_penalty)},
        {"prompt", no_prompt ? Json() : Json("")},
        {"prefix", no_prefix ? Json() : Json("")},
        {"suppress_tokens", o.suppress_tokens},
        {"suppress_blank", o.suppress_blank},
        {"without_timestamps", o.without_timestamps},
        {"max_initial_timestamp", nullable(o.max_initial_timestamp)}};
  });

  p.add("whisper.decoding.DecodingResult", [](Call& c) {
    DecodingResult r{
        .audio_features = c.array("audio_features"),
        .language = c.get<std::string>("language"),
        .language_probs = {},
        .tokens = {},
        .text = {}};
    Json out = to_json(r);
    out["audio_features"] = c.put(r.audio_features);
    return out;
  });

  p.add("whisper.decoding.Inference", [](Call& c) {
    const Whisper model = model_of(c);
    const std::unique_ptr<Inference> inference = std::make_unique<MLXInference>(
        model,
        c.get<int>("initial_token_length"));
    return steps(c, *inference);
  });

  p.add("whisper.decoding.PyTorchInference", [](Call& c) {
    const Whisper model = model_of(c);
    MLXInference inference(model, c.get<int>("initial_token_length"));
    return steps(c, inference);
  });

  p.add("whisper.decoding.SequenceRanker", [](Call& c) {
    const std::unique_ptr<SequenceRanker> ranker =
        std::make_unique<MaximumLikelihoodRanker>(std::nullopt);
    return ranked(c, *ranker);
  });

  p.add("whisper.decoding.MaximumLikelihoodRanker", [](Call& c) {
    return ranked(
        c,
        MaximumLikelihoodRanker(c.maybe<double>("length_penalty")));
  });

  p.add("whisper.decoding.TokenDecoder", [](Call& c) {
    const std::unique_ptr<TokenDecoder> decoder =
        std::make_unique<GreedyDecoder>(greedy_decoder(c));
    return greedy(c, *decoder);
  });

  p.add("whisper.decoding.GreedyDecoder", [](Call& c) {
    GreedyDecoder decoder = greedy_decoder(c);
    return greedy(c, decoder);
  });

  p.add("whisper.decoding.BeamSearchDecoder", [](Call& c) {
    return searched(c);
  });

  p.add("whisper.decoding.LogitFilter", [](Call& c) {
    const std::unique_ptr<LogitFilter> filter =
        std::make_unique<SuppressTokens>(
            c.get<std::vector<int>>("suppress_tokens"));
    return filtered(c, *filter);
  });

  p.add("whisper.decoding.SuppressBlank", [](Call& c) {
    return filtered(c, SuppressBlank(tokenizer(c), c.get<int>("sample_begin")));
  });

  p.add("whisper.decoding.SuppressTokens", [](Call& c) {
    return filtered(
        c,
        SuppressTokens(c.get<std::vector<int>>("suppress_tokens")));
  });

  p.add("mlx_audio.stt.models.whisper.decoding.RepetitionPenalty", [](Call& c) {
    return filtered(c, RepetitionPenalty(c.get<double>("penalty")));
  });

  p.add("whisper.decoding.ApplyTimestampRules", [](Call& c) {
    return filtered(
        c,
        ApplyTimestampRules(
            tokenizer(c),
            c.get<int>("sample_begin"),
            c.maybe<int>("max_initial_timestamp_index")));
  });

  p.add("whisper.decoding.DecodingTask", [](Call& c) {
    const Whisper model = model_of(c);
    DecodingTask task(model, options_of(c));
    return Json{
        {"initial_tokens", task.initial_tokens()},
        {"sample_begin", task.sample_begin()},
        {"sot_index", task.sot_index()},
        {"n_filters", task.n_filters()},
        {"run", to_json(task.run(c.array("mel")))}};
  });

  p.add("whisper.decoding.decode", [](Call& c) {
    const Whisper model = model_of(c);
    return to_json(decode(model, mel_of(c), options_of(c)));
  });
}

} // namespace mlxaudio::port
