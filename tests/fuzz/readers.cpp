// SPDX-License-Identifier: MIT
#include "tests/fuzz/readers.h"

#include <unistd.h>
#include <zlib.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <numeric>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "cli/manifest.h"
#include "core/ctranslate2.h"
#include "core/npz.h"
#include "core/safetensors.h"
#include "core/toml.h"
#include "core/torch_file.h"
#include "core/utf8.h"
#include "mlxaudio/error.h"

namespace mlxaudio::fuzz {

namespace {

namespace fs = std::filesystem;

/// The readers map files, so the bytes go to one; in memory where there is
/// such a file system.
const fs::path& scratch() {
  static const fs::path path = [] {
    const fs::path memory = "/dev/shm";
    std::error_code ec;
    const fs::path folder =
        fs::is_directory(memory, ec) ? memory : fs::temp_directory_path();
    return folder / ("mlxaudio-fuzz-" + std::to_string(::getpid()));
  }();
  return path;
}

/// Touches every byte that a checkpoint gives out, so that one which points
/// outside its memory is noticed.
void touch(const Checkpoint& checkpoint) {
  for (const auto& [name, tensor] : checkpoint.tensors) {
    const auto count = element_count(tensor.shape);
    if (!count || static_cast<std::size_t>(*count) * size_of(tensor.dtype) !=
                      tensor.bytes.size())
      throw std::logic_error(name + ": shape and bytes disagree");
    if (reinterpret_cast<std::uintptr_t>(tensor.bytes.data()) %
            size_of(tensor.dtype) !=
        0)
      throw std::logic_error(name + ": misaligned");
    volatile unsigned sum = 0;
    for (const std::byte b : tensor.bytes)
      sum = sum + std::to_integer<unsigned>(b);
  }
  if (checkpoint.metadata.dump(-1, ' ', false, Json::error_handler_t::strict)
          .empty())
    throw std::logic_error("no metadata");
}

void append_number(std::string& out, std::uint64_t value, int width) {
  for (int i = 0; i < width; ++i)
    out += static_cast<char>(value >> (8 * i));
}

/// A zip archive of stored entries, with checksums that are right.
std::string archive_of(
    const std::vector<std::pair<std::string, std::string>>& entries) {
  std::string out;
  std::string directory;
  for (const auto& [name, data] : entries) {
    const auto offset = out.size();
    const auto common = [&name = name, &data = data](std::string& to) {
      append_number(to, 0, 2 + 2 + 4); // flags, stored, time
      append_number(
          to,
          ::crc32(
              0,
              reinterpret_cast<const Bytef*>(data.data()),
              static_cast<uInt>(data.size())),
          4);
      append_number(to, data.size(), 4);
      append_number(to, data.size(), 4);
      append_number(to, name.size(), 2);
      append_number(to, 0, 2); // extra
    };
    append_number(out, 0x04034b50, 4);
    append_number(out, 20, 2);
    common(out);
    out += name + data;
    append_number(directory, 0x02014b50, 4);
    append_number(directory, 20, 4); // versions
    common(directory);
    append_number(directory, 0, 2 + 2 + 2); // comment, disk, attributes
    append_number(directory, 0, 4);
    append_number(directory, offset, 4);
    directory += name;
  }
  const auto offset = out.size();
  out += directory;
  append_number(out, 0x06054b50, 4);
  append_number(out, 0, 4); // disks
  append_number(out, entries.size(), 2);
  append_number(out, entries.size(), 2);
  append_number(out, directory.size(), 4);
  append_number(out, offset, 4);
  append_number(out, 0, 2); // comment
  return out;
}

template <Checkpoint (*kRead)(const fs::path&)>
bool run_file(std::span<const std::byte> bytes) {
  {
    std::ofstream file(scratch(), std::ios::binary | std::ios::trunc);
    file.write(
        reinterpret_cast<const char*>(bytes.data()),
        static_cast<std::streamsize>(bytes.size()));
  }
  bool taken = false;
  try {
    touch(kRead(scratch()));
    taken = true;
  } catch (const Error&) {
    // The other answer that is right.
  }
  fs::remove(scratch());
  return taken;
}

/// One array, without the archive whose checksum would hide it.
bool run_npy(std::span<const std::byte> bytes) {
  try {
    Checkpoint checkpoint;
    checkpoint.tensors["a"] = read_npy(bytes, nullptr, "fuzz.npy");
    touch(checkpoint);
    return true;
  } catch (const Error&) {
    return false;
  }
}

/// The pickle of a `.pt` file, in an archive with a few storages.
bool run_pickle(std::span<const std::byte> bytes) {
  const std::string storage(96, '\x01');
  const std::string file = archive_of(
      {{"a/data.pkl",
        {reinterpret_cast<const char*>(bytes.data()), bytes.size()}},
       {"a/data/0", storage},
       {"a/data/1", storage},
       {"a/data/2", storage}});
  return run_file<read_torch>(std::as_bytes(std::span(file)));
}

bool run_json(std::span<const std::byte> bytes) {
  const std::string_view text(
      reinterpret_cast<const char*>(bytes.data()),
      bytes.size());
  try {
    const Json json = parse_json(text, "fuzz.json");
    if (parse_json(json.dump(), "again.json") != json)
      throw std::logic_error("not the same when read again");
    return true;
  } catch (const Error&) {
    return false;
  }
}

/// A file of settings, of the program or of a port.
bool run_toml(std::span<const std::byte> bytes) {
  const std::string_view text(
      reinterpret_cast<const char*>(bytes.data()),
      bytes.size());
  try {
    TomlLines lines;
    const Json json = parse_toml(text, "fuzz.toml", &lines);
    const auto ends =
        static_cast<int>(std::count(text.begin(), text.end(), '\n'));
    for (const auto& [names, line] : lines)
      if (names.empty() || line < 1 || line > ends + 1)
        throw std::logic_error("a key that stands nowhere");
    if (!json.is_object() || parse_json(json.dump(), "again.json") != json)
      throw std::logic_error("no table of values that JSON can hold");
    return true;
  } catch (const Error&) {
    return false;
  }
}

/// A list of audio files, in each of the forms that it may have.
bool run_manifest(std::span<const std::byte> bytes) {
  const std::string_view text(
      reinterpret_cast<const char*>(bytes.data()),
      bytes.size());
  bool taken = false;
  for (const char* const name : {"m.jsonl", "m.csv", "m.tsv", "m"}) {
    try {
      for (const auto& entry : cli::parse_manifest(text, name))
        if (entry.id.empty() || entry.audio.empty() || entry.line == 0 ||
            !is_utf8(entry.text))
          throw std::logic_error("an entry without what it needs");
      taken = true;
    } catch (const Error&) {
      // Not of this form.
    }
  }
  return taken;
}

} // namespace

const std::array<Reader, 9> kReaders{{
    {"safetensors", run_file<read_safetensors>, "safetensors"},
    {"npz", run_file<read_npz>, "npz"},
    {"torch_file", run_file<read_torch>, "torch"},
    {"ctranslate2", run_file<read_ctranslate2>, "ctranslate2"},
    {"npy", run_npy, "npy"},
    {"pickle", run_pickle, "pickle"},
    {"json", run_json, "whisper/transformers", true},
    {"toml", run_toml, "toml", true},
    {"manifest", run_manifest, "manifest", true},
}};

const Reader& reader(std::string_view name) {
  for (const Reader& candidate : kReaders)
    if (candidate.name == name)
      return candidate;
  throw std::out_of_range(std::string(name));
}

} // namespace mlxaudio::fuzz
