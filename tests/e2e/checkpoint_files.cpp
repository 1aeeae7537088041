// SPDX-License-Identifier: MIT
#include "checkpoint_files.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <zlib.h>

#include <cstdint>
#include <cstring>
#include <fstream>
#include <iterator>
#include <span>
#include <stdexcept>
#include <string_view>
#include <utility>
#include <vector>

#include "core/half.h"
#include "core/safetensors.h"

namespace mlxaudio::e2e {

namespace fs = std::filesystem;

namespace {

std::vector<float> floats_of(const Tensor& tensor) {
  std::vector<float> values;
  values.reserve(static_cast<std::size_t>(tensor.size()));
  if (tensor.dtype == DType::f16) {
    for (const auto bits : tensor.as<std::uint16_t>()) {
      values.push_back(from_f16(bits));
    }
  } else if (tensor.dtype == DType::bf16) {
    for (const auto bits : tensor.as<std::uint16_t>()) {
      values.push_back(from_bf16(bits));
    }
  } else if (tensor.dtype == DType::f32) {
    for (const auto value : tensor.as<float>()) {
      values.push_back(value);
    }
  } else {
    throw std::invalid_argument("not a float: " + name_of(tensor.dtype));
  }
  return values;
}

std::uint16_t to_bf16(float value) {
  // To nearest, ties to even.
  std::uint32_t bits = 0;
  std::memcpy(&bits, &value, sizeof bits);
  return static_cast<std::uint16_t>(
      (bits + 0x7FFFU + ((bits >> 16) & 1U)) >> 16);
}

template <typename T>
void append(std::vector<std::byte>& bytes, T value) {
  const auto* data = reinterpret_cast<const std::byte*>(&value);
  bytes.insert(bytes.end(), data, data + sizeof value);
}

Tensor cast(const Tensor& tensor, DType dtype) {
  std::vector<std::byte> bytes;
  bytes.reserve(static_cast<std::size_t>(tensor.size()) * size_of(dtype));
  for (const float value : floats_of(tensor)) {
    if (dtype == DType::f16) {
      append(bytes, to_f16(value));
    } else if (dtype == DType::bf16) {
      append(bytes, to_bf16(value));
    } else {
      append(bytes, value);
    }
  }
  return make_tensor(dtype, tensor.shape, std::move(bytes));
}

/// [O, K, I] to [O, I, K].
Tensor kernel_last(const Tensor& conv) {
  const auto n_out = static_cast<std::size_t>(conv.shape[0]);
  const auto n_kernel = static_cast<std::size_t>(conv.shape[1]);
  const auto n_in = static_cast<std::size_t>(conv.shape[2]);
  const std::size_t width = size_of(conv.dtype);
  std::vector<std::byte> bytes(conv.bytes.size());
  for (std::size_t o = 0; o < n_out; ++o) {
    for (std::size_t k = 0; k < n_kernel; ++k) {
      for (std::size_t i = 0; i < n_in; ++i) {
        std::memcpy(
            &bytes[((o * n_in + i) * n_kernel + k) * width],
            &conv.bytes[((o * n_kernel + k) * n_in + i) * width],
            width);
      }
    }
  }
  return make_tensor(
      conv.dtype,
      {conv.shape[0], conv.shape[2], conv.shape[1]},
      std::move(bytes));
}

std::string replaced(
    std::string text, std::string_view from, std::string_view to) {
  if (const auto at = text.find(from); at != std::string::npos) {
    text.replace(at, from.size(), to);
  }
  return text;
}

/// A zip archive of stored entries.
class ZipWriter {
 public:
  explicit ZipWriter(const fs::path& path) : file_(path, std::ios::binary) {}

  void add(const std::string& name, std::string_view data) {
    const auto crc = static_cast<std::uint32_t>(::crc32(
        0,
        reinterpret_cast<const Bytef*>(data.data()),
        static_cast<uInt>(data.size())));
    const auto size = static_cast<std::uint32_t>(data.size());
    const auto offset = static_cast<std::uint32_t>(file_.tellp());
    std::string common;
    put<std::uint16_t>(common, 20);         // version needed
    put<std::uint16_t>(common, 0);          // flags
    put<std::uint16_t>(common, 0);          // stored
    put<std::uint32_t>(common, 0x00210000); // 1980-01-01
    put<std::uint32_t>(common, crc);
    put<std::uint32_t>(common, size);
    put<std::uint32_t>(common, size);
    put<std::uint16_t>(common, static_cast<std::uint16_t>(name.size()));
    put<std::uint16_t>(common, 0); // extra field
    file_ << "PK\3\4" << common << name << data;
    directory_ += "PK\1\2";
    put<std::uint16_t>(directory_, 20); // version made by
    directory_ += common;
    put<std::uint16_t>(directory_, 0); // comment
    put<std::uint16_t>(directory_, 0); // disk
    put<std::uint16_t>(directory_, 0); // internal attributes
    put<std::uint32_t>(directory_, 0); // external attributes
    put<std::uint32_t>(directory_, offset);
    directory_ += name;
    ++count_;
  }

