// SPDX-License-Identifier: MIT
// Ported from mlx-audio (mlx_audio/stt/models/whisper/whisper.py), Copyright
// (c) 2023 Apple Inc., https://github.com/Blaizzy/mlx-audio, MIT: see
// licenses/mlx-audio.txt.
#include "models/whisper/weights.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <utility>

#include "core/utf8.h"
#include "mlxaudio/error.h"
#include "nn/finite.h"

namespace mlxaudio::whisper {

namespace {

using Tensors = std::map<std::string, Tensor>;

/// A module (or lone tensor) by the name that each layout gives it.
struct NameRow {
  std::string_view mlx;
  std::string_view openai;
  std::string_view transformers;
};

/// Outside the blocks. Transformers' names come after "model.".
/// DEVIATION(whisper-position-table): the encoder's position table is read, as
/// in openai-whisper; mlx-audio drops it and computes its own.
constexpr std::array<NameRow, 7> kTopNames{{
    {"encoder.conv1", "encoder.conv1", "encoder.conv1"},
    {"encoder.conv2", "encoder.conv2", "encoder.conv2"},
    {"encoder.positional_embedding",
     "encoder.positional_embedding",
     "encoder.embed_positions.weight"},
    {"encoder.ln_post", "encoder.ln_post", "encoder.layer_norm"},
    {"decoder.token_embedding",
     "decoder.token_embedding",
     "decoder.embed_tokens"},
    {"decoder.positional_embedding",
     "decoder.positional_embedding",
     "decoder.embed_positions.weight"},
    {"decoder.ln", "decoder.ln", "decoder.layer_norm"},
}};

/// Inside a block.
constexpr std::array<NameRow, 13> kBlockNames{{
    {"attn.query", "attn.query", "self_attn.q_proj"},
    {"attn.key", "attn.key", "self_attn.k_proj"},
    {"attn.value", "attn.value", "self_attn.v_proj"},
    {"attn.out", "attn.out", "self_attn.out_proj"},
    {"attn_ln", "attn_ln", "self_attn_layer_norm"},
    {"cross_attn.query", "cross_attn.query", "encoder_attn.q_proj"},
    {"cross_attn.key", "cross_attn.key", "encoder_attn.k_proj"},
    {"cross_attn.value", "cross_attn.value", "encoder_attn.v_proj"},
    {"cross_attn.out", "cross_attn.out", "encoder_attn.out_proj"},
    {"cross_attn_ln", "cross_attn_ln", "encoder_attn_layer_norm"},
    {"mlp1", "mlp.0", "fc1"},
    {"mlp2", "mlp.2", "fc2"},
    {"mlp_ln", "mlp_ln", "final_layer_norm"},
}};

/// A CTranslate2 module, and the modules of ours that its rows hold, in order.
/// A key has no bias of its own: that part of a fused bias must be zero.
struct FusedRow {
  std::string_view theirs;
  std::array<std::string_view, 3> ours;
};

constexpr std::array<FusedRow, 4> kFusedTop{{
    {"encoder/conv1", {"encoder.conv1"}},
    {"encoder/conv2", {"encoder.conv2"}},
    {"encoder/layer_norm", {"encoder.ln_post"}},
    {"decoder/layer_norm", {"decoder.ln"}},
}};

constexpr std::array<FusedRow, 10> kFusedBlock{{
    {"self_attention/linear_0", {"attn.query", "attn.key", "attn.value"}},
    {"self_attention/linear_1", {"attn.out"}},
    {"self_attention/layer_norm", {"attn_ln"}},
    {"attention/linear_0", {"cross_attn.query"}},
    {"attention/linear_1", {"cross_attn.key", "cross_attn.value"}},
    {"attention/linear_2", {"cross_attn.out"}},
    {"attention/layer_norm", {"cross_attn_ln"}},
    {"ffn/linear_0", {"mlp1"}},
    {"ffn/linear_1", {"mlp2"}},
    {"ffn/layer_norm", {"mlp_ln"}},
}};

/// Lone tensors of CTranslate2.
constexpr std::array<std::pair<std::string_view, std::string_view>, 3>
    kFusedTensors{{
        {"encoder/position_encodings/encodings",
         "encoder.positional_embedding"},
        {"decoder/embeddings/weight", "decoder.token_embedding.weight"},
        {"decoder/position_encodings/encodings",
         "decoder.positional_embedding"},
    }};

/// A tensor that tells a layout: no other layout has one of this name.
struct Marker {
  std::string_view tensor;
  Layout layout;
};

constexpr std::array<Marker, 5> kMarkers{{
    {"encoder.blocks.0.mlp1.weight", Layout::mlx},
    {"encoder.blocks.0.mlp.0.weight", Layout::openai},
    {"model.encoder.layers.0.fc1.weight", Layout::transformers},
    {"encoder.layers.0.fc1.weight", Layout::transformers},
    {"encoder/layer_0/ffn/linear_0/weight", Layout::ctranslate2},
}};

/// What a checkpoint may hold beside parameters, by the end of its name.
///  - alignment_heads: MLX's conversions of whole modules have it
///  - proj_out.weight: Transformers' name for the tied output
constexpr std::string_view kAlignmentHeadsTensor = "alignment_heads";
constexpr std::string_view kTiedOutput = "proj_out.weight";

/// Beside the weights of a quantized layer.
constexpr std::string_view kScales = ".scales";
constexpr std::string_view kBiases = ".biases";

/// "decoder.blocks.0.mlp1" of "decoder.blocks.0.mlp1.weight".
std::string module_of(const std::string& weight) {
  return weight.substr(0, weight.rfind('.'));
}

/// Whether a file has a parameter in MLX's quantization, which linear layers
/// and embeddings may be in. One that lacks scales is told by its type.
bool is_packed(const Parameter& parameter, const Checkpoint& checkpoint) {
  if (parameter.shape.size() != 2 || !parameter.name.ends_with(".weight"))
    return false;
  const auto found = checkpoint.tensors.find(parameter.name);
  return checkpoint.tensors.contains(
             module_of(parameter.name) + std::string(kScales)) ||
         (found != checkpoint.tensors.end() &&
          found->second.dtype == DType::u32);
}

bool is_convolution(std::string_view name) {
  return name == "encoder.conv1.weight" || name == "encoder.conv2.weight";
}

bool is_key(std::string_view module) {
  return module.ends_with(".key");
}

/// "encoder.blocks.3." for both sides and all layers: calls
/// `visit(side, layer)`.
template <typename Visit>
void each_block(const ModelDimensions& dims, Visit&& visit) {
  for (int i = 0; i < dims.n_audio_layer; ++i)
    visit(std::string("encoder"), i);
  for (int i = 0; i < dims.n_text_layer; ++i)
    visit(std::string("decoder"), i);
}

/// [O, I, K] to [O, K, I].
Tensor swap_last_axes(const Tensor& from) {
  const auto outer = static_cast<std::size_t>(from.shape[0]);
  const auto rows = static_cast<std::size_t>(from.shape[1]);
  const auto columns = static_cast<std::size_t>(from.shape[2]);
  const std::size_t width = size_of(from.dtype);
  std::vector<std::byte> to(from.bytes.size());
  for (std::size_t o = 0; o < outer; ++o)
    for (std::size_t r = 0; r < rows; ++r)
      for (std::size_t c = 0; c < columns; ++c)
        std::memcpy(
            to.data() + ((o * columns + c) * rows + r) * width,
            from.bytes.data() + ((o * rows + r) * columns + c) * width,
            width);
  return make_tensor(
      from.dtype,
      {from.shape[0], from.shape[2], from.shape[1]},
      std::move(to));
}

/// Part `index` of `parts` along the first axis, sharing memory.
Tensor part_of(const Tensor& whole, std::size_t index, std::size_t parts) {
  Tensor out = whole;
  out.shape[0] /= static_cast<std::int64_t>(parts);
  const std::size_t size = whole.bytes.size() / parts;
  out.bytes = whole.bytes.subspan(index * size, size);
  return out;
}

bool all_zero(const Tensor& tensor) {
  // A negative zero is a zero too, but no converter writes one.
  return std::all_of(tensor.bytes.begin(), tensor.bytes.end(), [](std::byte b) {
    return b == std::byte{0};
  });
}

/// Renames what the table of a layout knows; the rest keeps its name.
class Renamer {
 public:
  Renamer(Checkpoint checkpoint, Layout layout, const ModelDimensions& dims)
      : in_(std::move(checkpoint)), layout_(layout), dims_(dims) {
    out_.path = in_.path;
    out_.metadata = in_.metadata;
  }

