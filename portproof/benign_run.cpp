// SPDX-License-Identifier: MIT
#include "portproof/benign_run.h"

#include <algorithm>
#include <iterator>
#include <set>

#include "portproof/lexer.h"
#include "portproof/rewrites.h"

namespace portproof {
namespace {

using List = std::vector<Mutant>;

std::pair<List, List> halves(const List& all) {
  const auto middle = all.begin() + static_cast<std::ptrdiff_t>(all.size() / 2);
  return {{all.begin(), middle}, {middle, all.end()}};
}

/// Those that build together; the others are added to `invalid`.
List building(MutationRun& run, List all, List& invalid) {
  while (!all.empty()) {
    const std::string trouble = run.build(all);
    if (trouble.empty()) {
      break;
    }
    // The compiler names the file: which of its rewrites are to blame?
    List kept;
    List suspects;
    for (Mutant& m : all) {
      const bool named = trouble.find(m.file + ":") != std::string::npos;
      (named ? suspects : kept).push_back(std::move(m));
    }
    if (suspects.empty()) {
      std::swap(kept, suspects);
    }
    std::size_t left = 0;
    for (Mutant& m : suspects) {
      const bool alone = run.build({m}).empty();
      left += alone ? 1 : 0;
      (alone ? kept : invalid).push_back(m);
    }
    if (left == suspects.size()) { // each alone does, together they do not
      invalid.push_back(kept.back());
      kept.pop_back();
    }
    all = std::move(kept);
  }
  return all;
}

/// Verifies rewrites that build; of those that make something red, finds which.
void judge(MutationRun& run, const List& all, BenignResult& into) {
  if (all.empty()) {
    return;
  }
  run.build(all);
  const auto red = run.red_of_build();
  if (red.empty()) {
    into.green.insert(into.green.end(), all.begin(), all.end());
  } else if (all.size() == 1) {
    into.red.push_back({all.front(), red.front().first, red.front().second});
  } else {
    const auto [first, second] = halves(all);
    judge(run, first, into);
    judge(run, second, into);
  }
}

} // namespace

BenignResult run_benign(
    MutationRun& run, const Port& port, std::uint64_t seed, int count) {
  BenignResult result;
  List drawn;
  std::set<std::string> without;
  for (;;) {
    // The same draw without what does not build, so that it stays spread.
    drawn = draw_rewrites(port, seed, count, without);
    List invalid;
    building(run, drawn, invalid);
    if (invalid.empty()) {
      break;
    }
    for (Mutant& m : invalid) {
      without.insert(m.id);
      result.invalid.push_back(std::move(m));
    }
  }
  for (const Mutant& m : drawn) {
    const SourceFile* file = port.sources.find(m.file);
    const bool layout = m.op == "comment" || m.op == "braces";
    if (layout && file != nullptr &&
        code_hash(planted(m, file->text)) != file->hash) {
      result.expired.push_back(m);
    }
  }
  judge(run, drawn, result);
  return result;
}

} // namespace portproof
