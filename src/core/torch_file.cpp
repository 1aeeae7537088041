// SPDX-License-Identifier: MIT
#include "core/torch_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <optional>
#include <string>
#include <utility>

#include "core/byte_reader.h"
#include "core/pickle.h"
#include "core/utf8.h"
#include "core/zip.h"
#include "mlxaudio/error.h"

namespace mlxaudio {

namespace {

namespace fs = std::filesystem;

/// An object takes about 100 bytes, an instruction as little as one.
constexpr std::uint64_t kPickleLimit = 4 << 20;
constexpr int kMetadataDepth = 32;
constexpr int kMetadataValues = 100'000;

/// How a file of torch.save begins since before 1.6: a pickle of this number.
constexpr std::string_view kLegacy(
    "\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19", 14);

class TorchFile {
 public:
  explicit TorchFile(const fs::path& path)
      : path_(path), file_(open(path)), zip_(file_) {
    // The archive's one folder may have any name.
    for (const auto& [name, entry] : zip_.entries()) {
      if (!name.ends_with("/data.pkl"))
        continue;
      if (!prefix_.empty())
        refuse("two data.pkl");
      prefix_ = name.substr(0, name.size() - std::strlen("data.pkl"));
      if (entry.size > kPickleLimit)
        refuse(fmt::format("data.pkl takes {} bytes", entry.size));
    }
    if (prefix_.empty())
      refuse("no data.pkl: a zip archive, but not of PyTorch");
    if (zip_.entries().contains(prefix_ + "byteorder")) {
      const auto order = zip_.read(prefix_ + "byteorder");
      if (order.bytes.size() != 6 ||
          std::memcmp(order.bytes.data(), "little", 6) != 0)
        refuse("saved on a big-endian machine");
    }
    copy_budget_ = 2 * file_->bytes().size();
  }

  Checkpoint read() {
    const auto bytes = zip_.read(prefix_ + "data.pkl");
    const pickle::Pickle pickle(bytes.bytes, [this](const std::string& why) {
      refuse(why);
    });
    const auto* root = pickle.root().as<pickle::Dict>();
    if (root == nullptr)
      refuse("not a checkpoint: the file does not hold a dict");
    Checkpoint out{path_, {}, Json::object()};
    bool nested = false;
    for (const auto& [key, value] : root->items) {
      const std::string name = string(*key);
      if (name == "model_state_dict") {
        const auto* state = value->as<pickle::Dict>();
        if (state == nullptr || std::exchange(nested, true))
          refuse("model_state_dict is not one dict");
        for (const auto& [tensor_key, tensor] : state->items) {
          const std::string tensor_name = string(*tensor_key);
          const auto* view = tensor->as<pickle::TensorView>();
          if (view == nullptr)
            refuse(fmt::format("{} is not a tensor", tensor_name));
          add(out, tensor_name, *view);
        }
      }
    }
    for (const auto& [key, value] : root->items) {
      const std::string name = string(*key);
      const auto* view = value->as<pickle::TensorView>();
      if (view != nullptr && !nested)
        add(out, name, *view);
      else if (name != "model_state_dict")
        out.metadata[name] = json(*value, 0);
    }
    return out;
  }

 private:
  static std::shared_ptr<const MappedFile> open(const fs::path& path) {
    auto file = MappedFile::open(path);
    const auto bytes = file->bytes();
    if (bytes.size() >= kLegacy.size() &&
        std::memcmp(bytes.data(), kLegacy.data(), kLegacy.size()) == 0)
      throw WeightError(fmt::format(
          "[core.torch] {}: in the format of PyTorch before 1.6: load it there "
          "with weights_only=True and torch.save() it again",
          path.string()));
    if (!is_zip(bytes))
      throw WeightError(fmt::format(
          "[core.torch] {}: not a PyTorch checkpoint (no zip archive): get the "
          "file again, or name another",
          path.string()));
    return file;
  }

  [[noreturn]] void refuse(
      const std::string& why,
      const char* mend = "get the checkpoint from its publisher again") const {
    throw WeightError(fmt::format(
        "[core.torch] {}: {}: {}",
        path_.string(),
        printable(why),
        mend));
  }

  std::string string(const pickle::Value& value) const {
    const auto* text = value.as<std::string>();
    if (text == nullptr)
      refuse("a dict's key is not a string");
    return *text;
  }

  /// The contents of a storage, read once.
  const ZipReader::Bytes& storage(const std::string& key) {
    const auto known = storages_.find(key);
    if (known != storages_.end())
      return known->second;
    return storages_.emplace(key, zip_.read(prefix_ + "data/" + key))
        .first->second;
  }

