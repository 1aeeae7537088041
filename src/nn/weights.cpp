// SPDX-License-Identifier: MIT
#include "nn/weights.h"

#include <algorithm>
#include <cstring>
#include <memory>
#include <span>
#include <sstream>
#include <vector>

#include "core/memory_count.h"
#include "mlx/allocator.h"
#include "mlx/device.h"
#include "mlx/ops.h"
#include "mlx/utils.h"
#include "nn/finite.h"
#include "ops/check.h"

namespace mlxaudio {
namespace {

mx::Dtype dtype_of(const Tensor& tensor) {
  switch (tensor.dtype) {
    case DType::boolean:
      return mx::bool_;
    case DType::u8:
      return mx::uint8;
    case DType::i8:
      return mx::int8;
    case DType::i16:
      return mx::int16;
    case DType::u16:
      return mx::uint16;
    case DType::i32:
      return mx::int32;
    case DType::u32:
      return mx::uint32;
    case DType::i64:
      return mx::int64;
    case DType::f16:
      return mx::float16;
    case DType::bf16:
      return mx::bfloat16;
    case DType::f32:
      return mx::float32;
    case DType::f64:
      return mx::float64;
  }
  throw WeightError("[nn.weights] a tensor has no known type");
}

/// "uint32"
std::string name_of(mx::Dtype dtype) {
  std::ostringstream name;
  name << dtype;
  return name.str();
}

/// A buffer of MLX's over memory that is not MLX's. MLX's own CPU allocator
/// keeps a header before each block and offers no way in from outside, so the
/// offset of the header is read off a block of its own; nothing reads or frees
/// a header of a block that MLX does not own. Null where that does not hold.
std::optional<mx::allocator::Buffer> alien_buffer(const std::byte* bytes) {
  if (mx::is_available(mx::Device::gpu)) {
    return std::nullopt;
  }
  const auto probe = mx::allocator::malloc(1);
  auto own = probe.buffer();
  const auto header = static_cast<std::byte*>(own.raw_ptr()) -
                      static_cast<std::byte*>(own.ptr());
  const auto address = reinterpret_cast<std::uintptr_t>(bytes);
  mx::allocator::Buffer alien(reinterpret_cast<void*>(address - header));
  return alien.raw_ptr() == bytes ? std::optional(alien) : std::nullopt;
}

} // namespace

mx::array to_array(const Tensor& tensor) {
  const auto dtype = dtype_of(tensor);
  mx::Shape shape;
  std::size_t size = 1;
  for (const auto n : tensor.shape) {
    shape.push_back(static_cast<mx::ShapeElem>(n));
    size *= static_cast<std::size_t>(n);
  }
  const std::size_t item = mx::size_of(dtype);
  if (size * item != tensor.bytes.size()) {
    throw WeightError(fmt::format(
        "[nn.weights] a tensor {} of {} has {} bytes, expected {}",
        ops::text_of(shape),
        name_of(tensor.dtype),
        tensor.bytes.size(),
        size * item));
  }
  const auto address = reinterpret_cast<std::uintptr_t>(tensor.bytes.data());
  if (size > 0 && address % item == 0) {
    if (const auto buffer = alien_buffer(tensor.bytes.data())) {
      const auto keep = [owner = tensor.owner,
                         counted = std::make_shared<const CountedMemory>(
                             MemoryFor::weights_in_place,
                             tensor.bytes.size())](mx::allocator::Buffer) {};
      return mx::array(mx::allocator::Data(*buffer, keep), shape, dtype);
    }
  }
  auto data = std::make_shared<mx::allocator::Data>(
      mx::allocator::malloc(tensor.bytes.size()));
  mx::allocator::Buffer buffer = data->buffer();
  if (size > 0) {
    std::memcpy(buffer.raw_ptr(), tensor.bytes.data(), tensor.bytes.size());
  }
  const auto keep = [data = std::move(data),
                     counted = std::make_shared<const CountedMemory>(
                         MemoryFor::weights_copied,
                         tensor.bytes.size())](mx::allocator::Buffer) {};
  return mx::array(mx::allocator::Data(buffer, keep), shape, dtype);
}

Weights::Weights(const Checkpoint& checkpoint)
    : source_(checkpoint.path.string()) {
  std::vector<const Tensor*> tensors;
  for (const auto& [name, tensor] : checkpoint.tensors) {
    tensors.push_back(&tensor);
    if (tensor.is_in_file()) {
      in_file_.emplace(name, tensor);
    }
    arrays_.emplace(name, to_array(tensor));
  }
  const std::vector<bool> finite = are_finite(tensors);
  std::size_t i = 0;
  for (const auto& [name, tensor] : checkpoint.tensors) {
    if (!finite[i++]) {
      not_finite_.push_back(name);
    }
  }
}

Weights::Weights(std::map<std::string, mx::array> arrays, std::string source)
    : source_(std::move(source)), arrays_(std::move(arrays)) {}

Weights Weights::dry() {
  Weights weights;
  weights.dry_ = true;
  return weights;
}

void Weights::compute_in(Compute compute, OtherLayers others) {
  if (compute == Compute::automatic) {
    throw ArgumentError(
        "[nn.weights] products cannot be computed in auto: resolve it to what "
        "the processor has before");
  }
  compute_ = compute;
  others_ = std::move(others);
  unasked_.clear();
  for (const auto* modules :
       {&others_.exact, &others_.int12, &others_.scores, &others_.to_f16}) {
    unasked_.insert(unasked_.end(), modules->begin(), modules->end());
  }
  if (compute_ != Compute::f32) {
    // Each is read once more, as it is packed: until then it need not be in
    // memory beside what is packed of the others.
    for (const auto& [name, tensor] : in_file_) {
      forget_pages(tensor);
    }
  }
}

bool Weights::covers(
    const std::vector<std::string>& modules, const std::string& path) {
  const auto is_above = [&](const std::string& module) {
    return path == module || path.starts_with(module + '.');
  };
  std::erase_if(unasked_, is_above);
  return std::any_of(modules.begin(), modules.end(), is_above);
}

LayerForm Weights::form_of(const std::string& path) {
  const bool scores = covers(others_.scores, path);
  return {
      .int12 = scores || covers(others_.int12, path),
      .scores = scores,
      .to_f16 = covers(others_.to_f16, path)};
}

Compute Weights::compute_of(const std::string& path) {
  const bool exact = covers(others_.exact, path) || form_of(path).int12;
  return exact ? Compute::f32 : compute_;
}

void Weights::packed_in(std::optional<Quantization> quantization) {
  quantization_ = std::move(quantization);
}

Quantization::Packing Weights::packing_of(const std::string& path) const {
  if (!quantization_) {
    throw ConfigError(fmt::format(
        "[nn.weights] {}: {} has scales, so it is quantized, and nothing says "
        "how: its configuration needs \"quantization\" with group_size and "
        "bits",
        source_.empty() ? "the checkpoint" : source_,
        path));
  }
  return quantization_->of(path);
}

bool Weights::has(const std::string& name) const {
  return arrays_.contains(name);
}

void Weights::declare(
    const std::string& name, const mx::Shape& shape, bool optional) {
  const auto same = [&](const Declaration& d) { return d.name == name; };
  if (std::any_of(declared_.begin(), declared_.end(), same)) {
    repeated_.push_back(name);
  }
  declared_.push_back({name, shape, optional});
}

mx::array Weights::take(
    const std::string& name,
    const mx::Shape& shape,
    std::optional<mx::Dtype> dtype) {
  declare(name, shape, false);
  const auto stand_in = [&] {
    return mx::zeros(shape, dtype.value_or(mx::float32));
  };
  const auto found = arrays_.find(name);
  if (found == arrays_.end()) {
    if (!dry_) {
      missing_.push_back(name + " " + ops::text_of(shape));
    }
    return stand_in();
  }
  const mx::array array = found->second;
  arrays_.erase(found);
  if (array.shape() != shape) {
    misshapen_.push_back(fmt::format(
        "{}: expected {}, got {}",
        name,
        ops::text_of(shape),
        ops::text_of(array.shape())));
    return stand_in();
  }
  if (dtype && array.dtype() != *dtype) {
    misshapen_.push_back(fmt::format(
        "{}: expected {}, got {}",
        name,
        name_of(*dtype),
        name_of(array.dtype())));
    return stand_in();
  }
  return array;
}

Maybe Weights::take_optional(const std::string& name, const mx::Shape& shape) {
  if (!has(name)) {
    declare(name, shape, true);
    return std::nullopt;
  }
  Maybe array = take(name, shape);
  declared_.back().optional = true;
  return array;
}

void Weights::forget(const std::string& name) const {
  if (const auto found = in_file_.find(name); found != in_file_.end()) {
    forget_pages(found->second);
  }
}

void Weights::finish() const {
  std::string message;
  const auto list = [&](const char* what, const auto& names) {
    if (names.empty()) {
      return;
    }
    constexpr std::size_t kMostNames = 20;
    const std::size_t n = std::min(names.size(), kMostNames);
    message += fmt::format(
        "{}{} {}: {}",
        message.empty() ? "" : "; ",
        names.size(),
        what,
        fmt::join(std::span(names).first(n), ", "));
    if (names.size() > n) {
      message += fmt::format(" and {} more", names.size() - n);
    }
  };
  std::vector<std::string> unused;
  for (const auto& [name, array] : arrays_) {
    unused.push_back(name + " " + ops::text_of(array.shape()));
  }
  list("missing", missing_);
  list("misshapen", misshapen_);
  list("not finite (NaN or infinite)", not_finite_);
  list("unused", unused);
  list("declared twice by the model", repeated_);
  if (!message.empty()) {
    throw WeightError(fmt::format(
        "[nn.weights] {} does not fit the model: {}: {}",
        source_.empty() ? "the checkpoint" : source_,
        message,
        not_finite_.empty()
            ? "use the weights and the configuration of one checkpoint"
            : "the weights are damaged: get them again"));
  }
  if (!unasked_.empty()) {
    throw ArgumentError(fmt::format(
        "[nn.weights] the model has no linear layer {}: mend the list of "
        "layers that are computed otherwise",
        fmt::join(unasked_, ", ")));
  }
}

} // namespace mlxaudio
