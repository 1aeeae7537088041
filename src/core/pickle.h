// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <span>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "core/tensor.h"

namespace mlxaudio::pickle {

struct Value;
using Items = std::vector<Value*>;

struct None {};
struct Mark {};
/// A name that the pickle imports; only those on the list ever become one.
struct Global {
  std::string name; ///< "collections.OrderedDict"
};
struct Bytes {
  std::string data;
};
struct List {
  Items items;
};
struct Tuple {
  Items items;
};
struct Dict {
  std::vector<std::pair<Value*, Value*>> items;
};
/// A block of numbers in another entry of the archive.
struct Storage {
  DType dtype = DType::f32;
  std::string key;
  std::int64_t count = 0; ///< elements
};
/// A view of a storage; in elements.
struct TensorView {
  Storage storage;
  std::int64_t offset = 0;
  std::vector<std::int64_t> sizes;
  std::vector<std::int64_t> strides;
};

/// One object of a pickle. Values refer to each other by pointers into the
/// Pickle that owns them all: a pickle may hold cycles.
struct Value {
  std::variant<
      None,
      Mark,
      bool,
      std::int64_t,
      double,
      std::string,
      Bytes,
      Global,
      List,
      Tuple,
      Dict,
      Storage,
      TensorView>
      is;

  template <typename T>
  const T* as() const {
    return std::get_if<T>(&is);
  }
  template <typename T>
  T* as() {
    return std::get_if<T>(&is);
  }
};

/// Reads a pickle of data and PyTorch tensors, protocols 0 to 5.
///
/// Nothing is ever called: the few callables that stand for data are known by
/// name, and any other is refused with its name. Costs are linear in the
/// number of bytes.
class Pickle {
 public:
  /// \param refuse called with the reason why the bytes are refused; throws
  Pickle(
      std::span<const std::byte> bytes,
      const std::function<void(const std::string&)>& refuse);

  const Value& root() const {
    return *root_;
  }

 private:
  friend class Machine;
  std::deque<Value> values_;
  Value* root_ = nullptr;
};

} // namespace mlxaudio::pickle