  Checkpoint run() {
    in_.tensors.erase(std::string(kAlignmentHeadsTensor));
    if (layout_ == Layout::ctranslate2)
      rename_fused();
    else
      rename_plain();
    // Names that no table has: sanitize() lists them.
    for (auto& [name, tensor] : in_.tensors)
      put(name, std::move(tensor));
    return std::move(out_);
  }

 private:
  [[noreturn]] void refuse(const std::string& why) const {
    throw WeightError(
        fmt::format("[whisper.weights] {}: {}", in_.path.string(), why));
  }

  void rename_plain() {
    const bool theirs = layout_ == Layout::transformers;
    const std::string model =
        theirs && in_.tensors.contains(std::string(kMarkers[2].tensor))
            ? "model."
            : "";
    const auto name_in = [&](const NameRow& row) {
      return layout_ == Layout::mlx ? row.mlx
             : theirs               ? row.transformers
                                    : row.openai;
    };
    if (theirs)
      drop_tied_output(model + "decoder.embed_tokens.weight");
    for (const NameRow& row : kTopNames) {
      const std::string from = model + std::string(name_in(row));
      if (row.mlx.ends_with("positional_embedding"))
        move(from, std::string(row.mlx));
      else
        move_module(from, std::string(row.mlx));
    }
    each_block(dims_, [&](const std::string& side, int i) {
      const std::string from =
          theirs ? fmt::format("{}{}.layers.{}.", model, side, i)
                 : fmt::format("{}.blocks.{}.", side, i);
      for (const NameRow& row : kBlockNames)
        move_module(
            from + std::string(name_in(row)),
            fmt::format("{}.blocks.{}.{}", side, i, row.mlx));
    });
  }

