// SPDX-License-Identifier: MIT
#include "portproof/compare.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include <fmt/format.h>

#include "core/half.h"
#include "core/sha256.h"
#include "mlxaudio/error.h"
#include "portproof/text.h"

namespace portproof {
namespace {

using mlxaudio::DType;
using mlxaudio::Json;
using mlxaudio::Tensor;

template <class T, class Widen>
std::vector<double> widened(const Tensor& t, Widen widen) {
  std::vector<double> out(t.bytes.size() / sizeof(T));
  for (std::size_t i = 0; i < out.size(); ++i) {
    T value;
    std::memcpy(&value, t.bytes.data() + i * sizeof(T), sizeof(T));
    out[i] = widen(value);
  }
  return out;
}

template <class T>
std::vector<double> cast(const Tensor& t) {
  return widened<T>(t, [](T v) { return static_cast<double>(v); });
}

bool is_only(const Json& value, const char* key) {
  return value.is_object() && value.size() == 1 && value.contains(key);
}

/// Adds up the distance between two series of numbers.
class Meter {
 public:
  /// False: the values may not differ so (a NaN, another infinity).
  bool add(double expected, double got) {
    if (std::isnan(expected) || std::isnan(got)) {
      return false;
    }
    if (std::isinf(expected) || std::isinf(got)) {
      return expected == got;
    }
    const double d = got - expected;
    max_abs_ = std::max(max_abs_, std::abs(d));
    difference_ += d * d;
    expected_ += expected * expected;
    got_ += got * got;
    return true;
  }

  Distance distance() const {
    Distance d;
    d.max_abs = max_abs_;
    // Against a reference of zeros any difference is infinitely large.
    d.rel_l2 = difference_ == 0 ? 0 : std::sqrt(difference_ / expected_);
    d.norm_ratio =
        expected_ == got_ ? 0 : std::abs(std::sqrt(got_ / expected_) - 1);
    return d;
  }

 private:
  double max_abs_ = 0, difference_ = 0, expected_ = 0, got_ = 0;
};

class Comparer {
 public:
  Comparer(
      const Arrays& expected_arrays,
      const Arrays& got_arrays,
      const Tolerance& tolerance,
      Comparison& into)
      : expected_arrays_(expected_arrays),
        got_arrays_(got_arrays),
        tolerance_(tolerance),
        into_(into) {}

  void value(const Json& expected, const Json& got, const std::string& where) {
    if (is_only(expected, "$array")) {
      array(expected, got, where);
    } else if (is_only(expected, "$digest")) {
      digest(expected.at("$digest"), got, where);
    } else if (is_only(expected, "$near")) {
      near(expected.at("$near"), got, where);
    } else if (is_only(expected, "$raises")) {
      ++into_.values;
      if (!is_only(got, "$raises")) {
        fail(
            where,
            fmt::format(
                "the reference raises {}, the port gives {}",
                expected.at("$raises").dump(),
                brief(got)));
      }
    } else if (is_only(got, "$raises")) {
      fail(
          where,
          fmt::format(
              "the port raises {}, the reference gives {}",
              got.at("$raises").dump(),
              brief(expected)));
    } else if (expected.is_object() && got.is_object()) {
      object(expected, got, where);
    } else if (expected.is_array() && got.is_array()) {
      list(expected, got, where);
    } else {
      ++into_.values;
      if (!equal(expected, got)) {
        fail(
            where,
            fmt::format("expected {}, got {}", brief(expected), brief(got)));
      }
    }
  }

 private:
  static std::string brief(const Json& value) {
    std::string text = value.dump();
    if (text.size() > 80) {
      text = text.substr(0, 77) + "...";
    }
    return text;
  }

  static bool equal(const Json& expected, const Json& got) {
    // 1 and 1.0 are the same number in a report; 1 and true are not.
    if (expected.is_number() && got.is_number()) {
      return expected.get<double>() == got.get<double>();
    }
    return expected.type() == got.type() && expected == got;
  }

  void fail(const std::string& where, const std::string& what) {
    into_.failures.push_back(where + ": " + what);
  }

  void object(const Json& expected, const Json& got, const std::string& where) {
    for (const auto& [key, inner] : expected.items()) {
      if (!got.contains(key)) {
        fail(where, fmt::format("`{}` is missing", key));
      } else {
        value(inner, got.at(key), where + "." + key);
      }
    }
    for (const auto& [key, inner] : got.items()) {
      if (!expected.contains(key)) {
        fail(where, fmt::format("`{}` is not in the reference's result", key));
      }
    }
  }

