// SPDX-License-Identifier: MIT
#include "core/npz.h"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <optional>
#include <string_view>
#include <utility>

#include "core/byte_reader.h"
#include "core/utf8.h"
#include "core/zip.h"
#include "mlxaudio/error.h"

namespace mlxaudio {

namespace {

/// NumPy's type strings that we read. '|' is "byte order does not matter".
constexpr std::array<std::pair<std::string_view, DType>, 12> kDescr{{
    {"|b1", DType::boolean},
    {"|u1", DType::u8},
    {"|i1", DType::i8},
    {"<i2", DType::i16},
    {"<u2", DType::u16},
    {"<i4", DType::i32},
    {"<u4", DType::u32},
    {"<i8", DType::i64},
    {"<f2", DType::f16},
    // ml_dtypes' bfloat16 is saved as two raw bytes.
    {"|V2", DType::bf16},
    {"<f4", DType::f32},
    {"<f8", DType::f64},
}};

/// The header of a `.npy` file: a Python dict literal of three known keys, in
/// any order, of which each value has one possible form.
class HeaderParser {
 public:
  HeaderParser(std::string_view text, const ByteReader& in)
      : text_(text), in_(in) {}

  void parse() {
    expect('{');
    while (!accept('}')) {
      const std::string_view key = string();
      expect(':');
      if (key == "descr")
        descr = string();
      else if (key == "fortran_order")
        fortran_order = boolean();
      else if (key == "shape")
        shape = tuple();
      else
        in_.refuse(fmt::format("unknown key in .npy header: {}", key));
      if (!accept(',')) {
        expect('}');
        break;
      }
    }
    if (!descr || !fortran_order || !shape)
      in_.refuse("a key of the .npy header is missing");
  }

  std::optional<std::string_view> descr;
  std::optional<bool> fortran_order;
  std::optional<std::vector<std::int64_t>> shape;

 private:
  void space() {
    while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\n'))
      ++at_;
  }
  bool accept(char c) {
    space();
    if (at_ >= text_.size() || text_[at_] != c)
      return false;
    ++at_;
    return true;
  }
  void expect(char c) {
    if (!accept(c))
      in_.refuse(fmt::format("malformed .npy header: no '{}' at {}", c, at_));
  }
  std::string_view string() {
    space();
    const char quote = at_ < text_.size() ? text_[at_] : '\0';
    if (quote == '[') // a list of fields
      in_.refuse("structured arrays are not supported");
    if (quote != '\'' && quote != '"')
      in_.refuse("malformed .npy header: a string was expected");
    const auto end = text_.find(quote, ++at_);
    if (end == std::string_view::npos)
      in_.refuse("malformed .npy header: a string does not end");
    const auto out = text_.substr(at_, end - at_);
    at_ = end + 1;
    return out;
  }
  bool boolean() {
    space();
    for (const auto& [word, value] :
         {std::pair{std::string_view("True"), true},
          std::pair{std::string_view("False"), false}})
      if (text_.substr(at_).starts_with(word)) {
        at_ += word.size();
        return value;
      }
    in_.refuse("malformed .npy header: fortran_order is not True or False");
  }
  std::vector<std::int64_t> tuple() {
    std::vector<std::int64_t> out;
    expect('(');
    while (!accept(')')) {
      space();
      std::int64_t value = 0;
      const char* begin = text_.data() + at_;
      const auto [end, ec] =
          std::from_chars(begin, text_.data() + text_.size(), value);
      if (ec != std::errc() || value < 0)
        in_.refuse("malformed .npy header: shape is not a tuple of sizes");
      at_ += static_cast<std::size_t>(end - begin);
      out.push_back(value);
      if (!accept(',')) {
        expect(')');
        break;
      }
    }
    return out;
  }

  std::string_view text_;
  const ByteReader& in_;
  std::size_t at_ = 0;
};

} // namespace

Tensor read_npy(
    std::span<const std::byte> bytes,
    std::shared_ptr<const void> owner,
    const std::string& name,
    std::shared_ptr<const MappedFile> file) {
  const auto refuse = [&](const std::string& why, const char* mend) {
    throw WeightError(fmt::format(
        "[core.npz] {}: {}: {}",
        printable(name),
        printable(why),
        mend));
  };
  ByteReader in(bytes, [&](const std::string& why) {
    refuse(why, "get the file again, or save it anew by numpy.savez()");
  });
  if (in.left() < 10 || in.text(6) != std::string_view("\x93NUMPY", 6))
    in.refuse("not a NumPy array");
  const auto major = in.number<std::uint8_t>();
  in.number<std::uint8_t>();
  if (major < 1 || major > 3)
    in.refuse(fmt::format(".npy version {} is not supported", major));
  const std::uint64_t header_size =
      major == 1 ? in.number<std::uint16_t>() : in.number<std::uint32_t>();
  HeaderParser header(in.text(header_size), in);
  header.parse();

  std::optional<DType> dtype;
  for (const auto& [descr, known] : kDescr)
    if (descr == *header.descr)
      dtype = known;
  if (!dtype)
    in.refuse(fmt::format("type '{}' is not supported", *header.descr));
  const auto count = element_count(*header.shape);
  if (*header.fortran_order && header.shape->size() > 1)
    refuse(
        "Fortran order is not supported",
        "save numpy.ascontiguousarray(array)");
  std::uint64_t size = 0;
  if (!count ||
      __builtin_mul_overflow(
          static_cast<std::uint64_t>(*count),
          size_of(*dtype),
          &size) ||
      size != in.left())
    in.refuse(fmt::format(
        "{} bytes are not an array of shape {}: the file is damaged",
        in.left(),
        to_string(*header.shape)));
  return view_tensor(
      *dtype,
      std::move(*header.shape),
      in.take(size),
      std::move(owner),
      std::move(file));
}

Checkpoint read_npz(const std::filesystem::path& path) {
  const ZipReader zip(MappedFile::open(path));
  Checkpoint out{path, {}, Json::object()};
  for (const auto& [entry, info] : zip.entries()) {
    ZipReader::Bytes bytes = zip.read(entry);
    std::string name = entry;
    if (name.ends_with(".npy"))
      name.resize(name.size() - 4);
    Tensor tensor = read_npy(
        bytes.bytes,
        std::move(bytes.owner),
        fmt::format("{}: {}", path.string(), name),
        std::move(bytes.file));
    if (!out.tensors.emplace(name, std::move(tensor)).second)
      throw WeightError(fmt::format(
          "[core.npz] {}: array {} comes twice: save it anew by numpy.savez()",
          path.string(),
          name));
  }
  return out;
}

} // namespace mlxaudio
