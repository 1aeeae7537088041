// SPDX-License-Identifier: MIT
#include "models/whisper/transcribe.h"

#include "probes.h"
#include "result.h"
#include "toy.h"

namespace mlxaudio::port {

using namespace mlxaudio::whisper;

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
    return to_json(transcribe(model, mel_frames(audio, model.dims.n_mels), o));
  });
}

} // namespace mlxaudio::port