  void list(const Json& expected, const Json& got, const std::string& where) {
    const bool flat =
        std::none_of(expected.begin(), expected.end(), [](const Json& v) {
          return v.is_structured();
        });
    if (expected.size() != got.size()) {
      fail(
          where,
          fmt::format(
              "expected {} entries, got {}: {} for {}",
              expected.size(),
              got.size(),
              brief(got),
              brief(expected)));
      return;
    }
    if (flat) {
      // A list of plain values is one value; say where it first differs.
      ++into_.values;
      for (std::size_t i = 0; i < expected.size(); ++i) {
        if (!equal(expected[i], got[i])) {
          fail(
              fmt::format("{}[{}]", where, i),
              fmt::format(
                  "expected {}, got {}",
                  brief(expected[i]),
                  brief(got[i])));
          return;
        }
      }
      return;
    }
    for (std::size_t i = 0; i < expected.size(); ++i) {
      value(expected[i], got[i], fmt::format("{}[{}]", where, i));
    }
  }

  const Tensor* got_array(const Json& got, const std::string& where) {
    if (!is_only(got, "$array")) {
      fail(where, fmt::format("expected an array, got {}", brief(got)));
      return nullptr;
    }
    const auto it = got_arrays_.find(got.at("$array").get<std::string>());
    if (it == got_arrays_.end()) {
      fail(where, "the probe names an array that it did not write");
      return nullptr;
    }
    return &it->second;
  }

  bool same_form(
      DType dtype,
      const std::vector<std::int64_t>& shape,
      const Tensor& got,
      const std::string& where) {
    if (got.shape != shape) {
      fail(
          where,
          fmt::format(
              "expected shape {}, got {}",
              mlxaudio::to_string(shape),
              mlxaudio::to_string(got.shape)));
      return false;
    }
    if (got.dtype != dtype) {
      fail(
          where,
          fmt::format(
              "expected type {}, got {}",
              name_of(dtype),
              name_of(got.dtype)));
      return false;
    }
    return true;
  }

  void judge(const Distance& d, const std::string& where) {
    into_.worst.widen(d);
    const bool within = d.max_abs <= tolerance_.max_abs &&
                        d.rel_l2 <= tolerance_.rel_l2 &&
                        d.norm_ratio <= tolerance_.norm_ratio;
    if (!within) {
      fail(
          where,
          fmt::format(
              "max abs {} (may be {}), relative L2 {} (may be {}), norm ratio "
              "off by {} (may be {})",
              figure(d.max_abs),
              figure(tolerance_.max_abs),
              figure(d.rel_l2),
              figure(tolerance_.rel_l2),
              figure(d.norm_ratio),
              figure(tolerance_.norm_ratio)));
    }
  }

  void array(const Json& expected, const Json& got, const std::string& where) {
    ++into_.arrays;
    const Tensor& want =
        expected_arrays_.at(expected.at("$array").get<std::string>());
    const Tensor* have = got_array(got, where);
    if (have == nullptr || !same_form(want.dtype, want.shape, *have, where)) {
      return;
    }
    const std::vector<double> a = to_doubles(want);
    const std::vector<double> b = to_doubles(*have);
    const auto is_nan = [](double x) { return std::isnan(x); };
    if (const auto n = std::count_if(a.begin(), a.end(), is_nan); n > 0) {
      fail(
          where,
          fmt::format(
              "the reference itself gave {} NaN: this call proves nothing",
              n));
      return;
    }
    if (const auto n = std::count_if(b.begin(), b.end(), is_nan); n > 0) {
      fail(where, fmt::format("{} of {} elements are NaN", n, b.size()));
      return;
    }
    Meter meter;
    for (std::size_t i = 0; i < a.size(); ++i) {
      if (!meter.add(a[i], b[i])) {
        fail(
            where,
            fmt::format("element {}: expected {}, got {}", i, a[i], b[i]));
        return;
      }
    }
    judge(meter.distance(), where);
  }

