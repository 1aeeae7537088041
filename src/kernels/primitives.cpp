// SPDX-License-Identifier: MIT
#include "kernels/primitives.h"

#include <algorithm>
#include <cstring>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/memory_count.h"
#include "kernels/affine.h"
#include "kernels/attention.h"
#include "kernels/int12.h"
#include "kernels/linear.h"
#include "kernels/reduced.h"
#include "kernels/rows.h"
#include "kernels/run_ahead.h"
#include "kernels/threads.h"
#include "mlx/allocator.h"
#include "mlx/backend/cpu/encoder.h"
#include "mlx/ops.h"
#include "mlx/primitives.h"
#include "mlx/stream.h"
#include "mlxaudio/error.h"

namespace mlxaudio::kernels {
namespace {

using mx::cpu::CommandEncoder;

/// Keeps the room of a result until the work that was put into the queue so
/// far is done.
void hold_until_done(RunAhead::Room room, CommandEncoder& encoder) {
  encoder.dispatch([room = std::move(room)]() mutable { room.reset(); });
}

/// A primitive that only a CPU evaluates, with one output.
class CpuPrimitive : public mx::Primitive {
 public:
  CpuPrimitive(mx::Stream stream, const char* name)
      : Primitive(stream), name_(name) {}

  const char* name() const override {
    return name_;
  }
  void eval_gpu(
      const std::vector<mx::array>&, std::vector<mx::array>&) override {
    throw UnsupportedError(
        std::string("[kernels] ") + name_ + " runs on a CPU only");
  }
  void eval_cpu(
      const std::vector<mx::array>& inputs,
      std::vector<mx::array>& outputs) override {
    auto& out = outputs.front();
    auto& encoder = mx::cpu::get_command_encoder(stream());
    // Small results are not worth a lock.
    constexpr std::size_t kLarge = std::size_t{1} << 18;
    const std::size_t bytes = out.nbytes();
    auto room = bytes >= kLarge ? RunAhead::shared().enter(bytes) : nullptr;
    out.set_data(mx::allocator::malloc(bytes));
    if (out.size() > 0) {
      eval(inputs, out, encoder);
    }
    if (room) {
      hold_until_done(std::move(room), encoder);
    }
  }

 private:
  virtual void eval(
      const std::vector<mx::array>& inputs,
      mx::array& out,
      CommandEncoder& encoder) = 0;

