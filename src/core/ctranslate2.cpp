// SPDX-License-Identifier: MIT
#include "core/ctranslate2.h"

#include <fmt/format.h>

#include <array>
#include <string>
#include <utility>

#include "core/byte_reader.h"
#include "core/mapped_file.h"
#include "core/utf8.h"
#include "mlxaudio/error.h"

namespace mlxaudio {

namespace {

constexpr std::uint32_t kNewestVersion = 6;

/// The type numbers of binary version 4 and later.
constexpr std::array<DType, 6> kTypes{
    DType::f32, DType::i8, DType::i16, DType::i32, DType::f16, DType::bf16};

/// A length that counts the closing zero, then the characters and the zero.
std::string read_string(ByteReader& in) {
  const auto size = in.number<std::uint16_t>();
  if (size == 0)
    in.refuse("a name of no length");
  const std::string_view text = in.text(size);
  if (text.find('\0') != text.size() - 1)
    in.refuse("a name that does not end where its length says");
  if (!is_utf8(text))
    in.refuse("a name that is not UTF-8");
  return std::string(text.substr(0, text.size() - 1));
}

/// Before version 4 a file gave the width of an element, not its type.
DType type_of_width(std::uint8_t width, const ByteReader& in) {
  switch (width) {
    case 4:
      return DType::f32;
    case 2:
      return DType::i16;
    case 1:
      return DType::i8;
    default:
      in.refuse(fmt::format("elements of {} bytes", width));
  }
}

} // namespace

Checkpoint read_ctranslate2(const std::filesystem::path& path) {
  const auto file = MappedFile::open(path);
  ByteReader in(file->bytes(), [&](const std::string& why) {
    throw WeightError(fmt::format(
        "[core.ctranslate2] {}: {}: get the file again, or convert the model "
        "anew",
        path.string(),
        printable(why)));
  });
  const auto version = in.number<std::uint32_t>();
  if (version < 2 || version > kNewestVersion)
    in.refuse(fmt::format(
        "not a CTranslate2 model, or of a binary version that is not supported "
        "({}, supported: 2 to {})",
        version,
        kNewestVersion));
  Checkpoint out{path, {}, Json::object()};
  out.metadata["binary_version"] = version;
  out.metadata["spec"] = read_string(in);
  out.metadata["revision"] = in.number<std::uint32_t>();

  const auto variables = in.number<std::uint32_t>();
  for (std::uint32_t i = 0; i < variables; ++i) {
    const std::string name = read_string(in);
    const auto rank = in.number<std::uint8_t>();
    std::vector<std::int64_t> shape;
    for (std::uint8_t axis = 0; axis < rank; ++axis)
      shape.push_back(in.number<std::uint32_t>());
    const auto type = in.number<std::uint8_t>();
    std::uint64_t bytes = in.number<std::uint32_t>();
    DType dtype = DType::f32;
    if (version >= 4) {
      if (type >= kTypes.size())
        in.refuse(fmt::format("variable {}: unknown type {}", name, type));
      dtype = kTypes[type];
    } else {
      dtype = type_of_width(type, in);
      bytes *= type; // the file gave the number of elements
    }
    const auto count = element_count(shape);
    std::uint64_t expected = 0;
    if (!count ||
        __builtin_mul_overflow(
            static_cast<std::uint64_t>(*count),
            size_of(dtype),
            &expected) ||
        expected != bytes)
      in.refuse(fmt::format(
          "variable {}: {} {} does not take {} bytes",
          name,
          name_of(dtype),
          to_string(shape),
          bytes));
    Tensor tensor =
        mapped_tensor(dtype, std::move(shape), in.take(bytes), file);
    if (!out.tensors.emplace(name, std::move(tensor)).second)
      in.refuse(fmt::format("variable {} comes twice", name));
  }

  Json aliases = Json::object();
  if (version >= 3) {
    const auto count = in.number<std::uint32_t>();
    if (count > kJsonKeys)
      in.refuse(fmt::format("{} aliases", count));
    for (std::uint32_t i = 0; i < count; ++i) {
      const std::string alias = read_string(in);
      const std::string name = read_string(in);
      if (!out.tensors.contains(name))
        in.refuse(fmt::format("alias {} of {}, which is absent", alias, name));
      aliases[alias] = name;
    }
  }
  out.metadata["aliases"] = std::move(aliases);
  if (in.left() != 0)
    in.refuse(fmt::format("{} bytes after the end", in.left()));
  return out;
}

} // namespace mlxaudio
