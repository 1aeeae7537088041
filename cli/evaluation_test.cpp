// SPDX-License-Identifier: MIT
#include "cli/evaluation.h"

#include <gtest/gtest.h>

#include "cli/evaluation_difference.h"
#include "cli/evaluation_table.h"
#include "cli/manifest.h"
#include "core/temp_folder.h"

namespace mlxaudio::cli {
namespace {

FileResult file(
    const std::string& id,
    const std::string& reference,
    const std::string& hypothesis) {
  FileResult out;
  out.id = id;
  out.audio = id + ".wav";
  out.line = 1;
  out.language = "en";
  out.duration = 4;
  out.seconds = 1;
  out.reference = reference;
  out.hypothesis = hypothesis;
  out.score = Scorer({}).score(reference, hypothesis, "en");
  return out;
}

FileResult failure(const std::string& id) {
  FileResult out;
  out.id = id;
  out.audio = id;
  out.error = "[audio] no such file";
  return out;
}

Evaluation evaluation(std::vector<FileResult> files) {
  Evaluation out;
  out.manifest = "m.jsonl";
  out.model.name = "toy";
  out.files = std::move(files);
  return out;
}

TEST(Evaluation, SumsOverWhatDidNotFail) {
  const Totals totals = evaluation({file("a", "A cat.", "a cat"),
                                    failure("b"),
                                    file("c", "sat", "set on")})
                            .totals();
  EXPECT_EQ(totals.files, 2U);
  EXPECT_EQ(totals.failed, 1U);
  EXPECT_DOUBLE_EQ(totals.duration, 8);
  EXPECT_DOUBLE_EQ(totals.seconds, 2);
  EXPECT_EQ(totals.words.reference(), 3U);
  EXPECT_EQ(totals.words.edits(), 2U);
  EXPECT_EQ(real_time_factor(totals.seconds, totals.duration), 0.25);
  EXPECT_FALSE(real_time_factor(1, 0).has_value());
}

TEST(Evaluation, IsReadAsItWasWritten) {
  const TempFolder folder;
  Evaluation written =
      evaluation({file("a", "one \"two\" é", "\x01 one 2"), failure("b")});
  written.complete = false;
  written.model.path = "\xff"; // what is no text does not spoil the rest
  written.options.initial_prompt = "\xfe";
  const auto path = folder.write("r.json", document(written));
  const Evaluation read = read_evaluation(path);
  EXPECT_EQ(read.manifest, "m.jsonl");
  EXPECT_EQ(read.model.name, "toy");
  EXPECT_FALSE(read.complete);
  ASSERT_EQ(read.files.size(), 2U);
  EXPECT_EQ(read.files[0].hypothesis, written.files[0].hypothesis);
  EXPECT_EQ(read.files[0].score.words, written.files[0].score.words);
  EXPECT_EQ(read.files[0].score.characters, written.files[0].score.characters);
  EXPECT_EQ(read.files[0].score.reference, written.files[0].score.reference);
  EXPECT_EQ(read.files[1].error, written.files[1].error);
  EXPECT_FALSE(difference(written, read).differs());
}

TEST(Evaluation, OfAnotherKindIsRefused) {
  const TempFolder folder;
  for (const char* const text :
       {"",
        "{}",
        "[]",
        "{\"kind\": 1}",
        "{\"kind\": \"mlx-audio evaluation\"}"}) {
    EXPECT_THROW(read_evaluation(folder.write("r.json", text)), ManifestError)
        << text;
  }
}

TEST(EvaluationTable, KeepsItsColumns) {
  const Table table(
      {"a", "a very long name that does not fit into forty columns"});
  const std::size_t width = table.header().size();
  EXPECT_EQ(table.row(file("a", "x", "x"), false).size(), width);
  EXPECT_EQ(
      table.row(file(std::string(100, 'b'), "x y", "x"), false).size(),
      width);
  EXPECT_EQ(
      table.row(file("a", "cat", "dog"), true).substr(width),
      "  [-cat-] {+dog+}\n");
  EXPECT_NE(
      table.row(file("a", "", "said"), false).find(" - "),
      std::string::npos);
}

TEST(EvaluationTable, FitsCharactersNotBytes) {
  EXPECT_EQ(fit("é", 3), "é  ");
  EXPECT_EQ(fit("abcdéfgh", 6), "...fgh");
  EXPECT_EQ(fit("a\x1b[31m", 8), "a?[31m  ");
  EXPECT_EQ(percent(0.12345), "12.35%");
  EXPECT_EQ(percent(std::nullopt), "-");
}

TEST(EvaluationDifference, GoesById) {
  const Evaluation before = evaluation(
      {file("same", "one", "one"),
       file("better", "one two", "one too"),
       file("marks", "one", "one"),
       file("gone", "one", "one"),
       failure("mended"),
       failure("broken")});
  const Evaluation after = evaluation(
      {file("new", "one", "one"),
       file("marks", "one", "One!"),
       file("better", "one two", "one two"),
       file("mended", "one", "one"),
       failure("broken"),
       file("same", "one", "one")});
  const EvaluationDifference found = difference(before, after);
  EXPECT_EQ(found.same, 2U);
  std::vector<std::string> lines;
  for (const FileDifference& each : found.files) {
    lines.push_back(
        (each.before != nullptr ? each.before : each.after)->id + ": " +
        each.what);
  }
  EXPECT_EQ(
      lines,
      (std::vector<std::string>{
          "better: better",
          "marks: only what the normalizer takes away",
          "gone: only in the first run",
          "mended: failed before",
          "new: only in the second run"}));
  EXPECT_FALSE(found.worse);
  EXPECT_EQ(found.before.files, 3U);
  EXPECT_EQ(found.after.words.edits(), 0U);
  EXPECT_TRUE(difference(after, before).worse);
}

TEST(EvaluationDifference, KnowsOtherReferencesAndOtherWords) {
  const auto what = [](const FileResult& a, const FileResult& b) {
    return difference(evaluation({a}), evaluation({b})).files.at(0).what;
  };
  EXPECT_EQ(
      what(file("a", "one", "one"), file("a", "two", "two")),
      "the references differ");
  EXPECT_EQ(
      what(file("a", "x", "y"), file("a", "x", "z")),
      "other words, as many errors");
  EXPECT_EQ(what(file("a", "x", "x"), failure("a")), "fails now");
}

} // namespace
} // namespace mlxaudio::cli
