// SPDX-License-Identifier: MIT
#include "cli/manifest.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <functional>
#include <map>
#include <span>

#include <fmt/format.h>

#include "core/json.h"
#include "core/mapped_file.h"
#include "core/utf8.h"

namespace mlxaudio::cli {
namespace {

namespace fs = std::filesystem;

// Names that manifests give to the same thing: ours first, then those of
// NeMo, Common Voice and Hugging Face's folders of audio.
constexpr std::array<std::string_view, 4> kAudio = {
    "audio", "audio_filepath", "path", "file_name"};
constexpr std::array<std::string_view, 3> kText = {
    "text", "sentence", "transcription"};
constexpr std::array<std::string_view, 3> kLanguage = {
    "language", "locale", "lang"};

[[noreturn]] void refuse(
    const fs::path& name, std::size_t line, const std::string& what) {
  throw ManifestError(fmt::format(
      "[cli] {}, line {}: {}",
      printable(name.string()),
      line,
      what));
}

bool is_blank(std::string_view line) {
  return line.find_first_not_of(" \t\r") == line.npos;
}

/// What a line of any format says: the value of a field, as text.
using Fields =
    std::function<std::optional<std::string>(std::string_view field)>;

std::optional<std::string> first_of(
    const Fields& fields, std::span<const std::string_view> names) {
  for (const std::string_view name : names) {
    if (auto value = fields(name)) {
      return value;
    }
  }
  return std::nullopt;
}

std::optional<double> number(
    const Fields& fields,
    std::string_view field,
    const fs::path& name,
    std::size_t line) {
  const auto text = fields(field);
  if (!text || text->empty()) {
    return std::nullopt;
  }
  double value = 0;
  const auto [last, error] =
      std::from_chars(text->data(), text->data() + text->size(), value);
  if (error != std::errc{} || last != text->data() + text->size() ||
      !std::isfinite(value) || value < 0) {
    refuse(
        name,
        line,
        fmt::format(
            "{} is \"{}\": give a number of seconds",
            field,
            printable(*text, 40)));
  }
  return value;
}

ManifestEntry entry_of(
    const Fields& fields, const fs::path& name, std::size_t line) {
  ManifestEntry entry;
  entry.line = line;
  const auto audio = first_of(fields, kAudio);
  if (!audio || audio->empty()) {
    refuse(
        name,
        line,
        fmt::format(
            "no audio file: give its path as one of {}",
            fmt::join(kAudio, ", ")));
  }
  if (audio->find('\0') != audio->npos) {
    refuse(
        name,
        line,
        "the path of the audio has a NUL character in it: take it out");
  }
  const auto text = first_of(fields, kText);
  if (!text) {
    refuse(
        name,
        line,
        fmt::format(
            "no text: give what is said as one of {}",
            fmt::join(kText, ", ")));
  }
  if (number(fields, "offset", name, line).value_or(0) > 0) {
    refuse(
        name,
        line,
        "a part of a file (offset) cannot be evaluated: cut the audio");
  }
  entry.audio = *audio;
  entry.text = *text;
  entry.language = first_of(fields, kLanguage);
  if (entry.language && entry.language->empty()) {
    entry.language.reset();
  }
  entry.duration = number(fields, "duration", name, line);
  const auto id = fields("id");
  entry.id = id && !id->empty() ? *id : *audio;
  return entry;
}

// --- JSON lines --------------------------------------------------------------

ManifestEntry read_json_line(
    std::string_view text, const fs::path& name, std::size_t line) {
  Json object;
  try {
    object = parse_json(text, "row");
  } catch (const ConfigError& e) {
    // "[core.json] row: parse error at line 1, column 9: ...", where the line
    // is ours to say.
    std::string why = e.what();
    why = why.substr(std::min(why.find(": ") + 2, why.size()));
    if (const std::size_t at = why.find("line 1, "); at != why.npos) {
      why.erase(at, std::string_view("line 1, ").size());
    }
    refuse(name, line, why);
  }
  if (!object.is_object()) {
    refuse(
        name,
        line,
        fmt::format(
            "expected an object such as {{\"audio\": \"a.wav\", \"text\": "
            "\"...\"}}, got a JSON {}: put one on each line",
            object.type_name()));
  }
  const Fields fields =
      [&](std::string_view field) -> std::optional<std::string> {
    const auto found = object.find(field);
    if (found == object.end() || found->is_null()) {
      return std::nullopt;
    }
    const bool numeric = field == "duration" || field == "offset";
    if (numeric && found->is_number()) {
      return found->dump();
    }
    if (field == "id" && found->is_number_integer()) {
      return found->dump();
    }
    if (!found->is_string()) {
      refuse(
          name,
          line,
          fmt::format(
              "{} is a JSON {}: give a {}",
              field,
              found->type_name(),
              numeric ? "number" : "string"));
    }
    return found->get<std::string>();
  };
  return entry_of(fields, name, line);
}

std::vector<ManifestEntry> parse_json_lines(
    std::string_view text, const fs::path& name) {
  std::vector<ManifestEntry> entries;
  for (std::size_t line = 1; !text.empty(); ++line) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    const std::string_view row = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (!is_blank(row)) {
      entries.push_back(read_json_line(row, name, line));
    }
  }
  return entries;
}

// --- tables ------------------------------------------------------------------

struct Record {
  std::size_t line = 0;
  std::vector<std::string> fields = {};
};

/// Records of RFC 4180: fields in quotes may hold commas, ends of lines, and
/// quotes written twice.
class CsvReader {
 public:
  CsvReader(std::string_view text, const fs::path& name)
      : text_(text), name_(name) {}