  void finish() {
    const auto start = static_cast<std::uint32_t>(file_.tellp());
    std::string end = "PK\5\6";
    put<std::uint32_t>(end, 0); // disks
    put<std::uint16_t>(end, count_);
    put<std::uint16_t>(end, count_);
    put<std::uint32_t>(end, static_cast<std::uint32_t>(directory_.size()));
    put<std::uint32_t>(end, start);
    put<std::uint16_t>(end, 0); // comment
    file_ << directory_ << end;
    file_.close();
    if (!file_) {
      throw std::runtime_error("cannot write the archive");
    }
  }

 private:
  template <typename T>
  static void put(std::string& out, T value) {
    out.append(reinterpret_cast<const char*>(&value), sizeof value);
  }

  std::ofstream file_;
  std::string directory_;
  std::uint16_t count_ = 0;
};

std::string_view view(const Tensor& tensor) {
  return {
      reinterpret_cast<const char*>(tensor.bytes.data()),
      tensor.bytes.size()};
}

std::string npy(const Tensor& tensor) {
  std::string header = fmt::format(
      "{{'descr': '<{}', 'fortran_order': False, 'shape': ({},), }}",
      tensor.dtype == DType::f16   ? "f2"
      : tensor.dtype == DType::u32 ? "u4"
                                   : "f4",
      fmt::join(tensor.shape, ", "));
  const std::string_view magic("\x93NUMPY\x01\x00", 8);
  while ((magic.size() + 2 + header.size() + 1) % 64 != 0) {
    header += ' ';
  }
  header += '\n';
  std::string out(magic);
  out += static_cast<char>(header.size() & 255U);
  out += static_cast<char>(header.size() >> 8);
  return out + header + std::string(view(tensor));
}

/// Pickle's opcodes, as torch.save uses them.
class Pickle {
 public:
  Pickle& op(std::string_view code) {
    out_ += code;
    return *this;
  }
  Pickle& global(std::string_view module, std::string_view name) {
    out_ += fmt::format("c{}\n{}\n", module, name);
    return *this;
  }
  Pickle& text(std::string_view value) {
    out_ += 'X';
    put(static_cast<std::uint32_t>(value.size()));
    out_ += value;
    return *this;
  }
  Pickle& number(std::int64_t value) {
    out_ += 'J';
    put(static_cast<std::uint32_t>(value));
    return *this;
  }
  Pickle& numbers(std::span<const std::int64_t> values) {
    out_ += '(';
    for (const auto value : values) {
      number(value);
    }
    out_ += 't';
    return *this;
  }
  const std::string& str() const {
    return out_;
  }

 private:
  void put(std::uint32_t value) {
    out_.append(reinterpret_cast<const char*>(&value), sizeof value);
  }

