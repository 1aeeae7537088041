// SPDX-License-Identifier: MIT
#include "models/whisper/utils.h"

#include <cmath>
#include <sstream>

#include "models/whisper/writers.h"
#include "probes.h"
#include "result.h"
#include "text/python.h"

namespace mlxaudio::port {

using namespace mlxaudio::whisper;

namespace {

std::string written(Call& c, ResultWriter& writer) {
  std::ostringstream file;
  writer.write_result(transcription_of(c.at("result")), file);
  return file.str();
}

WriterOptions writer_options(const Call& c) {
  return {
      .max_line_width = c.maybe<int>("max_line_width"),
      .max_line_count = c.maybe<int>("max_line_count"),
      .max_words_per_line = c.maybe<int>("max_words_per_line"),
      .highlight_words = c.maybe<bool>("highlight_words").value_or(false)};
}

/// A time of some segments, or null.
Json time_of(
    Call& c, std::optional<double> (*function)(std::span<const Segment>)) {
  const auto time = function(transcription_of(c.at("result")).segments);
  return time ? Json(*time) : Json();
}

} // namespace

void add_utils(Probes& p) {
  p.add("whisper.utils.exact_div", [](Call& c) {
    return exact_div(c.get<std::int64_t>("x"), c.get<std::int64_t>("y"));
  });

  p.add("whisper.utils.str2bool", [](Call& c) {
    return str2bool(c.get<std::string>("string"));
  });

  p.add("whisper.utils.optional_int", [](Call& c) {
    const auto value = optional_int(c.get<std::string>("string"));
    return value ? Json(*value) : Json();
  });

  p.add("whisper.utils.optional_float", [](Call& c) {
    const auto value = optional_float(c.get<std::string>("string"));
    return !value                  ? Json()
           : std::isfinite(*value) ? Json(*value)
                                   : Json(text::python_repr(*value));
  });

  p.add("whisper.utils.compression_ratio", [](Call& c) {
    return compression_ratio(c.get<std::string>("text"));
  });

  p.add("whisper.utils.format_timestamp", [](Call& c) {
    return format_timestamp(
        c.get<double>("seconds"),
        c.maybe<bool>("always_include_hours").value_or(false),
        c.maybe<std::string>("decimal_marker").value_or(".").front());
  });

  p.add("whisper.utils.get_start", [](Call& c) {
    return time_of(c, get_start);
  });

  p.add("whisper.utils.get_end", [](Call& c) { return time_of(c, get_end); });

  p.add("whisper.utils.ResultWriter", [](Call& c) {
    // By way of the base, as the reference's __call__ writes a file.
    const auto writer = std::move(get_writer(c.get<std::string>("format"))[0]);
    return Json{
        {"path",
         output_path(
             c.get<std::string>("output_dir"),
             c.get<std::string>("audio_path"),
             writer->extension())
             .string()},
        {"text", written(c, *writer)}};
  });

  p.add("whisper.utils.WriteTXT", [](Call& c) {
    WriteTXT writer;
    return written(c, writer);
  });

  p.add("whisper.utils.SubtitlesWriter", [](Call& c) {
    WriteSRT srt(writer_options(c));
    WriteVTT vtt(writer_options(c));
    return Json{{"srt", written(c, srt)}, {"vtt", written(c, vtt)}};
  });

  p.add("whisper.utils.WriteVTT", [](Call& c) {
    WriteVTT writer;
    return written(c, writer);
  });

  p.add("whisper.utils.WriteSRT", [](Call& c) {
    WriteSRT writer;
    return written(c, writer);
  });

  p.add("whisper.utils.WriteTSV", [](Call& c) {
    WriteTSV writer;
    return written(c, writer);
  });

  p.add("whisper.utils.WriteJSON", [](Call& c) {
    WriteJSON writer;
    return written(c, writer);
  });

  p.add("whisper.utils.get_writer", [](Call& c) {
    Json out = Json::array();
    for (const auto& writer :
         get_writer(c.get<std::string>("format"), writer_options(c))) {
      out.push_back({writer->extension(), written(c, *writer)});
    }
    return out;
  });
}

} // namespace mlxaudio::port