  const char* name_;
};

template <class Primitive, class... Fields>
mx::array build_of(
    mx::Dtype dtype,
    mx::Shape shape,
    std::vector<mx::array> inputs,
    Fields&&... fields) {
  const auto stream = mx::default_stream(mx::Device::cpu);
  return mx::array(
      std::move(shape),
      dtype,
      std::make_shared<Primitive>(stream, std::forward<Fields>(fields)...),
      std::move(inputs));
}

template <class Primitive, class... Fields>
mx::array build(
    mx::Shape shape, std::vector<mx::array> inputs, Fields&&... fields) {
  return build_of<Primitive>(
      mx::float32,
      std::move(shape),
      std::move(inputs),
      std::forward<Fields>(fields)...);
}

/// Copies items from wherever strides put them, to row-major order.
void gather(
    const char* from,
    std::size_t item,
    const mx::Shape& shape,
    const mx::Strides& strides,
    std::size_t axis,
    char*& to) {
  if (axis == shape.size()) {
    std::memcpy(to, from, item);
    to += item;
    return;
  }
  const auto step = strides[axis] * static_cast<std::int64_t>(item);
  for (int i = 0; i < shape[axis]; ++i) {
    gather(from + i * step, item, shape, strides, axis + 1, to);
  }
}

/// The array itself if it lies row-major without gaps, else a copy that does.
mx::array dense(const mx::array& a, CommandEncoder& encoder) {
  if (a.flags().row_contiguous) {
    return a;
  }
  mx::array copy(a.shape(), a.dtype(), nullptr, {});
  copy.set_data(mx::allocator::malloc(copy.nbytes()));
  encoder.add_temporary(copy);
  encoder.dispatch([from = a.data<char>(),
                    to = copy.data<char>(),
                    item = a.itemsize(),
                    shape = a.shape(),
                    strides = a.strides()] {
    char* next = to;
    gather(from, item, shape, strides, 0, next);
  });
  return copy;
}

Numbers numbers_of(const mx::array& a) {
  const auto type = a.dtype() == mx::float16    ? Type::f16
                    : a.dtype() == mx::bfloat16 ? Type::bf16
                                                : Type::f32;
  return {a.data<void>(), type};
}

std::size_t size_of(int n) {
  return static_cast<std::size_t>(n);
}

/// Inputs that a primitive may lack, after those that it has.
std::vector<mx::array> with(
    std::vector<mx::array> inputs,
    const std::optional<mx::array>& bias,
    const std::optional<mx::array>& residual = {}) {
  for (const auto* more : {&bias, &residual}) {
    if (*more) {
      inputs.push_back(**more);
    }
  }
  return inputs;
}

/// How affine weights are packed.
struct AffineLayout {
  int group_size;
  int bits;
};

AffineWeights affine_of(
    const mx::array& values,
    const mx::array& scales,
    const mx::array& biases,
    const AffineLayout& layout) {
  return {
      values.data<std::uint8_t>(),
      numbers_of(scales),
      numbers_of(biases),
      size_of(layout.group_size),
      size_of(layout.bits)};
}

Int12Weights int12_of(const PackedInt12& weight) {
  return {
      weight.high.data<std::int8_t>(),
      weight.low.data<std::uint8_t>(),
      weight.scales.data<float>(),
      weight.errors.data<float>()};
}

/// What a product has beside x and the weights.
struct LinearParts {
  bool bias = false;
  bool gelu = false;
  bool residual = false;
  /// Of affine weights, which are three inputs.
  std::optional<AffineLayout> affine = {};
  bool int12 = false;    ///< of weights of 12 bits, which are four inputs
  bool screened = false; ///< of these, for the greatest alone
  /// Epsilon of a layer normalization of x before it.
  std::optional<float> norm = {};
};

/// A product, and the normalization before it.
struct Product {
  Linear task;
  Numbers norm_weight; ///< null: x is taken as it is
  Numbers norm_bias;
  float eps = 0;

  /// Rows of x as the product takes them. \param scratch may hold them
  Linear with_rows(std::vector<float>& scratch) const {
    Linear with = task;
    if (norm_weight) {
      scratch.resize(task.rows * task.in);
      kernels::layer_norm(
          task.x,
          task.rows,
          task.in,
          norm_weight,
          norm_bias,
          eps,
          scratch.data());
      with.x = scratch.data();
    }
    return with;
  }
};

/// \param inputs x, weight, and of what there is: the weight's scales and
///   biases, or low bits, scales and errors; bias, residual, the
///   normalization's weight and bias
Product product_of(
    std::span<const mx::array> inputs,
    const LinearParts& parts,
    CommandEncoder& encoder) {
  const auto x = dense(inputs[0], encoder);
  const auto weight = dense(inputs[1], encoder);
  Product product;
  Linear& task = product.task;
  task.x = x.data<float>();
  task.in = size_of(x.shape(-1));
  task.stride = task.in;
  task.out = size_of(weight.shape(0));
  task.rows = x.size() / task.in;
  task.gelu = parts.gelu;
  std::size_t next = 2;
  if (parts.affine) {
    const auto scales = dense(inputs[next++], encoder);
    const auto biases = dense(inputs[next++], encoder);
    task.affine = affine_of(weight, scales, biases, *parts.affine);
  } else if (parts.int12) {
    const auto low = dense(inputs[next++], encoder);
    const auto scales = dense(inputs[next++], encoder);
    const auto errors = dense(inputs[next++], encoder);
    task.int12 = int12_of({weight, low, scales, errors});
  } else {
    task.weight = numbers_of(weight);
  }
  if (parts.bias) {
    task.bias = numbers_of(dense(inputs[next++], encoder));
  }
  if (parts.residual) {
    task.residual = dense(inputs[next++], encoder).data<float>();
  }
  if (parts.norm) {
    product.norm_weight = numbers_of(dense(inputs[next++], encoder));
    product.norm_bias = numbers_of(dense(inputs[next++], encoder));
    product.eps = *parts.norm;
  }
  return product;
}

class LinearPrimitive : public CpuPrimitive {
 public:
  LinearPrimitive(mx::Stream stream, const LinearParts& parts)
      : CpuPrimitive(stream, name_of(parts)), parts_(parts) {}