  std::vector<Record> read() {
    std::vector<Record> records;
    while (!text_.empty()) {
      Record record = read_record();
      if (record.fields.size() > 1 || !is_blank(record.fields.front())) {
        records.push_back(std::move(record));
      }
    }
    return records;
  }

 private:
  Record read_record() {
    Record record{.line = line_};
    do {
      record.fields.push_back(starts_with('"') ? read_quoted() : read_plain());
    } while (take(','));
    take('\r');
    if (!text_.empty() && !take('\n')) {
      refuse(
          name_,
          line_,
          "text behind a closing quote: write a quote inside of a field "
          "twice");
    }
    ++line_;
    return record;
  }

  std::string read_plain() {
    const std::size_t end = std::min(text_.find_first_of(",\n"), text_.size());
    std::string field(text_.substr(0, end));
    text_.remove_prefix(end);
    if (!starts_with(',') && field.ends_with('\r')) {
      field.pop_back();
    }
    return field;
  }

  std::string read_quoted() {
    const std::size_t begin = line_;
    std::string field;
    text_.remove_prefix(1);
    for (;;) {
      if (text_.empty()) {
        refuse(
            name_,
            begin,
            "a quote that is opened here is never closed: close it");
      }
      const char c = text_.front();
      text_.remove_prefix(1);
      if (c == '"' && !take('"')) {
        return field;
      }
      line_ += c == '\n' ? 1 : 0;
      field += c;
    }
  }

  bool starts_with(char c) const {
    return !text_.empty() && text_.front() == c;
  }

  bool take(char c) {
    const bool there = starts_with(c);
    text_.remove_prefix(there ? 1 : 0);
    return there;
  }

  std::string_view text_;
  const fs::path& name_;
  std::size_t line_ = 1;
};

/// Records of lines with tabs between fields; a quote is a quote, as in the
/// tables of Common Voice.
std::vector<Record> split_tabs(std::string_view text) {
  std::vector<Record> records;
  for (std::size_t line = 1; !text.empty(); ++line) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    std::string_view row = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (is_blank(row)) {
      continue;
    }
    if (row.ends_with('\r')) {
      row.remove_suffix(1);
    }
    Record record{.line = line};
    for (std::size_t at = 0; at <= row.size();) {
      const std::size_t tab = std::min(row.find('\t', at), row.size());
      record.fields.emplace_back(row.substr(at, tab - at));
      at = tab + 1;
    }
    records.push_back(std::move(record));
  }
  return records;
}

std::vector<ManifestEntry> entries_of(
    const std::vector<Record>& records, const fs::path& name) {
  if (records.empty()) {
    return {};
  }
  const Record& header = records.front();
  std::map<std::string, std::size_t, std::less<>> columns;
  for (std::size_t i = 0; i < header.fields.size(); ++i) {
    const std::string& field = header.fields[i];
    if (!columns.emplace(field, i).second) {
      refuse(
          name,
          header.line,
          fmt::format(
              "two columns are named \"{}\": name each its own way",
              printable(field, 40)));
    }
  }
  const auto has = [&](const auto& names) {
    return std::any_of(names.begin(), names.end(), [&](std::string_view n) {
      return columns.contains(n);
    });
  };
  if (!has(kAudio) || !has(kText)) {
    refuse(
        name,
        header.line,
        fmt::format(
            "no column for the {}: name one of the columns in the first line "
            "{}",
            has(kAudio) ? "text" : "audio",
            has(kAudio) ? fmt::format("{}", fmt::join(kText, ", "))
                        : fmt::format("{}", fmt::join(kAudio, ", "))));
  }
  std::vector<ManifestEntry> entries;
  for (const Record& record : std::span(records).subspan(1)) {
    if (record.fields.size() != header.fields.size()) {
      refuse(
          name,
          record.line,
          fmt::format(
              "{} fields, and the first line names {}: put quotes around a "
              "field that holds a comma",
              record.fields.size(),
              header.fields.size()));
    }
    const Fields fields =
        [&](std::string_view field) -> std::optional<std::string> {
      const auto column = columns.find(field);
      return column == columns.end()
                 ? std::nullopt
                 : std::optional(record.fields[column->second]);
    };
    entries.push_back(entry_of(fields, name, record.line));
  }
  return entries;
}

