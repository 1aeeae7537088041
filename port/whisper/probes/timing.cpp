// SPDX-License-Identifier: MIT
#include "models/whisper/timing.h"

#include "models/whisper/dtw.h"
#include "models/whisper/median_filter.h"

#include <mlx/ops.h>

#include "probes.h"
#include "result.h"
#include "toy.h"

namespace mlxaudio::port {

using namespace mlxaudio::whisper;

namespace {

Json to_json(const Path& path) {
  return {path.text_indices, path.time_indices};
}

/// The path through the costs of a call.
Json path_of(Call& c) {
  const auto costs = c.floats("x");
  const mx::Shape shape = c.array("x").shape();
  Matrix<float> x(
      static_cast<std::size_t>(shape[0]),
      static_cast<std::size_t>(shape[1]));
  for (std::size_t i = 0; i < costs.size(); ++i) {
    x.values[i] = costs[i] + c.get<float>("offset");
  }
  return to_json(dtw(x));
}

std::vector<WordTiming> timings_of(const Json& list) {
  std::vector<WordTiming> out;
  for (const Json& w : list) {
    out.push_back(
        {.word = w.at("word"),
         .tokens = w.at("tokens").get<std::vector<int>>(),
         .start = w.at("start"),
         .end = w.at("end"),
         .probability = w.at("probability")});
  }
  return out;
}

Json to_json(const std::vector<WordTiming>& timings) {
  Json out = Json::array();
  for (const WordTiming& t : timings) {
    out.push_back(
        {{"word", t.word},
         {"tokens", t.tokens},
         {"start", t.start},
         {"end", t.end},
         {"probability", t.probability}});
  }
  return out;
}

Json put_cross_qk(
    Call& c, const mx::array& logits, const std::vector<mx::array>& cross_qk) {
  Json blocks = Json::array();
  for (const mx::array& qk : cross_qk) {
    blocks.push_back(c.put(qk));
  }
  return {{"logits", c.put(logits)}, {"cross_qk", blocks}};
}

} // namespace

void add_timing(Probes& p) {
  p.add("whisper.timing.median_filter", [](Call& c) {
    mx::array x = c.array("x");
    if (const auto scale = c.maybe<float>("round_at")) {
      x = mx::round(x * mx::array(*scale));
    }
    return c.put(median_filter(x, c.get<int>("filter_width")));
  });

  p.add("whisper.timing.backtrace", [](Call& c) {
    const Json& rows = c.at("trace");
    Matrix<std::int8_t> trace(rows.size(), rows[0].size());
    for (std::size_t i = 0; i < trace.rows; ++i) {
      for (std::size_t j = 0; j < trace.cols; ++j) {
        trace(i, j) = rows[i][j].get<std::int8_t>();
      }
    }
    return to_json(backtrace(trace));
  });

  p.add("whisper.timing.dtw", [](Call& c) { return path_of(c); });

  p.add("whisper.timing.dtw_cpu", [](Call& c) { return path_of(c); });

  p.add("whisper.timing.WordTiming", [](Call& c) {
    const WordTiming w{
        .word = c.get<std::string>("word"),
        .tokens = c.get<std::vector<int>>("tokens"),
        .start = c.get<double>("start"),
        .end = c.get<double>("end"),
        .probability = c.get<double>("probability")};
    return to_json(std::vector{w})[0];
  });

  p.add("whisper.timing.find_alignment", [](Call& c) {
    Whisper model = model_of(c);
    if (c.has("heads")) {
      model.alignment_heads = c.get<AlignmentHeads>("heads");
    }
    AlignmentOptions o;
    o.medfilt_width = c.maybe<int>("medfilt_width").value_or(o.medfilt_width);
    o.qk_scale = c.maybe<float>("qk_scale").value_or(o.qk_scale);
    return to_json(find_alignment(
        model,
        c.has("packaged") ? model.get_tokenizer(
                                c.get<std::string>("language"),
                                c.get<std::string>("task"))
                          : tokenizer(c),
        c.get<std::vector<int>>("text_tokens"),
        model.embed_audio(
            c.has("packaged") ? mel_of(c) : mx::expand_dims(c.array("mel"), 0)),
        c.get<int>("num_frames"),
        o));
  });

  p.add("whisper.timing.merge_punctuations", [](Call& c) {
    auto alignment = timings_of(c.at("alignment"));
    merge_punctuations(
        alignment,
        c.get<std::string>("prepended"),
        c.get<std::string>("appended"));
    return to_json(alignment);
  });

  p.add("whisper.timing.add_word_timestamps", [](Call& c) {
    std::vector<Segment> segments;
    for (const Json& s : c.at("segments")) {
      Segment segment;
      segment.seek = s.at("seek");
      segment.start = s.at("start");
      segment.end = s.at("end");
      segment.tokens = s.at("tokens").get<std::vector<int>>();
      segments.push_back(std::move(segment));
    }
    const TranscribeOptions o;
    add_word_timestamps(
        segments,
        [&c](std::span<const int>) { return timings_of(c.at("alignment")); },
        50257,
        c.maybe<std::string>("prepend_punctuations")
            .value_or(o.prepend_punctuations),
        c.maybe<std::string>("append_punctuations")
            .value_or(o.append_punctuations),
        c.get<double>("last_speech_timestamp"));
    Json out = Json::array();
    for (const Segment& s : segments) {
      out.push_back(
          {{"start", s.start}, {"end", s.end}, {"words", words_json(s)}});
    }
    return out;
  });

  p.add("whisper._ALIGNMENT_HEADS", [](Call& c) {
    const auto dump = alignment_heads_dump(c.get<std::string>("name"));
    if (dump.empty()) {
      return Json{{"dump", nullptr}, {"heads", nullptr}};
    }
    ModelDimensions dims;
    dims.n_text_layer = c.get<int>("n_text_layer");
    dims.n_text_head = c.get<int>("n_text_head");
    return Json{{"dump", dump}, {"heads", decode_alignment_heads(dump, dims)}};
  });

  p.add(
      "mlx_audio.stt.models.whisper.whisper.Model.alignment_heads",
      [](Call& c) {
        const ModelDimensions dims = toy_dims(c);
        const Json config = {
            {"alignment_heads",
             c.has("alignment_heads") ? c.at("alignment_heads") : Json()}};
        return Json(read_alignment_heads(config, dims, "config.json")
                        .value_or(default_alignment_heads(dims)));
      });

  p.add(
      "mlx_audio.stt.models.whisper.whisper.Model.forward_with_cross_qk",
      [](Call& c) {
        const Whisper m{c.weights(), toy_dims(c)};
        const auto out =
            m.forward_with_cross_qk(c.array("mel"), tokens_of(c.at("tokens")));
        return put_cross_qk(c, out.logits, out.cross_qk);
      });

  p.add(
      "mlx_audio.stt.models.whisper.decoding.Inference.logits_with_cross_qk",
      [](Call& c) {
        const Whisper m{c.weights(), toy_dims(c)};
        const mx::array features = m.embed_audio(c.array("mel"));
        auto kv_cache = m.decoder.make_cache(1, features.dtype());
        Json steps = Json::array();
        for (const Json& tokens : c.at("steps")) {
          auto out = m.decoder(
              tokens_of(tokens),
              features,
              {.kv_cache = std::move(kv_cache), .with_cross_qk = true});
          steps.push_back(put_cross_qk(c, out.logits, out.cross_qk));
          kv_cache = std::move(out.kv_cache);
        }
        return steps;
      });
}

} // namespace mlxaudio::port