  const LinearParts& parts() const {
    return parts_;
  }

 private:
  void eval(
      const std::vector<mx::array>& inputs,
      mx::array& out,
      CommandEncoder& encoder) override {
    Product product = product_of(inputs, parts_, encoder);
    product.task.y = out.data<float>();
    encoder.dispatch([product, screened = parts_.screened] {
      std::vector<float> scratch;
      const Linear task = product.with_rows(scratch);
      if (task.rows > kMatvecRows) {
        kernels::linear(task);
      } else if (screened) {
        scores_int12(task);
      } else {
        matvec(task);
      }
    });
  }

  static const char* name_of(const LinearParts& parts) {
    return parts.affine     ? "mlxaudio::LinearAffine"
           : parts.screened ? "mlxaudio::ScoresInt12"
           : parts.int12    ? "mlxaudio::LinearInt12"
                            : "mlxaudio::Linear";
  }

  LinearParts parts_;
};

/// `LinearPrimitive` with weights in 8 bits: inputs are x, their values and
/// scales, and what follows the product.
class Int8LinearPrimitive : public CpuPrimitive {
 public:
  Int8LinearPrimitive(mx::Stream stream, const LinearParts& parts)
      : CpuPrimitive(stream, "mlxaudio::LinearInt8"), parts_(parts) {}

 private:
  void eval(
      const std::vector<mx::array>& inputs,
      mx::array& out,
      CommandEncoder& encoder) override {
    const auto x = dense(inputs[0], encoder);
    const auto values = dense(inputs[1], encoder);
    Linear task;
    task.x = x.data<float>();
    task.in = size_of(x.shape(-1));
    task.stride = task.in;
    task.out = size_of(values.shape(0));
    task.rows = out.size() / task.out;
    const Int8Weights packed{
        values.data<std::int8_t>(),
        dense(inputs[2], encoder).data<float>()};
    if (parts_.bias) {
      task.bias = numbers_of(dense(inputs[3], encoder));
    }
    if (parts_.residual) {
      task.residual = dense(inputs.back(), encoder).data<float>();
    }
    task.gelu = parts_.gelu;
    task.y = out.data<float>();
    encoder.dispatch([task, packed] {
      task.rows <= kMatvecRows ? matvec_int8(task, packed)
                               : kernels::linear_int8(task, packed);
    });
  }

  LinearParts parts_;
};

/// `LinearPrimitive` whose products of many rows are in bf16.
class Bf16LinearPrimitive : public CpuPrimitive {
 public:
  Bf16LinearPrimitive(mx::Stream stream, const LinearParts& parts)
      : CpuPrimitive(stream, "mlxaudio::LinearBf16"), parts_(parts) {}

 private:
  void eval(
      const std::vector<mx::array>& inputs,
      mx::array& out,
      CommandEncoder& encoder) override {
    Linear task = product_of(inputs, parts_, encoder).task;
    task.y = out.data<float>();
    encoder.dispatch([task] {
      task.rows <= kMatvecRows ? matvec(task) : kernels::linear_bf16(task);
    });
  }

  LinearParts parts_;
};

/// Calls f(row, to) for each of the rows that indices name.
template <class Function>
void take_each(
    const mx::array& indices,
    int rows,
    mx::array& out,
    CommandEncoder& encoder,
    Function f) {
  encoder.dispatch([f = std::move(f),
                    rows,
                    in = size_of(out.shape(-1)),
                    indices = indices.data<std::int32_t>(),
                    n = indices.size(),
                    to = out.data<float>()] {
    for (std::size_t i = 0; i < n; ++i) {
      f(size_of(indices[i] < 0 ? indices[i] + rows : indices[i]), to + i * in);
    }
  });
}

class TakeAffinePrimitive : public CpuPrimitive {
 public:
  TakeAffinePrimitive(mx::Stream stream, const AffineLayout& layout)
      : CpuPrimitive(stream, "mlxaudio::TakeAffine"), layout_(layout) {}