  void add(
      Checkpoint& out,
      const std::string& name,
      const pickle::TensorView& view) {
    const auto wrong = [&](const std::string& why, auto... mend) {
      refuse(fmt::format("tensor {}: {}", name, why), mend...);
    };
    const auto& [dtype, key, elements] = view.storage;
    const auto& bytes = storage(key);
    const auto held =
        static_cast<std::int64_t>(bytes.bytes.size() / size_of(dtype));
    if (elements < 0 || elements != held)
      wrong(fmt::format("its storage holds {} of {} elements", held, elements));
    const auto count = element_count(view.sizes);
    if (!count || view.strides.size() != view.sizes.size() || view.offset < 0)
      wrong("malformed sizes");
    // The last element must be inside; strides may not point backwards.
    std::int64_t last = view.offset;
    bool contiguous = true;
    std::int64_t expected_stride = 1;
    for (std::size_t i = view.sizes.size(); i-- > 0;) {
      std::int64_t reach = 0;
      if (view.strides[i] < 0 ||
          __builtin_mul_overflow(
              std::max<std::int64_t>(view.sizes[i] - 1, 0),
              view.strides[i],
              &reach) ||
          __builtin_add_overflow(last, reach, &last))
        wrong("malformed strides");
      contiguous = contiguous &&
                   (view.sizes[i] <= 1 || view.strides[i] == expected_stride);
      // Cannot overflow where it is used: element_count() was fine.
      expected_stride = static_cast<std::int64_t>(
          static_cast<std::uint64_t>(expected_stride) *
          static_cast<std::uint64_t>(std::max<std::int64_t>(view.sizes[i], 1)));
    }
    if (*count > 0 && last >= elements)
      wrong("it reaches beyond its storage");
    Tensor tensor;
    if (*count == 0)
      tensor = make_tensor(dtype, view.sizes, {});
    else if (contiguous)
      tensor = view_tensor(
          dtype,
          view.sizes,
          bytes.bytes.subspan(
              static_cast<std::size_t>(view.offset) * size_of(dtype),
              static_cast<std::size_t>(*count) * size_of(dtype)),
          bytes.owner,
          bytes.file);
    else
      tensor = gather(view, *count, bytes.bytes, wrong);
    if (!out.tensors.emplace(name, std::move(tensor)).second)
      wrong("comes twice");
  }

  /// Copies a strided view to row-major order.
  template <typename Wrong>
  Tensor gather(
      const pickle::TensorView& view,
      std::int64_t count,
      std::span<const std::byte> from,
      const Wrong& wrong) {
    const std::size_t width = size_of(view.storage.dtype);
    // Views that repeat elements could ask for any amount of memory.
    if (count > view.storage.count)
      wrong("an expanded view", "save it contiguous()");
    const std::uint64_t size = static_cast<std::uint64_t>(count) * width;
    if (size > copy_budget_)
      wrong("too many strided views of one storage", "save them contiguous()");
    copy_budget_ -= size;
    std::vector<std::byte> to(size);
    std::vector<std::int64_t> index(view.sizes.size(), 0);
    std::vector<std::int64_t> strides = view.strides;
    for (std::size_t axis = 0; axis < strides.size(); ++axis)
      if (view.sizes[axis] == 1)
        strides[axis] = 0; // any number may stand there
    std::int64_t at = view.offset;
    for (std::int64_t i = 0; i < count; ++i) {
      std::memcpy(
          to.data() + static_cast<std::size_t>(i) * width,
          from.data() + static_cast<std::size_t>(at) * width,
          width);
      for (std::size_t axis = index.size(); axis-- > 0;) {
        at += strides[axis];
        if (++index[axis] < view.sizes[axis])
          break;
        at -= strides[axis] * view.sizes[axis];
        index[axis] = 0;
      }
    }
    return make_tensor(view.storage.dtype, view.sizes, std::move(to));
  }

  /// Metadata as JSON. Depth and number of values are bounded: a pickle can
  /// share values, and so be exponentially larger written out.
  Json json(const pickle::Value& value, int depth) {
    if (depth > kMetadataDepth || ++metadata_values_ > kMetadataValues)
      refuse("its metadata is too deep or too large");
    if (value.as<pickle::None>() != nullptr)
      return nullptr;
    if (const auto* flag = value.as<bool>())
      return *flag;
    if (const auto* number = value.as<std::int64_t>())
      return *number;
    if (const auto* number = value.as<double>())
      return *number;
    if (const auto* text = value.as<std::string>())
      return *text;
    if (const auto* dict = value.as<pickle::Dict>()) {
      Json out = Json::object();
      for (const auto& [key, item] : dict->items) {
        // A dict's look-up is linear in Json.
        if (out.size() >= kJsonKeys)
          refuse("its metadata is too large");
        const auto* number = key->as<std::int64_t>();
        out[number != nullptr ? std::to_string(*number) : string(*key)] =
            json(*item, depth + 1);
      }
      return out;
    }
    const auto* list = value.as<pickle::List>();
    const auto* tuple = value.as<pickle::Tuple>();
    if (list != nullptr || tuple != nullptr) {
      Json out = Json::array();
      for (const auto* item : list != nullptr ? list->items : tuple->items)
        out.push_back(json(*item, depth + 1));
      return out;
    }
    if (const auto* view = value.as<pickle::TensorView>())
      return {{"tensor", view->sizes}};
    refuse("its metadata holds what is not data");
  }

  fs::path path_;
  std::shared_ptr<const MappedFile> file_;
  ZipReader zip_;
  std::string prefix_;
  std::map<std::string, ZipReader::Bytes> storages_;
  std::uint64_t copy_budget_ = 0;
  int metadata_values_ = 0;
};

} // namespace

Checkpoint read_torch(const fs::path& path) {
  return TorchFile(path).read();
}

} // namespace mlxaudio
