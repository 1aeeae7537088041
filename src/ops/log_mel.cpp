// SPDX-License-Identifier: MIT
#include "ops/log_mel.h"

#include <cstddef>
#include <memory>
#include <vector>

#include "kernels/info.h"
#include "kernels/log_mel.h"
#include "kernels/threads.h"
#include "mlx/allocator.h"
#include "mlx/backend/cpu/encoder.h"
#include "mlx/ops.h"
#include "mlx/primitives.h"
#include "ops/check.h"
#include "ops/stft.h"

namespace mlxaudio::ops {
namespace {

class LogMel : public mx::Primitive {
 public:
  LogMel(mx::Stream stream, int hop_length)
      : Primitive(stream), hop_length_(hop_length) {}

  void eval_cpu(
      const std::vector<mx::array>& inputs,
      std::vector<mx::array>& outputs) override {
    const mx::array& x = inputs[0];
    const mx::array& filters = inputs[1];
    mx::array& y = outputs[0];
    y.set_data(mx::allocator::malloc(y.nbytes()));
    auto& encoder = mx::cpu::get_command_encoder(stream());
    encoder.set_input_array(x);
    encoder.set_input_array(filters);
    encoder.set_output_array(y);
    encoder.dispatch([x_data = x.data<float>(),
                      filter_data = filters.data<float>(),
                      n_mels = static_cast<std::size_t>(filters.shape(0)),
                      n_frames = static_cast<std::size_t>(y.shape(0)),
                      hop = static_cast<std::size_t>(hop_length_),
                      y_data = y.data<float>()] {
      const kernels::MelBank bank(filter_data, n_mels);
      kernels::log_mel(
          {.x = x_data,
           .hop = hop,
           .n_frames = n_frames,
           .bank = &bank,
           .y = y_data});
    });
  }

  void eval_gpu(
      const std::vector<mx::array>& /*inputs*/,
      std::vector<mx::array>& /*outputs*/) override {
    throw UnsupportedError("[ops.log10_mel] the kernel runs on CPUs only");
  }

  const char* name() const override {
    return "LogMel";
  }

  bool is_equivalent(const Primitive& other) const override {
    return hop_length_ == static_cast<const LogMel&>(other).hop_length_;
  }

 private:
  int hop_length_;
};

} // namespace

mx::array log10_mel(
    const mx::array& x, const mx::array& filters, int n_fft, int hop_length) {
  expect(
      filters.ndim() == 2 && filters.shape(1) == n_fft / 2 + 1,
      "ops.log10_mel",
      fmt::format("filters [n_mels, {}]", n_fft / 2 + 1),
      filters.shape());
  expect(
      x.ndim() == 1 && x.shape(0) >= n_fft && hop_length > 0,
      "ops.log10_mel",
      fmt::format("samples [N], N at least {}", n_fft),
      x.shape());
  const bool fits = n_fft == static_cast<int>(kernels::kLogMelFft) &&
                    x.dtype() == mx::float32 && filters.dtype() == mx::float32;
  if (kernels::choose(kernels::Op::log_mel, fits)) {
    const int n_frames = 1 + (x.shape(0) - n_fft) / hop_length;
    return mx::array(
        {n_frames, filters.shape(0)},
        mx::float32,
        std::make_shared<LogMel>(
            mx::default_stream(mx::Device::cpu),
            hop_length),
        {mx::contiguous(x), mx::contiguous(filters)});
  }
  const mx::array freqs =
      stft(x, hanning(n_fft, true), n_fft, hop_length, false);
  const mx::array magnitudes = mx::square(mx::abs(freqs));
  // AUDIT(weight-turned-per-call): a view, once for a file
  const mx::array mel_spec = mx::matmul(magnitudes, mx::transpose(filters));
  // AUDIT(f32-scalar): spectrograms are f32 on every device
  return mx::log10(mx::maximum(mel_spec, mx::array(1e-10F)));
}

} // namespace mlxaudio::ops