  void move_module(const std::string& from, const std::string& to) {
    move(from + ".weight", to + ".weight");
    move(from + ".bias", to + ".bias");
  }

  void move(const std::string& from, const std::string& to) {
    auto node = in_.tensors.extract(from);
    if (!node)
      return;
    Tensor tensor = std::move(node.mapped());
    if (layout_ != Layout::mlx && is_convolution(to) &&
        tensor.shape.size() == 3)
      tensor = swap_last_axes(tensor);
    put(to, std::move(tensor));
  }

  void put(const std::string& name, Tensor tensor) {
    if (!out_.tensors.emplace(name, std::move(tensor)).second)
      refuse(fmt::format("tensor {} comes twice", name));
  }

  /// The output is the embedding, in the reference and here.
  void drop_tied_output(const std::string& embedding) {
    const auto output = in_.tensors.find(std::string(kTiedOutput));
    const auto tied = in_.tensors.find(embedding);
    if (output == in_.tensors.end() || tied == in_.tensors.end())
      return;
    const Tensor& a = output->second;
    const Tensor& b = tied->second;
    if (a.dtype != b.dtype || !std::ranges::equal(a.bytes, b.bytes))
      throw UnsupportedError(fmt::format(
          "[whisper.weights] {}: {} differs from {}: Whisper's output is its "
          "embedding",
          in_.path.string(),
          kTiedOutput,
          embedding));
    in_.tensors.erase(output);
  }