 private:
  void eval(
      const std::vector<mx::array>& inputs,
      mx::array& out,
      CommandEncoder& encoder) override {
    const auto indices = dense(inputs[0], encoder);
    const auto weights = affine_of(
        dense(inputs[1], encoder),
        dense(inputs[2], encoder),
        dense(inputs[3], encoder),
        layout_);
    take_each(
        indices,
        inputs[1].shape(0),
        out,
        encoder,
        [weights, in = size_of(out.shape(-1))](std::size_t row, float* to) {
          dequantize(weights, in, row, 0, in, to);
        });
  }

  AffineLayout layout_;
};

class TakeInt12Primitive : public CpuPrimitive {
 public:
  explicit TakeInt12Primitive(mx::Stream stream)
      : CpuPrimitive(stream, "mlxaudio::TakeInt12") {}

 private:
  void eval(
      const std::vector<mx::array>& inputs,
      mx::array& out,
      CommandEncoder& encoder) override {
    const auto indices = dense(inputs[0], encoder);
    const auto weights = int12_of(
        {dense(inputs[1], encoder),
         dense(inputs[2], encoder),
         dense(inputs[3], encoder),
         dense(inputs[4], encoder)});
    take_each(
        indices,
        inputs[1].shape(0),
        out,
        encoder,
        [weights, in = size_of(out.shape(-1))](std::size_t row, float* to) {
          constexpr std::size_t kHalf = Int12Weights::kGroup / 2;
          for (std::size_t k = 0; k < in; k += kHalf) {
            dequantize(weights, in, row, k, std::min(kHalf, in - k), to + k);
          }
        });
  }
};

class Conv1dPrimitive : public CpuPrimitive {
 public:
  Conv1dPrimitive(
      mx::Stream stream,
      bool bias,
      int taps,
      int stride,
      int padding,
      bool gelu)
      : CpuPrimitive(stream, "mlxaudio::Conv1d"),
        bias_(bias),
        gelu_(gelu),
        taps_(size_of(taps)),
        stride_(size_of(stride)),
        padding_(size_of(padding)) {}

 private:
  /// Channels last, the numbers under a filter lie side by side: with the
  /// padding in memory, a convolution is a product whose rows overlap.
  void eval(
      const std::vector<mx::array>& inputs,
      mx::array& out,
      CommandEncoder& encoder) override {
    const auto x = dense(inputs[0], encoder);
    const auto matrix = dense(inputs[1], encoder);
    const std::size_t channels = size_of(x.shape(2));
    const std::size_t length = size_of(x.shape(1)) * channels;
    const std::size_t margin = padding_ * channels;
    Linear task;
    task.stride = stride_ * channels;
    task.rows = size_of(out.shape(1));
    task.weight = numbers_of(matrix);
    task.in = taps_ * channels;
    task.out = size_of(out.shape(2));
    if (bias_) {
      task.bias = numbers_of(dense(inputs[2], encoder));
    }
    task.gelu = gelu_;
    encoder.dispatch([task,
                      length,
                      margin,
                      batch = x.shape(0),
                      from = x.data<float>(),
                      to = out.data<float>()]() mutable {
      std::vector<float> padded(length + 2 * margin);
      const CountedMemory counted(
          MemoryFor::scratch,
          padded.size() * sizeof(float));
      task.x = padded.data();
      for (std::size_t i = 0; i < size_of(batch); ++i) {
        std::copy_n(from + i * length, length, padded.begin() + margin);
        task.y = to + i * task.rows * task.out;
        kernels::linear(task);
      }
    });
  }

  bool bias_, gelu_;
  std::size_t taps_, stride_, padding_;
};

/// Rows of channels where they lie, if each row is without gaps.
bool has_rows(const mx::array& a) {
  return a.strides(2) == 1 || a.shape(2) == 1;
}

class AttentionPrimitive : public CpuPrimitive {
 public:
  AttentionPrimitive(
      mx::Stream stream, int keys, int heads, float scale, bool causal)
      : CpuPrimitive(stream, "mlxaudio::Attention"),
        keys_(keys),
        heads_(heads),
        scale_(scale),
        causal_(causal) {}

