// SPDX-License-Identifier: MIT
#include "models/whisper/transcribe.h"

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

} // namespace

void add_transcribe(Probes& p) {
  p.add("whisper.transcribe.transcribe", [](Call& c) {
    const Whisper model = toy_model(c);
    const std::vector<float> audio = c.floats("audio");
    TranscribeOptions o;
    o.language = c.maybe<std::string>("language");
    o.task = c.maybe<std::string>("task").value_or(o.task);
    o.sample_len = c.maybe<int>("sample_len");
    o.initial_prompt = c.maybe<std::string>("initial_prompt");
    o.without_timestamps = c.has("without_timestamps");
    o.condition_on_previous_text = !c.has("forget_previous_text");
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
    return to_json(transcribe(model, mel_frames(audio, model.dims.n_mels), o));
  });
}

} // namespace mlxaudio::port