// --- what they have in common ------------------------------------------------

std::size_t line_at(std::string_view text, std::size_t at) {
  return 1 + static_cast<std::size_t>(std::count(
                 text.begin(),
                 text.begin() + static_cast<std::ptrdiff_t>(at),
                 '\n'));
}

/// \throws ManifestError for bytes that are no text
void check_text(std::string_view text, const fs::path& name) {
  for (std::size_t at = 0; at < text.size();) {
    const Utf8Step step = decode_utf8(text, at);
    if (!step.code_point) {
      refuse(
          name,
          line_at(text, at),
          "bytes that are not UTF-8: save the manifest in that encoding");
    }
    if (*step.code_point == 0) {
      refuse(
          name,
          line_at(text, at),
          "a NUL byte: this is no text file, or one in UTF-16; save it in "
          "UTF-8");
    }
    at += step.size;
  }
}

enum class Format { json_lines, csv, tsv };

Format format_of(std::string_view text, const fs::path& name) {
  std::string ending = name.extension().string();
  std::transform(ending.begin(), ending.end(), ending.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  if (ending == ".csv") {
    return Format::csv;
  }
  if (ending == ".tsv") {
    return Format::tsv;
  }
  if (ending == ".jsonl" || ending == ".json" || ending == ".ndjson") {
    return Format::json_lines;
  }
  const std::size_t first = text.find_first_not_of(" \t\r\n");
  if (first == text.npos || text[first] == '{') {
    return Format::json_lines;
  }
  throw ManifestError(fmt::format(
      "[cli] {}: is it JSON lines, CSV or TSV: let its name end in .jsonl, "
      ".csv or .tsv",
      printable(name.string())));
}

} // namespace

std::vector<ManifestEntry> parse_manifest(
    std::string_view bytes, const fs::path& name) {
  constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
  if (bytes.starts_with(kByteOrderMark)) {
    bytes.remove_prefix(kByteOrderMark.size());
  }
  check_text(bytes, name);
  std::vector<ManifestEntry> entries;
  switch (format_of(bytes, name)) {
    case Format::json_lines:
      entries = parse_json_lines(bytes, name);
      break;
    case Format::csv:
      entries = entries_of(CsvReader(bytes, name).read(), name);
      break;
    case Format::tsv:
      entries = entries_of(split_tabs(bytes), name);
      break;
  }
  if (entries.empty()) {
    throw ManifestError(fmt::format(
        "[cli] {} names no audio: give a line for each file",
        printable(name.string())));
  }
  std::map<std::string_view, std::size_t> lines;
  for (const ManifestEntry& entry : entries) {
    const auto [first, added] = lines.emplace(entry.id, entry.line);
    if (!added) {
      refuse(
          name,
          entry.line,
          fmt::format(
              "\"{}\" is on line {} too: give each its own id",
              printable(entry.id, 100),
              first->second));
    }
  }
  return entries;
}

std::vector<ManifestEntry> read_manifest(
    const fs::path& path, const std::optional<fs::path>& audio_dir) {
  std::error_code ec;
  if (fs::is_directory(path, ec)) {
    throw ManifestError(fmt::format(
        "[cli] {} is a folder: give a list of audio files and their texts "
        "(docs/evaluate.md), whose names --audio-dir may begin",
        printable(path.string())));
  }
  std::vector<ManifestEntry> entries =
      parse_manifest(read_file(path, ErrorCode::audio), path);
  const fs::path folder = audio_dir.value_or(path.parent_path());
  for (ManifestEntry& entry : entries) {
    entry.audio = folder / entry.audio; // an absolute one stays
  }
  return entries;
}

} // namespace mlxaudio::cli
