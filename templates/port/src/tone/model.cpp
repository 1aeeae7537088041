// SPDX-License-Identifier: MIT
#include "tone/model.h"

#include <mlx/ops.h>
#include <mlx/transforms.h>

#include "mlxaudio/nn/ops/gelu.h"
#include "mlxaudio/nn/ops/softmax.h"

namespace tone {

mx::array gelu(const mx::array& x) {
  return mlxaudio::ops::gelu(x);
}

mx::array softmax(const mx::array& x) {
  return mlxaudio::ops::softmax(x);
}

mx::array Block::operator()(const mx::array& x) const {
  return at.tap(mx::add(x, norm(conv.gelu(x))));
}

mx::array Tone::operator()(const mx::array& x) const {
  mx::array y = inner(x);
  for (const Block& block : blocks) {
    y = block(y);
  }
  return tone::softmax(head(mx::mean(y, 1)));
}

std::vector<std::string> Tone::label(const mx::array& x) const {
  mx::array best = mx::astype(mx::argmax((*this)(x), -1), mx::int32);
  mx::eval(best);
  std::vector<std::string> labels;
  for (int i = 0; i < best.shape(0); ++i) {
    labels.emplace_back(kLabels.at(best.data<int>()[i]));
  }
  return labels;
}

} // namespace tone