  void rename_fused() {
    for (const FusedRow& row : kFusedTop)
      split(std::string(row.theirs), "", row);
    each_block(dims_, [&](const std::string& side, int i) {
      for (const FusedRow& row : kFusedBlock)
        split(
            fmt::format("{}/layer_{}/{}", side, i, row.theirs),
            fmt::format("{}.blocks.{}.", side, i),
            row);
    });
    for (const auto& [theirs, ours] : kFusedTensors)
      move(std::string(theirs), std::string(ours));
    // Scalars are settings of the converter ("decoder/pre_norm"); those that
    // matter are checked, the others say what any Whisper is.
    check_setting("decoder/pre_norm", 1);
    check_setting("decoder/alibi", 0);
    check_setting("decoder/scale_embeddings", 0);
    check_setting("decoder/start_from_zero_embedding", 0);
    std::erase_if(in_.tensors, [](const auto& entry) {
      return entry.second.shape.empty();
    });
  }

  void check_setting(const std::string& name, int expected) const {
    const auto found = in_.tensors.find(name);
    if (found == in_.tensors.end() || found->second.dtype != DType::i8)
      return;
    const int value = found->second.as<std::int8_t>()[0];
    if (value != expected)
      throw UnsupportedError(fmt::format(
          "[whisper.weights] {}: {} is {}, but {} for every Whisper model",
          in_.path.string(),
          name,
          value,
          expected));
  }

  void split(
      const std::string& theirs,
      const std::string& prefix,
      const FusedRow& row) {
    const bool norm = theirs.ends_with("layer_norm");
    split_tensor(
        theirs + (norm ? "/gamma" : "/weight"),
        prefix,
        row,
        ".weight");
    split_tensor(theirs + (norm ? "/beta" : "/bias"), prefix, row, ".bias");
  }

  void split_tensor(
      const std::string& from,
      const std::string& prefix,
      const FusedRow& row,
      const std::string& kind) {
    const auto parts =
        static_cast<std::size_t>(std::ranges::count_if(row.ours, [](auto name) {
          return !name.empty();
        }));
    if (parts == 1)
      return move(from, prefix + std::string(row.ours[0]) + kind);
    auto node = in_.tensors.extract(from);
    if (!node)
      return;
    const Tensor whole = std::move(node.mapped());
    if (whole.shape.empty() ||
        whole.shape[0] % static_cast<std::int64_t>(parts) != 0)
      refuse(fmt::format(
          "variable {} {} does not divide into {}",
          from,
          to_string(whole.shape),
          parts));
    for (std::size_t i = 0; i < parts; ++i) {
      const std::string module = prefix + std::string(row.ours[i]);
      Tensor part = part_of(whole, i, parts);
      if (kind == ".bias" && is_key(module)) {
        if (!all_zero(part))
          refuse(fmt::format(
              "variable {} gives {} a bias, which Whisper's keys have not",
              from,
              module));
        continue;
      }
      put(module + kind, std::move(part));
    }
  }