  /// A large array of which the reference's samples and moments were kept.
  void digest(const Json& d, const Json& got, const std::string& where) {
    ++into_.arrays;
    const Tensor* have = got_array(got, where);
    if (have == nullptr) {
      return;
    }
    if (name_of(have->dtype) != d.at("dtype").get<std::string>()) {
      fail(
          where,
          fmt::format(
              "expected type {}, got {}",
              d.at("dtype").get<std::string>(),
              name_of(have->dtype)));
      return;
    }
    if (!same_form(
            have->dtype,
            d.at("shape").get<std::vector<std::int64_t>>(),
            *have,
            where)) {
      return;
    }
    if (mlxaudio::sha256(have->bytes) == d.at("sha256").get<std::string>()) {
      return;
    }
    const std::vector<double> b = to_doubles(*have);
    const auto infinite = static_cast<std::int64_t>(
        std::count_if(b.begin(), b.end(), [](double x) {
          return std::isinf(x);
        }));
    if (infinite != d.at("infinite").get<std::int64_t>()) {
      fail(
          where,
          fmt::format(
              "expected {} infinite elements, got {}",
              d.at("infinite").get<std::int64_t>(),
              infinite));
      return;
    }
    Meter meter;
    for (const Json& sample : d.at("samples")) {
      const std::size_t i = sample.at(0);
      const double want =
          sample.at(1).is_null() ? -HUGE_VAL : sample.at(1).get<double>();
      if (!meter.add(want, b.at(i))) {
        fail(
            where,
            fmt::format("element {}: expected {}, got {}", i, want, b[i]));
        return;
      }
    }
    Distance distance = meter.distance();
    double squares = 0;
    for (const double x : b) {
      squares += std::isfinite(x) ? x * x : 0;
      if (std::isnan(x)) {
        fail(where, "there are NaN");
        return;
      }
    }
    const double norm = d.at("norm");
    distance.norm_ratio = std::max(
        distance.norm_ratio,
        norm == 0 ? std::sqrt(squares)
                  : std::abs(std::sqrt(squares) / norm - 1));
    // Equal samples of unequal bytes still differ somewhere.
    distance.max_abs = std::max(distance.max_abs, 1e-300);
    judge(distance, where);
  }

  void near(const Json& expected, const Json& got, const std::string& where) {
    ++into_.values;
    if (!got.is_number() || !expected.is_number()) {
      if (expected != got) {
        fail(
            where,
            fmt::format("expected {}, got {}", brief(expected), brief(got)));
      }
      return;
    }
    Meter meter;
    meter.add(expected.get<double>(), got.get<double>());
    Distance d = meter.distance();
    // Of one number the two ratios say the same as the difference itself;
    // near zero they say nothing.
    if (d.max_abs <= tolerance_.max_abs) {
      d.rel_l2 = std::min(d.rel_l2, tolerance_.rel_l2);
      d.norm_ratio = std::min(d.norm_ratio, tolerance_.norm_ratio);
    }
    judge(d, where);
  }

  const Arrays& expected_arrays_;
  const Arrays& got_arrays_;
  const Tolerance& tolerance_;
  Comparison& into_;
};

} // namespace

void Distance::widen(const Distance& other) {
  max_abs = std::max(max_abs, other.max_abs);
  rel_l2 = std::max(rel_l2, other.rel_l2);
  norm_ratio = std::max(norm_ratio, other.norm_ratio);
}

std::vector<double> to_doubles(const Tensor& t) {
  switch (t.dtype) {
    case DType::boolean:
    case DType::u8:
      return cast<std::uint8_t>(t);
    case DType::i8:
      return cast<std::int8_t>(t);
    case DType::i16:
      return cast<std::int16_t>(t);
    case DType::u16:
      return cast<std::uint16_t>(t);
    case DType::i32:
      return cast<std::int32_t>(t);
    case DType::u32:
      return cast<std::uint32_t>(t);
    case DType::i64:
      return cast<std::int64_t>(t);
    case DType::f32:
      return cast<float>(t);
    case DType::f64:
      return cast<double>(t);
    case DType::f16:
      return widened<std::uint16_t>(t, [](std::uint16_t v) {
        return static_cast<double>(mlxaudio::from_f16(v));
      });
    case DType::bf16:
      return widened<std::uint16_t>(t, [](std::uint16_t v) {
        return static_cast<double>(mlxaudio::from_bf16(v));
      });
    default:
      throw mlxaudio::ConfigError(
          fmt::format("[portproof] cannot compare {}", name_of(t.dtype)));
  }
}

void compare(
    const Json& expected,
    const Arrays& expected_arrays,
    const Json& got,
    const Arrays& got_arrays,
    const Tolerance& tolerance,
    const std::string& where,
    Comparison& into) {
  Comparer(expected_arrays, got_arrays, tolerance, into)
      .value(expected, got, where);
}

} // namespace portproof
