// SPDX-License-Identifier: MIT
#include "kernels/log_mel.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>

#include "kernels/parallel.h"

namespace mlxaudio::kernels {
namespace {

// The frames of a group are transformed side by side, one in each lane of the
// innermost loops, which compilers turn into vector instructions of whatever
// width there is. Lanes never mix, so a frame's bits do not depend on the
// group.
constexpr std::size_t kLanes = 4;
using Lanes = std::array<double, kLanes>;

// A real transform of 400 is a complex one of 200 and a pass that parts the
// even from the odd samples.
constexpr std::size_t kHalf = kLogMelFft / 2;

struct Complex {
  Lanes re;
  Lanes im;
};
using Signal = std::array<Complex, kHalf>;

struct Root {
  double re;
  double im;
};

/// exp(-2 pi i k / n)
Root root(std::size_t k, std::size_t n) {
  const double angle =
      2 * std::numbers::pi * static_cast<double>(k) / static_cast<double>(n);
  return {std::cos(angle), -std::sin(angle)};
}

struct Tables {
  std::array<double, kLogMelFft> window;
  std::array<Root, kHalf> roots;       ///< of order 200
  std::array<Root, kLogMelBins> split; ///< of order 400
};

const Tables& tables() {
  static const Tables made = [] {
    Tables t{};
    for (std::size_t i = 0; i < kLogMelFft; ++i) {
      t.window[i] = 0.5 - 0.5 * root(i, kLogMelFft).re;
    }
    for (std::size_t k = 0; k < kHalf; ++k) {
      t.roots[k] = root(k, kHalf);
    }
    for (std::size_t k = 0; k < kLogMelBins; ++k) {
      t.split[k] = root(k, kLogMelFft);
    }
    return t;
  }();
  return made;
}

inline Complex add(const Complex& a, const Complex& b) {
  Complex out;
  for (std::size_t l = 0; l < kLanes; ++l) {
    out.re[l] = a.re[l] + b.re[l];
    out.im[l] = a.im[l] + b.im[l];
  }
  return out;
}

inline Complex subtract(const Complex& a, const Complex& b) {
  Complex out;
  for (std::size_t l = 0; l < kLanes; ++l) {
    out.re[l] = a.re[l] - b.re[l];
    out.im[l] = a.im[l] - b.im[l];
  }
  return out;
}

inline Complex multiply(const Complex& a, const Root& w) {
  Complex out;
  for (std::size_t l = 0; l < kLanes; ++l) {
    out.re[l] = a.re[l] * w.re - a.im[l] * w.im;
    out.im[l] = a.re[l] * w.im + a.im[l] * w.re;
  }
  return out;
}

/// a + s b
inline Complex add_scaled(const Complex& a, double s, const Complex& b) {
  Complex out;
  for (std::size_t l = 0; l < kLanes; ++l) {
    out.re[l] = a.re[l] + s * b.re[l];
    out.im[l] = a.im[l] + s * b.im[l];
  }
  return out;
}

/// s a + t b
inline Complex blend(double s, const Complex& a, double t, const Complex& b) {
  Complex out;
  for (std::size_t l = 0; l < kLanes; ++l) {
    out.re[l] = s * a.re[l] + t * b.re[l];
    out.im[l] = s * a.im[l] + t * b.im[l];
  }
  return out;
}

/// a - i b
inline Complex minus_i(const Complex& a, const Complex& b) {
  Complex out;
  for (std::size_t l = 0; l < kLanes; ++l) {
    out.re[l] = a.re[l] + b.im[l];
    out.im[l] = a.im[l] - b.re[l];
  }
  return out;
}

/// a + i b
inline Complex plus_i(const Complex& a, const Complex& b) {
  Complex out;
  for (std::size_t l = 0; l < kLanes; ++l) {
    out.re[l] = a.re[l] - b.im[l];
    out.im[l] = a.im[l] + b.re[l];
  }
  return out;
}

template <std::size_t kRadix>
std::array<Complex, kRadix> dft(const std::array<Complex, kRadix>& a) {
  if constexpr (kRadix == 2) {
    return {add(a[0], a[1]), subtract(a[0], a[1])};
  } else if constexpr (kRadix == 4) {
    const Complex s02 = add(a[0], a[2]);
    const Complex d02 = subtract(a[0], a[2]);
    const Complex s13 = add(a[1], a[3]);
    const Complex d13 = subtract(a[1], a[3]);
    return {
        add(s02, s13),
        minus_i(d02, d13),
        subtract(s02, s13),
        plus_i(d02, d13)};
  } else {
    static_assert(kRadix == 5);
    // cos and sin of 72 and 144 degrees
    constexpr double kC1 = 0.30901699437494742410;
    constexpr double kC2 = -0.80901699437494742410;
    constexpr double kS1 = 0.95105651629515357212;
    constexpr double kS2 = 0.58778525229247312917;
    const Complex s14 = add(a[1], a[4]);
    const Complex d14 = subtract(a[1], a[4]);
    const Complex s23 = add(a[2], a[3]);
    const Complex d23 = subtract(a[2], a[3]);
    const Complex even1 = add_scaled(add_scaled(a[0], kC1, s14), kC2, s23);
    const Complex even2 = add_scaled(add_scaled(a[0], kC2, s14), kC1, s23);
    const Complex odd1 = blend(kS1, d14, kS2, d23);
    const Complex odd2 = blend(kS2, d14, -kS1, d23);
    return {
        add(a[0], add(s14, s23)),
        minus_i(even1, odd1),
        minus_i(even2, odd2),
        plus_i(even2, odd2),
        plus_i(even1, odd1)};
  }
}

/// One stage of Stockham's transform: takes `length / kRadix` transforms apart
/// into shorter ones and puts them where the next stage looks.
template <std::size_t kRadix>
void stage(
    std::size_t length, std::size_t stride, const Signal& in, Signal& out) {
  const std::size_t part = length / kRadix;
  const auto& roots = tables().roots;
  for (std::size_t p = 0; p < part; ++p) {
    for (std::size_t q = 0; q < stride; ++q) {
      std::array<Complex, kRadix> a;
      for (std::size_t k = 0; k < kRadix; ++k) {
        a[k] = in[q + stride * (p + part * k)];
      }
      const auto b = dft<kRadix>(a);
      out[q + stride * kRadix * p] = b[0];
      for (std::size_t j = 1; j < kRadix; ++j) {
        // p * j / length of a turn; length * stride is 200.
        out[q + stride * (kRadix * p + j)] =
            multiply(b[j], roots[p * j * stride]);
      }
    }
  }
}

/// Transform of 200 = 5 * 5 * 4 * 2. The result is in `a`.
void transform(Signal& a, Signal& b) {
  stage<5>(200, 1, a, b);
  stage<5>(40, 5, b, a);
  stage<4>(8, 25, a, b);
  stage<2>(2, 100, b, a);
}

/// |X[k]|^2 of the real signal whose even and odd samples were transformed as
/// one complex signal.
void powers(const Signal& z, std::array<Lanes, kLogMelBins>& out) {
  const auto& split = tables().split;
  for (std::size_t k = 0; k < kLogMelBins; ++k) {
    const Complex& a = z[k % kHalf];
    const Complex& b = z[(kHalf - k) % kHalf];
    const Root w = split[k];
    for (std::size_t l = 0; l < kLanes; ++l) {
      const double even_re = 0.5 * (a.re[l] + b.re[l]);
      const double even_im = 0.5 * (a.im[l] - b.im[l]);
      const double odd_re = 0.5 * (a.im[l] + b.im[l]);
      const double odd_im = 0.5 * (b.re[l] - a.re[l]);
      const double re = even_re + (w.re * odd_re - w.im * odd_im);
      const double im = even_im + (w.re * odd_im + w.im * odd_re);
      out[k][l] = re * re + im * im;
    }
  }
}

constexpr double kFloor = 1e-10;

void log_mel_of(
    const Lanes* power, const MelBank::Filter& filter, Lanes& energy) {
  energy = {};
  for (std::size_t i = 0; i < filter.weights.size(); ++i) {
    for (std::size_t l = 0; l < kLanes; ++l) {
      energy[l] += filter.weights[i] * power[filter.begin + i][l];
    }
  }
}

/// Frames [first, first + n) of the task, n <= kLanes.
void group(const LogMel& task, std::size_t first, std::size_t n) {
  const std::size_t n_mels = task.bank->n_mels();
  const float* const x = task.x + first * task.hop;
  float* const y = task.y + first * n_mels;
  const std::size_t span = (n - 1) * task.hop + kLogMelFft;
  // Half a minute of silence follows every recording.
  if (std::all_of(x, x + span, [](float v) { return v == 0; })) {
    std::fill(y, y + n * n_mels, static_cast<float>(std::log10(kFloor)));
    return;
  }
  const auto& window = tables().window;
  Signal a;
  Signal b;
  for (std::size_t i = 0; i < kHalf; ++i) {
    for (std::size_t l = 0; l < kLanes; ++l) {
      // Lanes without a frame repeat the last one.
      const float* const frame = x + std::min(l, n - 1) * task.hop;
      a[i].re[l] = static_cast<double>(frame[2 * i]) * window[2 * i];
      a[i].im[l] = static_cast<double>(frame[2 * i + 1]) * window[2 * i + 1];
    }
  }
  transform(a, b);
  std::array<Lanes, kLogMelBins> power;
  powers(a, power);
  for (std::size_t m = 0; m < n_mels; ++m) {
    Lanes energy;
    log_mel_of(power.data(), task.bank->filters()[m], energy);
    for (std::size_t l = 0; l < n; ++l) {
      y[l * n_mels + m] =
          static_cast<float>(std::log10(std::max(energy[l], kFloor)));
    }
  }
}

} // namespace

MelBank::MelBank(const float* filters, std::size_t n_mels) {
  const auto not_zero = [](float weight) { return weight != 0; };
  filters_.resize(n_mels);
  for (std::size_t m = 0; m < n_mels; ++m) {
    const float* const row = filters + m * kLogMelBins;
    const float* const end = row + kLogMelBins;
    const float* const first = std::find_if(row, end, not_zero);
    const float* last = end;
    while (last > first && last[-1] == 0) {
      --last;
    }
    filters_[m].begin = static_cast<std::size_t>(first - row);
    filters_[m].weights.assign(first, last);
  }
}

void log_mel(const LogMel& task) {
  constexpr std::size_t kGroupsTogether = 8;
  constexpr std::size_t kTogether = kGroupsTogether * kLanes;
  const std::size_t n_tasks = (task.n_frames + kTogether - 1) / kTogether;
  parallel_for(n_tasks, n_tasks > 1, [&](std::size_t i) {
    const std::size_t end = std::min((i + 1) * kTogether, task.n_frames);
    for (std::size_t f = i * kTogether; f < end; f += kLanes) {
      group(task, f, std::min(kLanes, end - f));
    }
  });
}

} // namespace mlxaudio::kernels