  Checkpoint in_;
  Layout layout_;
  const ModelDimensions& dims_;
  Checkpoint out_;
};

/// At most a dozen items: a wrong configuration makes all of them wrong.
std::string some_of(const std::vector<std::string>& items) {
  constexpr std::size_t kMost = 12;
  if (items.size() <= kMost)
    return fmt::format("{}", fmt::join(items, ", "));
  return fmt::format(
      "{} and {} more",
      fmt::join(items.begin(), items.begin() + kMost, ", "),
      items.size() - kMost);
}

bool is_weight_type(DType dtype) {
  return dtype == DType::f16 || dtype == DType::bf16 || dtype == DType::f32;
}

} // namespace

namespace {

/// Only MLX's quantized weights are read, and by MLX's names.
void refuse_quantized(const Checkpoint& checkpoint, Layout layout) {
  for (const auto& [name, tensor] : checkpoint.tensors)
    if (name.ends_with(kScales) || name.ends_with("/weight_scale"))
      throw UnsupportedError(fmt::format(
          "[whisper.weights] {}: quantized weights ({}) in {}'s layout are not "
          "read: use an f16, bf16 or f32 checkpoint of the same model, or one "
          "that MLX quantized",
          checkpoint.path.string(),
          name,
          name_of(layout)));
}

/// A tensor that a file must hold for a parameter.
struct Expected {
  std::string name;
  std::vector<std::int64_t> shape;
  bool packed = false; ///< whole numbers of 32 bits, else floats
};

/// The parameter itself, or in MLX's quantization what it is packed in.
/// \throws ConfigError, WeightError
std::vector<Expected> expected_of(
    const Parameter& parameter,
    const Checkpoint& checkpoint,
    const std::optional<Quantization>& quantization) {
  if (!is_packed(parameter, checkpoint))
    return {{parameter.name, parameter.shape}};
  const std::string module = module_of(parameter.name);
  if (!quantization)
    throw ConfigError(fmt::format(
        "[whisper.weights] {}: {} is quantized, and no configuration says how: "
        "config.json beside it needs \"quantization\" with group_size and bits",
        checkpoint.path.string(),
        module));
  const auto [group_size, bits] = quantization->of(module);
  const std::int64_t out = parameter.shape[0], in = parameter.shape[1];
  if (in % group_size != 0)
    throw ConfigError(fmt::format(
        "[whisper.weights] {}: {} is quantized, but its {} inputs are no whole "
        "groups of {}: mend group_size in \"quantization\" of config.json",
        checkpoint.path.string(),
        module,
        in,
        group_size));
  const std::vector<std::int64_t> groups{out, in / group_size};
  return {
      {parameter.name, {out, in * bits / 32}, /*packed=*/true},
      {module + std::string(kScales), groups},
      {module + std::string(kBiases), groups}};
}

} // namespace

std::string_view name_of(Layout layout) {
  switch (layout) {
    case Layout::mlx:
      return "MLX";
    case Layout::openai:
      return "OpenAI";
    case Layout::transformers:
      return "Transformers";
    case Layout::ctranslate2:
      return "CTranslate2";
  }
  return "unknown";
}

std::vector<Parameter> parameters_of(const ModelDimensions& dims) {
  std::vector<Parameter> out;
  const auto module = [&](const std::string& name,
                          std::vector<std::int64_t> weight,
                          bool bias = true) {
    const std::int64_t width = weight[0];
    out.push_back({name + ".weight", std::move(weight)});
    if (bias)
      out.push_back({name + ".bias", {width}});
  };
  const std::int64_t audio = dims.n_audio_state;
  const std::int64_t text = dims.n_text_state;
  module("encoder.conv1", {audio, 3, dims.n_mels});
  module("encoder.conv2", {audio, 3, audio});
  out.push_back(
      {"encoder.positional_embedding", {dims.n_audio_ctx, audio}, true});
  module("encoder.ln_post", {audio});
  out.push_back({"decoder.token_embedding.weight", {dims.n_vocab, text}});
  out.push_back({"decoder.positional_embedding", {dims.n_text_ctx, text}});
  module("decoder.ln", {text});
  each_block(dims, [&](const std::string& side, int i) {
    const std::string block = fmt::format("{}.blocks.{}.", side, i);
    const std::int64_t n = side == "encoder" ? audio : text;
    for (const std::string attention : {"attn", "cross_attn"}) {
      if (attention == "cross_attn" && side == "encoder")
        continue;
      module(block + attention + ".query", {n, n});
      module(block + attention + ".key", {n, n}, /*bias=*/false);
      module(block + attention + ".value", {n, n});
      module(block + attention + ".out", {n, n});
      module(block + attention + "_ln", {n});
    }
    module(block + "mlp1", {4 * n, n});
    module(block + "mlp2", {n, 4 * n});
    module(block + "mlp_ln", {n});
  });
  return out;
}

Layout layout_of(const Checkpoint& checkpoint) {
  for (const auto& [tensor, layout] : kMarkers)
    if (checkpoint.tensors.contains(std::string(tensor))) {
      if (layout != Layout::mlx)
        refuse_quantized(checkpoint, layout);
      return layout;
    }
  throw WeightError(fmt::format(
      "[whisper.weights] {}: not the weights of a Whisper model (none of its "
      "{} tensors has a name such as {})",
      checkpoint.path.string(),
      checkpoint.tensors.size(),
      kMarkers[0].tensor));
}

bool is_quantized(const Checkpoint& checkpoint) {
  return std::ranges::any_of(checkpoint.tensors, [](const auto& entry) {
    return entry.first.ends_with(kScales) || entry.second.dtype == DType::u32;
  });
}

Checkpoint sanitize(
    Checkpoint checkpoint,
    Layout layout,
    const ModelDimensions& dims,
    const std::optional<Quantization>& quantization) {
  // DEVIATION(whisper-weight-types): each tensor keeps its type. mlx-audio
  // makes all f16 unless told otherwise; openai-whisper keeps f32 on a
  // processor.
  Checkpoint out = Renamer(std::move(checkpoint), layout, dims).run();
  std::vector<std::string> missing;
  std::vector<std::string> misshapen;
  std::vector<std::string> mistyped;
  std::map<std::string, bool> known;
  std::vector<std::string> unpacked;
  for (const Parameter& parameter : parameters_of(dims))
    for (const Expected& expected : expected_of(parameter, out, quantization)) {
      known[expected.name] = true;
      const auto found = out.tensors.find(expected.name);
      if (found == out.tensors.end()) {
        if (!parameter.optional)
          missing.push_back(expected.name);
        continue;
      }
      const Tensor& tensor = found->second;
      if (tensor.shape != expected.shape)
        misshapen.push_back(fmt::format(
            "{} is {}, expected {}",
            expected.name,
            to_string(tensor.shape),
            to_string(expected.shape)));
      const bool typed = expected.packed ? tensor.dtype == DType::u32
                                         : is_weight_type(tensor.dtype);
      if (!typed)
        (expected.packed ? unpacked : mistyped)
            .push_back(
                fmt::format("{} is {}", expected.name, name_of(tensor.dtype)));
    }
  std::vector<std::string> unexpected;
  for (const auto& [name, tensor] : out.tensors)
    if (!known.contains(name))
      unexpected.push_back(name);

  std::vector<std::string> wrong;
  const auto add = [&](std::string_view what,
                       const std::vector<std::string>& items) {
    if (!items.empty())
      wrong.push_back(
          fmt::format("{} {}: {}", items.size(), what, some_of(items)));
  };
  add("missing", missing);
  add("misshapen", misshapen);
  add("of a type other than f16, bf16 and f32", mistyped);
  add("quantized, but not U32", unpacked);
  add("unexpected", unexpected);
  if (!wrong.empty())
    throw WeightError(fmt::format(
        "[whisper.weights] {}: the tensors are not those of this model's "
        "configuration: {}",
        out.path.string(),
        printable(fmt::format("{}", fmt::join(wrong, "; ")))));
  return out;
}

void check_finite(const Checkpoint& checkpoint) {
  std::vector<const Tensor*> tensors;
  for (const auto& [name, tensor] : checkpoint.tensors)
    tensors.push_back(&tensor);
  const std::vector<bool> finite = are_finite(tensors);
  std::size_t i = 0;
  for (const auto& [name, tensor] : checkpoint.tensors)
    if (!finite[i++])
      throw WeightError(fmt::format(
          "[whisper.weights] {}: tensor {} holds NaN or infinity: the file is "
          "damaged",
          checkpoint.path.string(),
          name));
}

} // namespace mlxaudio::whisper
