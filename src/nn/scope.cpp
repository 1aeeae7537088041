// SPDX-License-Identifier: MIT
#include "nn/scope.h"

#include "nn/tape.h"

namespace mlxaudio {

Scope::Scope(std::shared_ptr<Weights> weights, std::string path)
    : weights_(std::move(weights)), path_(std::move(path)) {}

Scope::Scope(Weights weights)
    : Scope(std::make_shared<Weights>(std::move(weights))) {}

std::string Scope::below(std::string_view name) const {
  return path_.empty() ? std::string(name) : path_ + "." + std::string(name);
}

Scope Scope::operator/(std::string_view name) const {
  return Scope(weights_, below(name));
}

Scope Scope::operator/(int index) const {
  return *this / std::to_string(index);
}

mx::array Scope::param(std::string_view name, const mx::Shape& shape) const {
  return weights_->take(below(name), shape);
}

mx::array Scope::param(
    std::string_view name, const mx::Shape& shape, mx::Dtype dtype) const {
  return weights_->take(below(name), shape, dtype);
}

Maybe Scope::optional_param(
    std::string_view name, const mx::Shape& shape) const {
  return weights_->take_optional(below(name), shape);
}

bool Scope::has(std::string_view name) const {
  return weights_->has(below(name));
}

void Scope::forget(std::string_view name) const {
  weights_->forget(below(name));
}

Compute Scope::compute() const {
  return weights_->compute_of(path_);
}

LayerForm Scope::form() const {
  return weights_->form_of(path_);
}

Quantization::Packing Scope::packing() const {
  return weights_->packing_of(path_);
}

mx::array Scope::tap(const mx::array& y) const {
  Tape* tape = Tape::active();
  return tape ? tape->record(path_, y) : y;
}

mx::array Scope::tap(std::string_view name, const mx::array& y) const {
  Tape* tape = Tape::active();
  return tape ? tape->record(below(name), y) : y;
}

} // namespace mlxaudio