  std::string out_;
};

void pickle_tensor(Pickle& p, const Tensor& tensor, const std::string& key) {
  std::vector<std::int64_t> strides(tensor.shape.size(), 1);
  for (std::size_t i = strides.size(); i-- > 1;) {
    strides[i - 1] = strides[i] * tensor.shape[i];
  }
  const auto* storage = tensor.dtype == DType::f16    ? "HalfStorage"
                        : tensor.dtype == DType::bf16 ? "BFloat16Storage"
                                                      : "FloatStorage";
  p.global("torch._utils", "_rebuild_tensor_v2").op("(");
  p.op("(").text("storage").global("torch", storage).text(key).text("cpu");
  p.number(tensor.size()).op("tQ");
  p.number(0).numbers(tensor.shape).numbers(strides).op("\x89");
  p.global("collections", "OrderedDict").op(")R").op("tR");
}

} // namespace

Tensors cast(const Tensors& tensors, DType dtype) {
  Tensors result;
  for (const auto& [name, tensor] : tensors) {
    result.emplace(name, cast(tensor, dtype));
  }
  return result;
}

Tensors openai_tensors(const Tensors& mlx) {
  Tensors result;
  for (const auto& [name, tensor] : mlx) {
    result.emplace(
        replaced(replaced(name, ".mlp1.", ".mlp.0."), ".mlp2.", ".mlp.2."),
        tensor.shape.size() == 3 ? kernel_last(tensor) : tensor);
  }
  return result;
}

Tensors transformers_tensors(const Tensors& openai) {
  // In this order: "attn_ln" before "attn", "cross_attn" before "attn".
  constexpr std::pair<std::string_view, std::string_view> kNames[] = {
      {"encoder.ln_post", "encoder.layer_norm"},
      {"decoder.ln.", "decoder.layer_norm."},
      {"positional_embedding", "embed_positions.weight"},
      {"token_embedding", "embed_tokens"},
      {".blocks.", ".layers."},
      {".mlp_ln.", ".final_layer_norm."},
      {".mlp.0.", ".fc1."},
      {".mlp.2.", ".fc2."},
      {".cross_attn_ln.", ".encoder_attn_layer_norm."},
      {".attn_ln.", ".self_attn_layer_norm."},
      {".cross_attn.", ".encoder_attn."},
      {".attn.", ".self_attn."},
      {".query.", ".q_proj."},
      {".key.", ".k_proj."},
      {".value.", ".v_proj."},
      {".out.", ".out_proj."}};
  Tensors result;
  for (const auto& [name, tensor] : openai) {
    std::string theirs = name;
    for (const auto& [from, to] : kNames) {
      theirs = replaced(theirs, from, to);
    }
    result.emplace("model." + theirs, tensor);
  }
  return result;
}

Tensors mlx_tensors(Tensors mlx) {
  mlx.erase("encoder.positional_embedding");
  return mlx;
}

void write_mlx_config(
    const fs::path& folder, const whisper::ModelDimensions& dims) {
  Json config = Json::object();
  whisper::ModelDimensions::fields(
      dims,
      [&](const char* name, const int& value, int) { config[name] = value; });
  config["model_type"] = "whisper";
  std::ofstream(folder / "config.json") << config.dump(4) << '\n';
}

void write_transformers_config(
    const fs::path& folder, const whisper::ModelDimensions& dims) {
  const Json config = {
      {"architectures", {"WhisperForConditionalGeneration"}},
      {"model_type", "whisper"},
      {"activation_function", "gelu"},
      {"d_model", dims.n_audio_state},
      {"encoder_layers", dims.n_audio_layer},
      {"encoder_attention_heads", dims.n_audio_head},
      {"encoder_ffn_dim", 4 * dims.n_audio_state},
      {"decoder_layers", dims.n_text_layer},
      {"decoder_attention_heads", dims.n_text_head},
      {"decoder_ffn_dim", 4 * dims.n_text_state},
      {"max_source_positions", dims.n_audio_ctx},
      {"max_target_positions", dims.n_text_ctx},
      {"num_hidden_layers", dims.n_audio_layer},
      {"num_mel_bins", dims.n_mels},
      {"scale_embedding", false},
      {"vocab_size", dims.n_vocab}};
  std::ofstream(folder / "config.json") << config.dump(2) << '\n';
}

void write_npz(const fs::path& path, const Tensors& tensors) {
  ZipWriter zip(path);
  for (const auto& [name, tensor] : tensors) {
    zip.add(name + ".npy", npy(tensor));
  }
  zip.finish();
}

void write_pt(
    const fs::path& path,
    const whisper::ModelDimensions& dims,
    const Tensors& tensors) {
  Pickle p;
  p.op("\x80\x02").op("}(").text("dims").op("}(");
  whisper::ModelDimensions::fields(
      dims,
      [&](const char* name, const int& value, int) {
        p.text(name).number(value);
      });
  p.op("u").text("model_state_dict");
  p.global("collections", "OrderedDict").op(")R(");
  std::size_t key = 0;
  for (const auto& [name, tensor] : tensors) {
    p.text(name);
    pickle_tensor(p, tensor, std::to_string(key++));
  }
  p.op("uu.");

  ZipWriter zip(path);
  zip.add("archive/data.pkl", p.str());
  zip.add("archive/byteorder", "little");
  key = 0;
  for (const auto& [name, tensor] : tensors) {
    zip.add("archive/data/" + std::to_string(key++), view(tensor));
  }
  zip.add("archive/version", "3\n");
  zip.finish();
}

void write_sharded(const fs::path& folder, const Tensors& tensors) {
  const auto middle = std::next(
      tensors.begin(),
      static_cast<std::ptrdiff_t>(tensors.size() / 2));
  const std::pair<std::string, Tensors> shards[] = {
      {"model-00001-of-00002.safetensors", Tensors(tensors.begin(), middle)},
      {"model-00002-of-00002.safetensors", Tensors(middle, tensors.end())}};
  Json index = {
      {"metadata", {{"total_size", 0}}},
      {"weight_map", Json::object()}};
  std::size_t total = 0;
  for (const auto& [file, part] : shards) {
    write_safetensors(folder / file, part, {{"format", "pt"}});
    for (const auto& [name, tensor] : part) {
      index["weight_map"][name] = file;
      total += tensor.bytes.size();
    }
  }
  index["metadata"]["total_size"] = total;
  std::ofstream(folder / "model.safetensors.index.json") << index.dump(2);
}

} // namespace mlxaudio::e2e
