// SPDX-License-Identifier: MIT
#include "cli/evaluate_compare.h"

#include <memory>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "cli/evaluation_difference.h"
#include "cli/option_values.h"
#include "cli/streams.h"

namespace mlxaudio::cli {
namespace {

struct CompareArguments {
  bool json = false;
  std::string fail_if;
};

/// What may make the exit code 1.
std::vector<std::string> outcomes() {
  return {"differs", "worse", "never"};
}

Verb compare_verb(const std::shared_ptr<CompareArguments>& a) {
  return {
      .name = "evaluate-compare",
      .summary = "what differs between two results of evaluate",
      .description =
          "Lists the files whose transcripts differ, with their words ([-those "
          "of BEFORE alone-], {+those of AFTER alone+}), and error rates of "
          "both. The exit code is 0 if there is no difference (see --fail-if), "
          "else 1.",
      .positional =
          {.name = "BEFORE AFTER",
           .help = "two files that `mlx-audio evaluate --output` wrote",
           .least = 2,
           .most = 2,
           .offer = Offer::files},
      .groups =
          {{"Output",
            {{.name = "--json",
              .help = "as JSON (docs/evaluate.md)",
              .set = [a](const std::string&) { a->json = true; }},
             {.name = "--fail-if",
              .value = "WHAT",
              .default_value = "differs",
              .help = "when the exit code is 1: differs, worse (more word "
                      "errors in the files of both, or new failures), or never",
              .set =
                  [a](const std::string& text) {
                    a->fail_if = one_of(text, outcomes());
                  },
              .offer = Offer::choices,
              .choices = outcomes()}}}},
      .examples = {
          {"mlx-audio evaluate-compare base.json tiny.json",
           "What the smaller model hears otherwise."},
          {"mlx-audio evaluate-compare --fail-if worse old.json new.json",
           "For a check that must not let an error rate grow."}}};
}

ExitCode compare(const CompareArguments& arguments, const Context& context) {
  const Evaluation before = read_evaluation(context.positionals[0]);
  const Evaluation after = read_evaluation(context.positionals[1]);
  for (const Evaluation* const run : {&before, &after}) {
    if (!run->complete) {
      tell(fmt::format(
          "mlx-audio: {} was interrupted: files are missing\n",
          context.positionals[run == &before ? 0 : 1]));
    }
  }
  const EvaluationDifference found = difference(before, after);
  print(arguments.json ? difference_document(found) : difference_text(found));
  const bool fails = arguments.fail_if == "worse"     ? found.worse
                     : arguments.fail_if == "differs" ? found.differs()
                                                      : false;
  return fails ? ExitCode::some_failed : ExitCode::done;
}

} // namespace

Command evaluate_compare_command() {
  auto arguments = std::make_shared<CompareArguments>();
  return {compare_verb(arguments), [arguments](Context& context) {
            return compare(*arguments, context);
          }};
}

} // namespace mlxaudio::cli
