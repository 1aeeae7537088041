// SPDX-License-Identifier: MIT
#include "models/whisper/streaming.h"

#include <vector>

#include "probes.h"
#include "toy.h"

namespace mlxaudio::port {

using namespace mlxaudio::whisper;

namespace {

Json to_json(const StreamingResult& r) {
  return {
      {"text", r.text},
      {"tokens", r.tokens},
      {"is_final", r.is_final},
      {"start_time", r.start_time},
      {"end_time", r.end_time},
      {"progress", r.progress},
      {"audio_position", r.audio_position},
      {"audio_duration", r.audio_duration},
      {"language", r.language}};
}

} // namespace

void add_streaming(Probes& p) {
  p.add("mlx_audio.stt.models.whisper.streaming.StreamingConfig", [](Call& c) {
    static_cast<void>(c);
    return Json{{"frame_threshold", StreamingConfig{}.frame_threshold}};
  });

  p.add("mlx_audio.stt.models.whisper.streaming.StreamingResult", [](Call& c) {
    StreamingResult r;
    r.text = c.get<std::string>("text");
    r.tokens = c.get<std::vector<int>>("tokens");
    r.is_final = c.get<bool>("is_final");
    r.start_time = c.get<double>("start_time");
    r.end_time = c.get<double>("end_time");
    Json result = to_json(r);
    // The reference adds this one where it streams.
    result.erase("language");
    return result;
  });

  p.add(
      "mlx_audio.stt.models.whisper.streaming.get_most_attended_frame",
      [](Call& c) {
        AlignmentHeads heads;
        for (const Json& head : c.at("heads")) {
          heads.push_back({head[0], head[1]});
        }
        return Json(get_most_attended_frame(c.arrays("cross_qk"), heads));
      });

  p.add("mlx_audio.stt.models.whisper.streaming.should_emit", [](Call& c) {
    return Json(should_emit(
        c.get<int>("frame"),
        c.get<int>("content_frames"),
        {.frame_threshold = c.get<int>("frame_threshold")}));
  });

  p.add("mlx_audio.stt.models.whisper.streaming.StreamingDecoder", [](Call& c) {
    const Whisper model = model_of(c);
    StreamingConfig config;
    config.frame_threshold =
        c.maybe<int>("frame_threshold").value_or(config.frame_threshold);
    StreamingDecoder decoder(
        model,
        config,
        c.maybe<std::string>("language"),
        c.maybe<std::string>("task").value_or("transcribe"));
    Json results = Json::array();
    const auto mels = c.arrays("mels");
    for (std::size_t i = 0; i < mels.size(); ++i) {
      results.push_back(
          to_json(decoder.decode_chunk(mels[i], i + 1 == mels.size())));
    }
    decoder.reset();
    results.push_back(to_json(decoder.decode_chunk(mels.front())));
    return results;
  });

  p.add(
      "mlx_audio.stt.models.whisper.whisper.Model.generate_streaming",
      [](Call& c) {
        const Whisper model = model_of(c);
        const std::vector<float> audio = c.floats("audio");
        StreamingOptions o;
        o.language = c.maybe<std::string>("language");
        o.task = c.maybe<std::string>("task").value_or(o.task);
        o.chunk_duration =
            c.maybe<double>("chunk_duration").value_or(o.chunk_duration);
        o.frame_threshold =
            c.maybe<int>("frame_threshold").value_or(o.frame_threshold);
        Json results = Json::array();
        generate_streaming(model, audio, o, [&results](const auto& r) {
          results.push_back(to_json(r));
        });
        return results;
      });
}

} // namespace mlxaudio::port