 private:
  void eval(
      const std::vector<mx::array>& inputs,
      mx::array& out,
      CommandEncoder& encoder) override {
    const auto channels_of = [&](const mx::array& input) {
      const auto a = has_rows(input) ? input : dense(input, encoder);
      return Channels{
          numbers_of(a),
          static_cast<std::size_t>(a.strides(0)),
          static_cast<std::size_t>(a.strides(1))};
    };
    Attention task;
    task.q = channels_of(inputs[0]);
    task.k = channels_of(inputs[1]);
    task.v = channels_of(inputs[2]);
    task.batch = size_of(out.shape(0));
    task.queries = size_of(out.shape(1));
    task.keys = size_of(keys_);
    task.heads = size_of(heads_);
    task.width = size_of(out.shape(2) / heads_);
    task.scale = scale_;
    task.causal = causal_;
    task.out = out.data<float>();
    encoder.dispatch([task] {
      task.queries <= kStepQueries ? attention_step(task)
                                   : kernels::attention(task);
    });
  }

  int keys_, heads_;
  float scale_;
  bool causal_;
};

/// Puts rows into a cache's buffer, in place where nobody else holds it;
/// computes them too where they are a product of few rows.
class AppendPrimitive : public mx::Primitive {
 public:
  /// \param count of the rows in each batch
  /// \param product that the rows are of, or none: they are an input
  AppendPrimitive(
      mx::Stream stream, int row, int count, std::optional<LinearParts> product)
      : Primitive(stream),
        row_(size_of(row)),
        count_(size_of(count)),
        product_(product) {}

  const char* name() const override {
    return "mlxaudio::Append";
  }
  void eval_gpu(
      const std::vector<mx::array>&, std::vector<mx::array>&) override {
    throw UnsupportedError("[kernels] mlxaudio::Append runs on a CPU only");
  }
  void eval_cpu(
      const std::vector<mx::array>& inputs,
      std::vector<mx::array>& outputs) override {
    auto& encoder = mx::cpu::get_command_encoder(stream());
    const mx::array& room = inputs.front();
    mx::array& out = outputs.front();
    if (room.is_donatable() && room.flags().row_contiguous) {
      out.copy_shared_buffer(room);
    } else {
      const mx::array from = dense(room, encoder);
      out.set_data(mx::allocator::malloc(out.nbytes()));
      encoder.dispatch([from = from.data<float>(),
                        n = out.size(),
                        to = out.data<float>()] { std::copy_n(from, n, to); });
    }
    const std::size_t batch = size_of(out.shape(0)),
                      stride = size_of(out.shape(1)) * size_of(out.shape(2)),
                      size = count_ * size_of(out.shape(2));
    const auto put = [batch,
                      stride,
                      size,
                      to = out.data<float>() +
                           row_ * size_of(out.shape(2))](const float* rows) {
      for (std::size_t i = 0; i < batch; ++i) {
        std::copy_n(rows + i * size, size, to + i * stride);
      }
    };
    if (!product_) {
      const mx::array rows = dense(inputs[1], encoder);
      encoder.dispatch([put, rows = rows.data<float>()] { put(rows); });
      return;
    }
    const Product product =
        product_of(std::span(inputs).subspan(1), *product_, encoder);
    encoder.dispatch([put, product] {
      std::vector<float> scratch;
      Linear task = product.with_rows(scratch);
      std::vector<float> rows(task.rows * task.out);
      task.y = rows.data();
      matvec(task);
      put(rows.data());
    });
  }

 private:
  std::size_t row_, count_;
  std::optional<LinearParts> product_;
};

class NarrowPrimitive : public CpuPrimitive {
 public:
  explicit NarrowPrimitive(mx::Stream stream)
      : CpuPrimitive(stream, "mlxaudio::Narrow") {}

 private:
  void eval(
      const std::vector<mx::array>& inputs,
      mx::array& out,
      CommandEncoder& encoder) override {
    const auto x = dense(inputs[0], encoder);
    encoder.dispatch(
        [x = x.data<float>(), n = out.size(), y = out.data<mx::float16_t>()] {
          kernels::narrow(x, n, reinterpret_cast<std::uint16_t*>(y));
        });
  }
};

class GeluPrimitive : public CpuPrimitive {
 public:
  explicit GeluPrimitive(mx::Stream stream)
      : CpuPrimitive(stream, "mlxaudio::Gelu") {}

