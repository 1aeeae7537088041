// SPDX-License-Identifier: MIT
#include "cli/evaluation_table.h"

#include <algorithm>

#include <fmt/format.h>

#include "core/utf8.h"

namespace mlxaudio::cli {
namespace {

constexpr std::size_t kLeastWidth = 12;
constexpr std::size_t kMostWidth = 40;

std::size_t length_of(std::string_view text) {
  return to_utf32(printable(text)).value().size();
}

} // namespace

std::string fit(std::string_view text, std::size_t width) {
  std::u32string characters = to_utf32(printable(text)).value();
  if (characters.size() > width) {
    characters = U"..." + characters.substr(characters.size() - width + 3);
  }
  characters.resize(width, U' ');
  return to_utf8(characters);
}

std::string percent(const std::optional<double>& share) {
  return share ? fmt::format("{:.2f}%", 100 * *share) : "-";
}

std::string rate_line(
    std::string_view name,
    std::string_view unit,
    const text::EditCounts& counts) {
  return fmt::format(
      "{} {} ({} of {} {}: {} substituted, {} deleted, {} inserted)",
      name,
      percent(counts.rate()),
      counts.edits(),
      counts.reference(),
      unit,
      counts.substitutions,
      counts.deletions,
      counts.insertions);
}

Table::Table(const std::vector<std::string>& ids) : width_(kLeastWidth) {
  for (const std::string& id : ids) {
    width_ = std::max(width_, length_of(id));
  }
  width_ = std::min(width_, kMostWidth);
}

std::string Table::header() const {
  return fmt::format(
      "{} {:>9} {:>9} {:>7} {:>8} {:>8}\n",
      fit("file", width_),
      "audio",
      "time",
      "RTF",
      "WER",
      "CER");
}

std::string Table::row(const FileResult& file, bool diff) const {
  if (!file.error.empty()) {
    return fmt::format("{} {:>9}\n", fit(file.id, width_), "failed");
  }
  const auto factor = real_time_factor(file.seconds, file.duration);
  std::string out = fmt::format(
      "{} {:>7.1f} s {:>7.2f} s {:>7} {:>8} {:>8}\n",
      fit(file.id, width_),
      file.duration,
      file.seconds,
      factor ? fmt::format("{:.3f}", *factor) : "-",
      percent(file.score.words.rate()),
      percent(file.score.characters.rate()));
  if (diff && file.score.words.edits() > 0) {
    out += fmt::format(
        "  {}\n",
        word_diff(
            file.score.reference,
            file.score.hypothesis,
            file.score.edits));
  }
  return out;
}

std::string Table::summary(const Totals& totals) const {
  const auto factor = real_time_factor(totals.seconds, totals.duration);
  return fmt::format(
      "\n{} {}{}, {:.1f} s of audio in {:.2f} s (real-time factor {})\n"
      "{}\n{}\n",
      totals.files,
      totals.files == 1 ? "file" : "files",
      totals.failed > 0 ? fmt::format(" ({} more failed)", totals.failed) : "",
      totals.duration,
      totals.seconds,
      factor ? fmt::format("{:.3f}", *factor) : "-",
      rate_line("WER", "words", totals.words),
      rate_line("CER", "characters", totals.characters));
}

} // namespace mlxaudio::cli
