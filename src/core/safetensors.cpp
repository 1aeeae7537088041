// SPDX-License-Identifier: MIT
#include "core/safetensors.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <set>
#include <utility>
#include <vector>

#include "core/atomic_file.h"
#include "core/byte_reader.h"
#include "core/mapped_file.h"
#include "core/utf8.h"
#include "mlxaudio/error.h"

namespace mlxaudio {

namespace {

namespace fs = std::filesystem;

/// Largest header that is read; the format's own limit.
constexpr std::uint64_t kHeaderLimit = 100'000'000;

/// A header may hold any number of tensors, so its objects need the map that
/// finds a key fast.
using HeaderJson = nlohmann::json;

struct Range {
  std::uint64_t begin;
  std::uint64_t end;
  std::string name;
};

[[noreturn]] void refuse(
    const fs::path& path,
    const std::string& why,
    const char* mend = "get the file again") {
  throw WeightError(fmt::format(
      "[core.safetensors] {}: {}: {}",
      path.string(),
      printable(why),
      mend));
}

HeaderJson parse_header(const fs::path& path, std::string_view text) {
  if (text.empty() || text.front() != '{')
    refuse(path, "not a safetensors file: the header is not a JSON object");
  std::set<std::string> keys;
  const auto check =
      [&](int depth, HeaderJson::parse_event_t event, HeaderJson& value) {
        if (depth > 4)
          refuse(path, "malformed header: nested too deep");
        if (depth == 1 && event == HeaderJson::parse_event_t::key &&
            !keys.insert(value.get<std::string>()).second)
          refuse(
              path,
              fmt::format("tensor {} comes twice", value.get<std::string>()));
        return true;
      };
  try {
    return HeaderJson::parse(text.begin(), text.end(), check);
  } catch (const HeaderJson::exception& error) {
    refuse(path, fmt::format("malformed header: {}", error.what()));
  }
}

/// A whole number that is not negative, or nothing.
std::optional<std::uint64_t> natural(const HeaderJson& value) {
  if (!value.is_number_unsigned())
    return std::nullopt;
  return value.get<std::uint64_t>();
}

} // namespace

Checkpoint read_safetensors(const fs::path& path) {
  const auto file = MappedFile::open(path);
  ByteReader in(file->bytes(), [&](const std::string& why) {
    refuse(path, why);
  });
  const auto length = in.number<std::uint64_t>();
  if (length > kHeaderLimit || length > in.left())
    refuse(
        path,
        fmt::format(
            "not a safetensors file, or truncated: header of {} bytes in a "
            "file of {}",
            length,
            file->bytes().size()));
  const HeaderJson header = parse_header(path, in.text(length));
  const auto data = in.take(in.left());

  Checkpoint out{path, {}, Json::object()};
  std::vector<Range> ranges;
  for (const auto& [name, entry] : header.items()) {
    const auto wrong = [&, &name = name](const std::string& why) {
      refuse(path, fmt::format("tensor {}: {}", name, why));
    };
    if (!entry.is_object())
      wrong("its entry is not an object");
    if (name == "__metadata__") {
      for (const auto& [key, value] : entry.items()) {
        if (!value.is_string())
          wrong(fmt::format("\"{}\" is not a string", key));
        out.metadata[key] = value.get<std::string>();
        if (out.metadata.size() > kJsonKeys)
          wrong(fmt::format("more than {} entries", kJsonKeys));
      }
      continue;
    }
    if (!entry.contains("dtype") || !entry["dtype"].is_string())
      wrong("no dtype");
    const auto dtype_name = entry["dtype"].get<std::string>();
    const auto dtype = dtype_of(dtype_name);
    if (!dtype)
      refuse(
          path,
          fmt::format("tensor {}: dtype {} is not supported", name, dtype_name),
          "convert the weights to F16, BF16 or F32");
    if (!entry.contains("shape") || !entry["shape"].is_array() ||
        entry["shape"].size() > 32)
      wrong("no shape");
    std::vector<std::int64_t> shape;
    for (const HeaderJson& extent : entry["shape"]) {
      const auto value = natural(extent);
      if (!value || *value > std::numeric_limits<std::int64_t>::max())
        wrong("its shape is not a list of sizes");
      shape.push_back(static_cast<std::int64_t>(*value));
    }
    const auto offsets = entry.find("data_offsets");
    if (offsets == entry.end() || !offsets->is_array() ||
        offsets->size() != 2 || !natural((*offsets)[0]) ||
        !natural((*offsets)[1]))
      wrong("no data_offsets");
    const auto begin = *natural((*offsets)[0]);
    const auto end = *natural((*offsets)[1]);
    if (begin > end || end > data.size())
      wrong(fmt::format(
          "its bytes {} to {} are outside the {} that the file holds: the file "
          "is truncated or damaged",
          begin,
          end,
          data.size()));
    const auto count = element_count(shape);
    std::uint64_t expected = 0;
    if (!count ||
        __builtin_mul_overflow(
            static_cast<std::uint64_t>(*count),
            size_of(*dtype),
            &expected) ||
        expected != end - begin)
      wrong(fmt::format(
          "{} {} does not take the {} bytes that it is given",
          dtype_name,
          to_string(shape),
          end - begin));
    ranges.push_back({begin, end, name});
    out.tensors.emplace(
        name,
        mapped_tensor(
            *dtype,
            std::move(shape),
            data.subspan(begin, end - begin),
            file));
  }

  std::sort(ranges.begin(), ranges.end(), [](const Range& a, const Range& b) {
    return std::tie(a.begin, a.end) < std::tie(b.begin, b.end);
  });
  std::uint64_t covered = 0;
  for (const Range& range : ranges) {
    if (range.begin != covered)
      refuse(
          path,
          fmt::format(
              "tensor {} {} the one before it",
              range.name,
              range.begin < covered ? "overlaps" : "does not adjoin"));
    covered = range.end;
  }
  if (covered != data.size())
    refuse(
        path,
        fmt::format(
            "{} bytes after the last tensor: the file is damaged",
            data.size() - covered));
  return out;
}

Checkpoint read_safetensors_index(const fs::path& index) {
  const auto wrong = [&](const std::string& why) {
    throw WeightError(fmt::format(
        "[core.safetensors] {}: {}: get all files of the checkpoint again",
        index.string(),
        printable(why)));
  };
  const Json json = read_json(index);
  if (!json.is_object() || !json.contains("weight_map") ||
      !json["weight_map"].is_object())
    wrong("no \"weight_map\": not the index of a sharded checkpoint");
  std::map<std::string, std::set<std::string>> shards; // file -> tensors
  for (const auto& [name, file] : json["weight_map"].items()) {
    if (!file.is_string())
      wrong(fmt::format("the shard of {} is not a file name", name));
    const auto shard = file.get<std::string>();
    // The index may come from anywhere: it must not reach outside its folder.
    if (shard.empty() || fs::path(shard).filename() != shard || shard == ".." ||
        shard == ".")
      wrong(fmt::format("shard \"{}\" is not a file of its folder", shard));
    shards[shard].insert(name);
  }
  Checkpoint out{index, {}, Json::object()};
  for (const auto& [shard, names] : shards) {
    std::error_code ec;
    if (!fs::exists(index.parent_path() / shard, ec))
      wrong(fmt::format("its shard {} is missing", shard));
    Checkpoint part = read_safetensors(index.parent_path() / shard);
    for (const std::string& name : names)
      if (!part.tensors.contains(name))
        wrong(fmt::format("tensor {} is not in {}", name, shard));
    for (auto& [name, tensor] : part.tensors) {
      if (!names.contains(name))
        wrong(fmt::format("{} holds {}, which the index lacks", shard, name));
      out.tensors.emplace(name, std::move(tensor));
    }
    out.metadata.update(part.metadata);
  }
  return out;
}

void write_safetensors(
    const fs::path& path,
    const std::map<std::string, Tensor>& tensors,
    const Json& metadata) {
  Json header = Json::object();
  if (!metadata.empty())
    header["__metadata__"] = metadata;
  for (const auto& [key, value] : metadata.items())
    if (!value.is_string())
      throw ArgumentError(fmt::format(
          "[core.safetensors] metadata \"{}\" is not a string: make it one",
          key));
  std::uint64_t end = 0;
  // Appended as text: Json's own insertion looks for the key each time.
  std::string text = header.empty() ? "{" : header.dump();
  if (!header.empty())
    text.pop_back();
  for (const auto& [name, tensor] : tensors) {
    const Json entry = {
        {"dtype", name_of(tensor.dtype)},
        {"shape", tensor.shape},
        {"data_offsets", {end, end + tensor.bytes.size()}}};
    if (text.size() > 1)
      text += ',';
    text += Json(name).dump() + ':' + entry.dump();
    end += tensor.bytes.size();
  }
  text += '}';
  // Data that begins at a multiple of 64 can be used where it is mapped.
  text.resize((text.size() + 8 + 63) / 64 * 64 - 8, ' ');

  AtomicFile file(path);
  const std::uint64_t length = text.size();
  file.write(std::as_bytes(std::span(&length, 1)));
  file.write(text);
  for (const auto& [name, tensor] : tensors)
    file.write(tensor.bytes);
  file.commit();
}

} // namespace mlxaudio
