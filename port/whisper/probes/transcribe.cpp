// SPDX-License-Identifier: MIT
#include "models/whisper/transcribe.h"

#include <limits>

#include "probes.h"
#include "result.h"
#include "toy.h"

namespace mlxaudio::port {

using namespace mlxaudio::whisper;

namespace {

/// What the calls of `recorded_calls/fallback.py` have more.
void set_fallback(const Call& c, TranscribeOptions& o) {
  o.temperature = c.get<std::vector<double>>("temperatures");
  o.best_of = c.maybe<int>("best_of");
  o.beam_size = c.maybe<int>("beam_size");
  o.patience = c.maybe<double>("patience");
  o.length_penalty = c.maybe<double>("length_penalty");
  o.prefix = c.maybe<std::string>("prefix");
  o.seed = c.maybe<std::uint64_t>("seed").value_or(0);
  o.compression_ratio_threshold =
      c.maybe<double>("compression_ratio_threshold");
  o.logprob_threshold = c.maybe<double>("logprob_threshold");
}

/// Times, of which null is not a number.
std::vector<double> times_of(const Json& list) {
  std::vector<double> times;
  for (const Json& time : list) {
    times.push_back(
        time.is_null() ? std::numeric_limits<double>::quiet_NaN()
                       : time.get<double>());
  }
  return times;
}

} // namespace

void add_transcribe(Probes& p) {
  p.add("whisper.transcribe.transcribe", [](Call& c) {
    const Whisper model = model_of(c);
    const std::vector<float> audio = c.floats("audio");
    TranscribeOptions o;
    o.language = c.maybe<std::string>("language");
    o.task = c.maybe<std::string>("task").value_or(o.task);
    o.sample_len = c.maybe<int>("sample_len");
    o.initial_prompt = c.maybe<std::string>("initial_prompt");
    o.without_timestamps = c.has("without_timestamps");
    o.condition_on_previous_text = !c.has("forget_previous_text");
    o.suppress_tokens = c.maybe<std::vector<int>>("suppress_tokens")
                            .value_or(o.suppress_tokens);
    o.suppress_blank =
        c.maybe<bool>("suppress_blank").value_or(o.suppress_blank);
    if (c.has("max_initial_timestamp")) {
      o.max_initial_timestamp = c.get<double>("max_initial_timestamp");
    }
    if (c.has("no_speech_threshold")) {
      o.no_speech_threshold = c.get<double>("no_speech_threshold");
    }
    if (c.has("logprob_threshold")) {
      o.logprob_threshold = c.get<double>("logprob_threshold");
    }
    if (c.has("temperatures")) {
      set_fallback(c, o);
    } else {
      o.temperature = {0};
    }
    o.carry_initial_prompt = c.has("carry_initial_prompt");
    o.word_timestamps = c.has("word_timestamps");
    o.prepend_punctuations = c.maybe<std::string>("prepend_punctuations")
                                 .value_or(o.prepend_punctuations);
    o.append_punctuations = c.maybe<std::string>("append_punctuations")
                                .value_or(o.append_punctuations);
    o.hallucination_silence_threshold =
        c.maybe<double>("hallucination_silence_threshold");
    if (c.has("clip_timestamps")) {
      o.clip_timestamps = times_of(c.at("clip_timestamps"));
    }
    return to_json(transcribe(model, mel_frames(audio, model.dims.n_mels), o));
  });
}

} // namespace mlxaudio::port