 private:
  void eval(
      const std::vector<mx::array>& inputs,
      mx::array& out,
      CommandEncoder& encoder) override {
    const auto x = dense(inputs[0], encoder);
    encoder.dispatch([x = x.data<float>(),
                      n = out.size(),
                      y = out.data<float>()] { kernels::gelu(x, n, y); });
  }
};

class SoftmaxPrimitive : public CpuPrimitive {
 public:
  explicit SoftmaxPrimitive(mx::Stream stream)
      : CpuPrimitive(stream, "mlxaudio::Softmax") {}

 private:
  void eval(
      const std::vector<mx::array>& inputs,
      mx::array& out,
      CommandEncoder& encoder) override {
    const auto x = dense(inputs[0], encoder);
    const std::size_t columns = size_of(out.shape(-1));
    encoder.dispatch(
        [x = x.data<float>(),
         rows = out.size() / columns,
         columns,
         y = out.data<float>()] { kernels::softmax(x, rows, columns, y); });
  }
};

class LayerNormPrimitive : public CpuPrimitive {
 public:
  LayerNormPrimitive(mx::Stream stream, float eps)
      : CpuPrimitive(stream, "mlxaudio::LayerNorm"), eps_(eps) {}

  float eps() const {
    return eps_;
  }

 private:
  void eval(
      const std::vector<mx::array>& inputs,
      mx::array& out,
      CommandEncoder& encoder) override {
    const auto x = dense(inputs[0], encoder);
    const std::size_t columns = size_of(out.shape(-1));
    encoder.dispatch([x = x.data<float>(),
                      rows = out.size() / columns,
                      columns,
                      weight = numbers_of(dense(inputs[1], encoder)),
                      bias = numbers_of(dense(inputs[2], encoder)),
                      eps = eps_,
                      y = out.data<float>()] {
      kernels::layer_norm(x, rows, columns, weight, bias, eps, y);
    });
  }

