// SPDX-License-Identifier: MIT
#include "cli/evaluation_difference.h"

#include <map>
#include <string_view>

#include <fmt/format.h>

#include "cli/evaluation_table.h"
#include "core/utf8.h"

namespace mlxaudio::cli {
namespace {

bool failed(const FileResult& file) {
  return !file.error.empty();
}

/// How two results of one file differ, in words; empty if they do not.
std::string difference_of(const FileResult& a, const FileResult& b) {
  if (failed(a) && failed(b)) {
    return {};
  }
  if (failed(a) || failed(b)) {
    return failed(a) ? "failed before" : "fails now";
  }
  if (a.score.reference != b.score.reference) {
    return "the references differ";
  }
  if (a.score.hypothesis != b.score.hypothesis) {
    const std::size_t before = a.score.words.edits();
    const std::size_t after = b.score.words.edits();
    if (before == after) {
      return "other words, as many errors";
    }
    return after < before ? "better" : "worse";
  }
  if (a.hypothesis != b.hypothesis) {
    return "only what the normalizer takes away";
  }
  return {};
}

/// The words of both, of the raw texts if only those differ.
struct Words {
  std::vector<std::string> before;
  std::vector<std::string> after;
  std::vector<text::Edit> edits;
};

Words words_to_show(const FileResult& a, const FileResult& b) {
  Words words{a.score.hypothesis, b.score.hypothesis, {}};
  if (words.before == words.after) {
    words.before = words_of(a.hypothesis);
    words.after = words_of(b.hypothesis);
  }
  words.edits = align_words(words.before, words.after);
  return words;
}

std::string change(
    std::string_view name,
    const text::EditCounts& before,
    const text::EditCounts& after) {
  return fmt::format(
      "{} {} -> {} ({} -> {} of {})\n",
      name,
      percent(before.rate()),
      percent(after.rate()),
      before.edits(),
      after.edits(),
      after.reference());
}

Json totals_json(const Totals& totals) {
  const auto factor = real_time_factor(totals.seconds, totals.duration);
  return {
      {"files", totals.files},
      {"duration", totals.duration},
      {"seconds", totals.seconds},
      {"real_time_factor", factor ? Json(*factor) : Json()},
      {"words", counts_json(totals.words)},
      {"characters", counts_json(totals.characters)}};
}

Json side_json(const FileResult* file) {
  if (file == nullptr) {
    return {};
  }
  if (failed(*file)) {
    return {{"error", file->error}};
  }
  return {
      {"reference", file->reference},
      {"hypothesis", file->hypothesis},
      {"words", counts_json(file->score.words)},
      {"characters", counts_json(file->score.characters)}};
}

bool both_transcribed(const FileDifference& file) {
  return file.before != nullptr && file.after != nullptr &&
         !failed(*file.before) && !failed(*file.after);
}

} // namespace

EvaluationDifference difference(
    const Evaluation& before, const Evaluation& after) {
  std::map<std::string_view, const FileResult*> second;
  for (const FileResult& file : after.files) {
    second.emplace(file.id, &file);
  }
  EvaluationDifference out;
  bool fails_now = false;
  for (const FileResult& file : before.files) {
    const auto found = second.find(file.id);
    if (found == second.end()) {
      out.files.push_back({&file, nullptr, "only in the first run"});
      continue;
    }
    const FileResult& other = *found->second;
    second.erase(found);
    fails_now = fails_now || (failed(other) && !failed(file));
    if (!failed(file) && !failed(other)) {
      out.before.add(file);
      out.after.add(other);
    }
    const std::string what = difference_of(file, other);
    if (what.empty()) {
      ++out.same;
    } else {
      out.files.push_back({&file, &other, what});
    }
  }
  for (const FileResult& file : after.files) {
    if (second.contains(file.id)) {
      out.files.push_back({nullptr, &file, "only in the second run"});
    }
  }
  out.worse = fails_now || out.after.words.edits() > out.before.words.edits();
  return out;
}

std::string difference_text(const EvaluationDifference& difference) {
  std::string out;
  for (const FileDifference& file : difference.files) {
    const FileResult& named =
        file.before != nullptr ? *file.before : *file.after;
    out += fmt::format("{}: {}\n", printable(named.id), file.what);
    if (!both_transcribed(file)) {
      continue;
    }
    const text::EditCounts& a = file.before->score.words;
    const text::EditCounts& b = file.after->score.words;
    if (a != b) {
      out += "  " + change("WER", a, b);
    }
    const Words words = words_to_show(*file.before, *file.after);
    out += fmt::format(
        "  {}\n",
        word_diff(words.before, words.after, words.edits));
  }
  const auto factor = [](const Totals& totals) {
    const auto value = real_time_factor(totals.seconds, totals.duration);
    return value ? fmt::format("{:.3f}", *value) : std::string("-");
  };
  return out +
         fmt::format(
             "{}{} {}, {} {}; in the {} that both transcribed:\n",
             out.empty() ? "" : "\n",
             difference.files.size(),
             difference.files.size() == 1 ? "file differs" : "files differ",
             difference.same,
             difference.same == 1 ? "agrees" : "agree",
             difference.after.files) +
         change("WER", difference.before.words, difference.after.words) +
         change(
             "CER",
             difference.before.characters,
             difference.after.characters) +
         fmt::format(
             "RTF {} -> {}\n",
             factor(difference.before),
             factor(difference.after));
}

std::string difference_document(const EvaluationDifference& difference) {
  Json files = Json::array();
  for (const FileDifference& file : difference.files) {
    const FileResult& named =
        file.before != nullptr ? *file.before : *file.after;
    Json each = {
        {"id", named.id},
        {"what", file.what},
        {"before", side_json(file.before)},
        {"after", side_json(file.after)}};
    if (both_transcribed(file)) {
      const Words words = words_to_show(*file.before, *file.after);
      each["diff"] = word_diff(words.before, words.after, words.edits);
    }
    files.push_back(std::move(each));
  }
  return dump(
      {{"kind", "mlx-audio evaluation difference"},
       {"version", 1},
       {"differs", difference.differs()},
       {"worse", difference.worse},
       {"same", difference.same},
       {"before", totals_json(difference.before)},
       {"after", totals_json(difference.after)},
       {"files", std::move(files)}});
}

} // namespace mlxaudio::cli
