// SPDX-License-Identifier: MIT
// Ported from openai-whisper (whisper/model.py, whisper/__init__.py),
// Copyright (c) 2022 OpenAI, https://github.com/openai/whisper, MIT: see
// licenses/whisper.txt.
#include "models/whisper/config.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <string>

#include "core/base85.h"
#include "core/gzip.h"
#include "mlxaudio/error.h"

namespace mlxaudio::whisper {

namespace {

namespace fs = std::filesystem;

/// A field in Transformers' configuration. `d_model` is the width of both
/// sides.
struct TransformersName {
  std::string_view ours;
  std::string_view theirs;
};

constexpr std::array<TransformersName, 10> kTransformersNames{{
    {"n_mels", "num_mel_bins"},
    {"n_audio_ctx", "max_source_positions"},
    {"n_audio_state", "d_model"},
    {"n_audio_head", "encoder_attention_heads"},
    {"n_audio_layer", "encoder_layers"},
    {"n_vocab", "vocab_size"},
    {"n_text_ctx", "max_target_positions"},
    {"n_text_state", "d_model"},
    {"n_text_head", "decoder_attention_heads"},
    {"n_text_layer", "decoder_layers"},
}};

/// Masks of alignment heads by the name of the model, as the reference has
/// them. \port whisper._ALIGNMENT_HEADS
constexpr std::array<std::pair<std::string_view, std::string_view>, 14>
    kAlignmentHeads{{
        {"tiny.en", "ABzY8J1N>@0{>%R00Bk>$p{7v037`oCl~+#00"},
        {"tiny", "ABzY8bu8Lr0{>%RKn9Fp%m@SkK7Kt=7ytkO"},
        {"base.en", "ABzY8;40c<0{>%RzzG;p*o+Vo09|#PsxSZm00"},
        {"base", "ABzY8KQ!870{>%RzyTQH3`Q^yNP!>##QT-<FaQ7m"},
        {"small.en", "ABzY8>?_)10{>%RpeA61k&I|OI3I$65C{;;pbCHh0B{qLQ;+}v00"},
        {"small", "ABzY8DmU6=0{>%Rpa?J`kvJ6qF(V^F86#Xh7JUGMK}P<N0000"},
        {"medium.en",
         "ABzY8usPae0{>%R7<zz_OvQ{)4kMa0BMw6u5rT}kRKX;$NfYBv00*Hl@qhsU00"},
        {"medium", "ABzY8B0Jh+0{>%R7}kK1fFL7w6%<-Pf*t^=N)Qr&0RR9"},
        {"large-v1", "ABzY8r9j$a0{>%R7#4sLmoOs{s)o3~84-RPdcFk!JR<kSfC2yj"},
        {"large-v2",
         "ABzY8zd+h!0{>%R7=D0pU<_bnWW*tkYAhobTNnu$jnkEkXqp)j;w1Tzk)UH3X%SZd&"
         "fFZ2fC2yj"},
        {"large-v3",
         "ABzY8gWO1E0{>%R7(9S+Kn!D~%ngiGaR?*L!iJG9p-nab0JQ=-{D1-g00"},
        {"large", "ABzY8gWO1E0{>%R7(9S+Kn!D~%ngiGaR?*L!iJG9p-nab0JQ=-{D1-g00"},
        {"large-v3-turbo", "ABzY8j^C+e0{>%RARaKHP%t(lGR*)0g!tONPyhe`"},
        {"turbo", "ABzY8j^C+e0{>%RARaKHP%t(lGR*)0g!tONPyhe`"},
    }};

[[noreturn]] void refuse(const fs::path& file, const std::string& why) {
  throw ConfigError(fmt::format("[whisper.config] {}: {}", file.string(), why));
}

} // namespace

ModelDimensions read_dimensions(const Json& config, const fs::path& file) {
  if (!config.is_object())
    refuse(file, "not a JSON object");
  const bool transformers =
      config.contains("d_model") || config.contains("encoder_layers");
  ModelDimensions dims;
  ModelDimensions::fields(
      dims,
      [&](std::string_view name, int& value, int most) {
        std::string key(name);
        if (transformers)
          for (const auto& [ours, theirs] : kTransformersNames)
            if (ours == name)
              key = theirs;
        // DEVIATION(whisper-config-defaults): the reference fills in what
        // Transformers' form lacks with large-v3's sizes; here it is an error.
        if (!config.contains(key))
          refuse(
              file,
              fmt::format(
                  "\"{}\" is missing: not the configuration of a Whisper model",
                  key));
        const Json& field = config[key];
        if (!field.is_number_integer())
          refuse(
              file,
              fmt::format(
                  "\"{}\" is {}, not a number",
                  key,
                  field.dump(-1, ' ', false, Json::error_handler_t::replace)));
        // What an unsigned number has beyond 63 bits shows as negative.
        const auto number = field.get<std::int64_t>();
        if (number < 1 || number > most)
          refuse(
              file,
              fmt::format(
                  "\"{}\" is {}, which no Whisper model has (1 to {})",
                  key,
                  field.dump(),
                  most));
        value = static_cast<int>(number);
      });
  check_dimensions(dims, file);
  return dims;
}

ModelDimensions read_dimensions_ctranslate2(const Checkpoint& checkpoint) {
  const auto find = [&](const std::string& name) -> const Tensor* {
    const auto found = checkpoint.tensors.find(name);
    return found == checkpoint.tensors.end() ? nullptr : &found->second;
  };
  const auto extent = [&](const std::string& name,
                          std::size_t rank,
                          std::size_t axis) {
    const Tensor* tensor = find(name);
    if (tensor == nullptr || tensor->shape.size() != rank)
      throw WeightError(fmt::format(
          "[whisper.config] {}: variable {} of {} dimensions is missing: not a "
          "Whisper model",
          checkpoint.path.string(),
          name,
          rank));
    return static_cast<int>(
        std::min<std::int64_t>(tensor->shape[axis], 1 << 30));
  };
  const auto heads = [&](const std::string& name) {
    const Tensor* tensor = find(name);
    if (tensor == nullptr || tensor->dtype != DType::i16 ||
        tensor->bytes.size() != 2)
      throw WeightError(fmt::format(
          "[whisper.config] {}: variable {} is missing: a conversion by a "
          "CTranslate2 before 3.0?",
          checkpoint.path.string(),
          name));
    return static_cast<int>(tensor->as<std::int16_t>()[0]);
  };
  const auto layers = [&](const std::string& side) {
    int n = 0;
    while (find(fmt::format("{}/layer_{}/ffn/linear_0/weight", side, n)))
      ++n;
    return n;
  };
  ModelDimensions dims{
      .n_mels = extent("encoder/conv1/weight", 3, 1),
      .n_audio_ctx = extent("encoder/position_encodings/encodings", 2, 0),
      .n_audio_state = extent("encoder/position_encodings/encodings", 2, 1),
      .n_audio_head = heads("encoder/num_heads"),
      .n_audio_layer = layers("encoder"),
      .n_vocab = extent("decoder/embeddings/weight", 2, 0),
      .n_text_ctx = extent("decoder/position_encodings/encodings", 2, 0),
      .n_text_state = extent("decoder/position_encodings/encodings", 2, 1),
      .n_text_head = heads("decoder/num_heads"),
      .n_text_layer = layers("decoder"),
  };
  check_dimensions(dims, checkpoint.path);
  return dims;
}

void check_dimensions(const ModelDimensions& dims, const fs::path& file) {
  ModelDimensions::fields(
      dims,
      [&](std::string_view name, int value, int most) {
        if (value < 1 || value > most)
          refuse(
              file,
              fmt::format(
                  "{} is {}, which no Whisper model has (1 to {})",
                  name,
                  value,
                  most));
      });
  if (dims.n_audio_state % dims.n_audio_head != 0 ||
      dims.n_text_state % dims.n_text_head != 0)
    refuse(
        file,
        fmt::format(
            "a width of {} and {} is no multiple of {} and {} heads",
            dims.n_audio_state,
            dims.n_text_state,
            dims.n_audio_head,
            dims.n_text_head));
  if (dims.n_audio_state % 2 != 0)
    refuse(
        file,
        fmt::format("n_audio_state is {}, an odd number", dims.n_audio_state));
  // The decoder's keys and values are made from the encoder's output.
  if (dims.n_audio_state != dims.n_text_state)
    refuse(
        file,
        fmt::format(
            "n_audio_state {} and n_text_state {} differ",
            dims.n_audio_state,
            dims.n_text_state));
}

Json to_json(const ModelDimensions& dims) {
  Json out = {{"model_type", "whisper"}};
  ModelDimensions::fields(dims, [&](const char* name, int value, int) {
    out[name] = value;
  });
  return out;
}

AlignmentHeads default_alignment_heads(const ModelDimensions& dims) {
  AlignmentHeads out;
  for (int layer = dims.n_text_layer / 2; layer < dims.n_text_layer; ++layer)
    for (int head = 0; head < dims.n_text_head; ++head)
      out.push_back({layer, head});
  return out;
}

std::optional<AlignmentHeads> read_alignment_heads(
    const Json& config, const ModelDimensions& dims, const fs::path& file) {
  if (!config.is_object() || !config.contains("alignment_heads") ||
      config["alignment_heads"].is_null())
    return std::nullopt;
  const Json& list = config["alignment_heads"];
  const auto wrong = [&](const std::string& what) {
    refuse(
        file,
        fmt::format(
            "\"alignment_heads\" {}: expected a list of [layer, head] below "
            "[{}, {}]",
            what,
            dims.n_text_layer,
            dims.n_text_head));
  };
  if (!list.is_array())
    wrong("is not a list");
  AlignmentHeads out;
  for (const Json& pair : list) {
    if (!pair.is_array() || pair.size() != 2 || !pair[0].is_number_integer() ||
        !pair[1].is_number_integer())
      wrong("has an entry that is no pair of numbers");
    const auto layer = pair[0].get<std::int64_t>();
    const auto head = pair[1].get<std::int64_t>();
    if (layer < 0 || layer >= dims.n_text_layer || head < 0 ||
        head >= dims.n_text_head)
      wrong("has an entry that is no head of the model");
    out.push_back({static_cast<int>(layer), static_cast<int>(head)});
  }
  return out;
}

AlignmentHeads decode_alignment_heads(
    std::string_view dump, const ModelDimensions& dims) {
  const auto size = static_cast<std::size_t>(dims.n_text_layer) *
                    static_cast<std::size_t>(dims.n_text_head);
  const auto packed = decode_base85(dump);
  const auto mask = packed ? inflate_gzip(*packed, size + 1) : std::nullopt;
  if (!mask || mask->size() != size)
    throw ConfigError(fmt::format(
        "[whisper.config] not a mask of {} x {} alignment heads",
        dims.n_text_layer,
        dims.n_text_head));
  AlignmentHeads out;
  for (std::size_t i = 0; i < size; ++i)
    if ((*mask)[i] != 0)
      out.push_back(
          {static_cast<int>(i) / dims.n_text_head,
           static_cast<int>(i) % dims.n_text_head});
  return out;
}

std::string_view alignment_heads_dump(std::string_view model) {
  for (const auto& [name, dump] : kAlignmentHeads)
    if (name == model)
      return dump;
  return {};
}

} // namespace mlxaudio::whisper