  float eps_;
};

/// What an array that is not computed yet is to be computed by, if it is an
/// operation of this kind: one that follows may then do its work too.
template <class Primitive>
const Primitive* pending(const mx::array& a) {
  return a.status() == mx::array::Status::unscheduled && a.has_primitive()
             ? dynamic_cast<const Primitive*>(&a.primitive())
             : nullptr;
}

/// The buffer whose first rows [B, T, C] an array is, or the array itself: a
/// view costs a node in each step.
mx::array buffer_of(const mx::array& a) {
  if (a.status() != mx::array::Status::unscheduled || !a.has_primitive() ||
      std::string_view(a.primitive().name()) != "Slice") {
    return a;
  }
  const auto [start, end, strides] =
      static_cast<const mx::Slice&>(a.primitive()).state();
  const mx::array& buffer = a.inputs().front();
  const bool is_first_rows = a.ndim() == 3 && start == mx::Shape{0, 0, 0} &&
                             strides == mx::Shape{1, 1, 1} &&
                             a.shape(0) == buffer.shape(0) &&
                             a.shape(2) == buffer.shape(2);
  return is_first_rows ? buffer : a;
}

/// \param inputs of the product
mx::array build_linear(
    const mx::array& x, std::vector<mx::array> inputs, LinearParts parts) {
  auto shape = x.shape();
  shape.back() = inputs[1].shape(0);
  const auto* const norm = pending<LayerNormPrimitive>(x);
  if (norm && x.size() <= kMatvecRows * size_of(x.shape(-1))) {
    // Of so few rows it costs less than a node of its own.
    parts.norm = norm->eps();
    const auto& normalized = x.inputs();
    inputs.front() = normalized[0];
    inputs.insert(inputs.end(), {normalized[1], normalized[2]});
  }
  return build<LinearPrimitive>(std::move(shape), std::move(inputs), parts);
}

/// Inputs of a product with affine weights.
std::vector<mx::array> with_affine(
    const mx::array& x, const AffineWeight& weight) {
  return {x, weight.values, weight.scales, weight.biases};
}

LinearParts parts_of(
    const AffineWeight& weight,
    const std::optional<mx::array>& bias,
    bool gelu,
    const std::optional<mx::array>& residual) {
  return {
      bias.has_value(),
      gelu,
      residual.has_value(),
      AffineLayout{weight.group_size, weight.bits}};
}

/// Weights rounded to 8 bits.
/// \param quantize_to writes values and scales
template <class Quantize>
PackedInt8 packed_int8(int out, int in, const Quantize& quantize_to) {
  const std::size_t groups = groups_of(size_of(in));
  auto values = mx::allocator::malloc(size_of(out) * groups * kGroup);
  auto scales = mx::allocator::malloc(size_of(out) * groups * sizeof(float));
  quantize_to(
      static_cast<std::int8_t*>(values.buffer().raw_ptr()),
      static_cast<float*>(scales.buffer().raw_ptr()));
  return {
      mx::array(
          std::move(values),
          {out, static_cast<int>(groups * kGroup)},
          mx::int8),
      mx::array(
          std::move(scales),
          {out, static_cast<int>(groups)},
          mx::float32)};
}

/// In row-major order. MLX's own `contiguous` copies what lies in a mapped
/// file.
mx::array evaluated(mx::array a) {
  a.eval();
  if (!a.flags().row_contiguous) {
    a = mx::contiguous(a);
    a.eval();
  }
  return a;
}

} // namespace

bool is_weight_type(mx::Dtype dtype) {
  return dtype == mx::float32 || dtype == mx::float16 || dtype == mx::bfloat16;
}

mx::array linear(
    const mx::array& x,
    const mx::array& weight,
    const std::optional<mx::array>& bias,
    bool gelu,
    const std::optional<mx::array>& residual) {
  const LinearParts parts{bias.has_value(), gelu, residual.has_value()};
  return build_linear(x, with({x, weight}, bias, residual), parts);
}

mx::array linear(
    const mx::array& x,
    const AffineWeight& weight,
    const std::optional<mx::array>& bias,
    bool gelu,
    const std::optional<mx::array>& residual) {
  return build_linear(
      x,
      with(with_affine(x, weight), bias, residual),
      parts_of(weight, bias, gelu, residual));
}

mx::array take_rows(const AffineWeight& weight, const mx::array& indices) {
  auto shape = indices.shape();
  shape.push_back(weight.scales.shape(1) * weight.group_size);
  return build<TakeAffinePrimitive>(
      std::move(shape),
      with_affine(indices, weight),
      AffineLayout{weight.group_size, weight.bits});
}

PackedInt12 pack_int12(const mx::array& weight) {
  const auto whole = evaluated(weight);
  const std::size_t out = size_of(weight.shape(0)),
                    in = size_of(weight.shape(1)),
                    depth = Int12Weights::depth_of(in),
                    groups = depth / Int12Weights::kGroup;
  const auto filled = [&](std::size_t columns, mx::Dtype dtype) {
    const mx::Shape shape{static_cast<int>(out), static_cast<int>(columns)};
    return mx::array(
        mx::allocator::malloc(out * columns * size_of(mx::size_of(dtype))),
        shape,
        dtype);
  };
  PackedInt12 packed{
      filled(depth, mx::int8),
      filled(depth / 2, mx::uint8),
      filled(groups, mx::float32),
      mx::array(
          mx::allocator::malloc(out * sizeof(float)),
          {weight.shape(0)},
          mx::float32)};
  quantize_int12(
      numbers_of(whole),
      out,
      in,
      {packed.high.data<std::int8_t>(),
       packed.low.data<std::uint8_t>(),
       packed.scales.data<float>(),
       packed.errors.data<float>()});
  return packed;
}

mx::array take_rows(
    const PackedInt12& weight, const mx::array& indices, int in) {
  auto shape = indices.shape();
  shape.push_back(in);
  return build<TakeInt12Primitive>(
      std::move(shape),
      {indices, weight.high, weight.low, weight.scales, weight.errors});
}

mx::array linear(
    const mx::array& x,
    const PackedInt12& weight,
    const std::optional<mx::array>& bias,
    bool gelu,
    const std::optional<mx::array>& residual) {
  LinearParts parts{bias.has_value(), gelu, residual.has_value()};
  parts.int12 = true;
  return build_linear(
      x,
      with(
          {x, weight.high, weight.low, weight.scales, weight.errors},
          bias,
          residual),
      parts);
}

mx::array scores(const mx::array& x, const PackedInt12& weight) {
  LinearParts parts;
  parts.int12 = parts.screened = true;
  return build_linear(
      x,
      {x, weight.high, weight.low, weight.scales, weight.errors},
      parts);
}

PackedInt8 pack_int8(const mx::array& weight) {
  const auto whole = evaluated(weight);
  const int out = weight.shape(0), in = weight.shape(1);
  return packed_int8(out, in, [&](std::int8_t* values, float* scales) {
    quantize(numbers_of(whole), size_of(out), size_of(in), values, scales);
  });
}

PackedInt8 pack_int8(const AffineWeight& weight) {
  const auto values = evaluated(weight.values),
             scales = evaluated(weight.scales),
             biases = evaluated(weight.biases);
  const auto affine =
      affine_of(values, scales, biases, {weight.group_size, weight.bits});
  const int out = values.shape(0), in = scales.shape(1) * weight.group_size;
  return packed_int8(out, in, [&](std::int8_t* to, float* to_scales) {
    quantize(affine, size_of(out), size_of(in), to, to_scales);
  });
}

mx::array linear_int8(
    const mx::array& x,
    const PackedInt8& weight,
    const std::optional<mx::array>& bias,
    bool gelu,
    const std::optional<mx::array>& residual) {
  auto shape = x.shape();
  shape.back() = weight.values.shape(0);
  return build<Int8LinearPrimitive>(
      std::move(shape),
      with({x, weight.values, weight.scales}, bias, residual),
      LinearParts{bias.has_value(), gelu, residual.has_value()});
}

mx::array linear_bf16(
    const mx::array& x,
    const mx::array& weight,
    const std::optional<mx::array>& bias,
    bool gelu,
    const std::optional<mx::array>& residual) {
  auto shape = x.shape();
  shape.back() = weight.shape(0);
  return build<Bf16LinearPrimitive>(
      std::move(shape),
      with({x, weight}, bias, residual),
      LinearParts{bias.has_value(), gelu, residual.has_value()});
}

mx::array linear_bf16(
    const mx::array& x,
    const AffineWeight& weight,
    const std::optional<mx::array>& bias,
    bool gelu,
    const std::optional<mx::array>& residual) {
  auto shape = x.shape();
  shape.back() = weight.values.shape(0);
  return build<Bf16LinearPrimitive>(
      std::move(shape),
      with(with_affine(x, weight), bias, residual),
      parts_of(weight, bias, gelu, residual));
}

mx::array conv1d(
    const mx::array& x,
    const mx::array& matrix,
    const std::optional<mx::array>& bias,
    int taps,
    int stride,
    int padding,
    bool gelu) {
  const int length = (x.shape(1) + 2 * padding - taps) / stride + 1;
  return build<Conv1dPrimitive>(
      {x.shape(0), length, matrix.shape(0)},
      with({x, matrix}, bias),
      bias.has_value(),
      taps,
      stride,
      padding,
      gelu);
}

mx::array attention(
    const mx::array& q,
    const mx::array& k,
    const mx::array& v,
    int heads,
    float scale,
    bool causal) {
  return build<AttentionPrimitive>(
      q.shape(),
      {q, buffer_of(k), buffer_of(v)},
      k.shape(1),
      heads,
      scale,
      causal);
}

mx::array append(const mx::array& room, int row, const mx::array& rows) {
  std::vector<mx::array> inputs{room};
  std::optional<LinearParts> parts;
  const auto* const product = pending<LinearPrimitive>(rows);
  if (product && !product->parts().gelu && !product->parts().residual &&
      rows.size() <= kMatvecRows * size_of(rows.shape(-1))) {
    parts = product->parts();
    inputs.insert(inputs.end(), rows.inputs().begin(), rows.inputs().end());
  } else {
    inputs.push_back(rows);
  }
  return build<AppendPrimitive>(
      room.shape(),
      std::move(inputs),
      row,
      rows.shape(1),
      parts);
}

mx::array narrow(const mx::array& x) {
  return build_of<NarrowPrimitive>(mx::float16, x.shape(), {x});
}

mx::array gelu(const mx::array& x) {
  return build<GeluPrimitive>(x.shape(), {x});
}

mx::array softmax(const mx::array& x) {
  return build<SoftmaxPrimitive>(x.shape(), {x});
}

mx::array layer_norm(
    const mx::array& x,
    const mx::array& weight,
    const mx::array& bias,
    float eps) {
  return build<LayerNormPrimitive>(x.shape(), {x, weight, bias}, eps);
}

} // namespace mlxaudio::kernels
