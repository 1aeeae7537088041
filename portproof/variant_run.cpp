// SPDX-License-Identifier: MIT
#include "portproof/variant_run.h"

#include <algorithm>
#include <chrono>
#include <map>
#include <mutex>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "core/utf8.h"
#include "mlxaudio/error.h"
#include "portproof/in_parallel.h"
#include "portproof/text.h"
#include "portproof/verify_parts.h"

namespace portproof {
namespace {

using mlxaudio::Json;
using Hashes = std::map<std::string, std::string>; ///< of answers, by call

/// What the ordinary run answers to these calls.
/// \param known results that may have it
Hashes ordinary_answers(
    const Port& port,
    const ProbeProgram& program,
    const Golden& golden,
    const std::vector<const Call*>& calls,
    int time_limit,
    const std::vector<Result>& known) {
  for (const Result& r : known) {
    for (const GradeResult& g : r.grades) {
      const bool usual = r.component == golden.component && r.variant.empty() &&
                         g.grade == "close" && g.environment.empty();
      if (usual && std::all_of(calls.begin(), calls.end(), [&](const Call* c) {
            return g.answers.contains(c->id);
          })) {
        return g.answers;
      }
    }
  }
  GradeResult usual;
  usual.grade = "close";
  const std::string trouble = run_grade(
      program,
      {.golden = golden, .calls = calls, .time_limit = time_limit},
      usual);
  if (!trouble.empty()) {
    throw mlxaudio::ConfigError(fmt::format(
        "[portproof] {}: the ordinary run, beside which the variant is to be "
        "held: {}",
        port.reference.model,
        trouble));
  }
  return usual.answers;
}

/// What is wrong with the bits of a variant's answers; empty: nothing.
std::string wrong_bits(
    const VariantRow& row, const Hashes& ordinary, GradeResult& grade) {
  std::string other;
  int differing = 0;
  for (const auto& [call, hash] : grade.answers) {
    if (ordinary.at(call) != hash) {
      other = other.empty() ? call : other;
      ++differing;
    }
  }
  grade.differing = differing;
  if (row.covered->bits == Covered::Bits::differ && differing == 0) {
    return fmt::format(
        "each answer has the bits of the ordinary run: the probe does not "
        "compute otherwise with {}",
        row.variant->environment_text());
  }
  if (row.covered->bits == Covered::Bits::same && differing > 0) {
    return fmt::format(
        "the bits of {} of {} answers, {} the first, are not those of the "
        "ordinary run, which the variant says it leaves alone",
        differing,
        grade.answers.size(),
        other);
  }
  return {};
}

/// One variant with its program, as that describes itself there.
struct Opened {
  ProbeProgram program;
  std::string lacking; ///< needs that are not met here
};

Opened opened(const Variant& variant, const VariantOptions& options) {
  Opened open = {ProbeProgram::open(options.command, variant.environment), {}};
  std::set<std::string> features = open.program.features;
  features.insert(options.features.begin(), options.features.end());
  open.lacking = variant.lacking(features);
  return open;
}

/// Runs a row that can be run here.
/// \return why it does not pass; empty: it does
std::string run_row(
    const Port& port,
    const VariantRow& row,
    const Opened& open,
    const VariantOptions& options,
    const std::vector<Result>& ordinary,
    const Golden& golden,
    Result& r) {
  if (std::string mlx = other_mlx(port, golden, open.program); !mlx.empty()) {
    return mlx;
  }
  const std::vector<const Call*> calls = calls_of(row, golden);
  if (calls.empty()) {
    return fmt::format(
        "no recorded call is named so: {}",
        fmt::join(row.covered->calls, ", "));
  }
  const int time_limit = options.time_limit.value_or(port.reference.time_limit);
  r.grades.push_back({"close", row.variant->name, row.covered->tolerance, {}});
  GradeResult& grade = r.grades.back();
  const std::string trouble = run_grade(
      open.program,
      {.golden = golden,
       .calls = calls,
       .environment = row.variant->environment,
       .time_limit = time_limit},
      grade);
  if (!trouble.empty()) {
    return trouble;
  }
  if (std::string differs = difference(grade); !differs.empty()) {
    return differs;
  }
  if (row.covered->bits == Covered::Bits::any) {
    return {};
  }
  return wrong_bits(
      row,
      ordinary_answers(port, open.program, golden, calls, time_limit, ordinary),
      grade);
}

Json evidence_line(
    const Port& port,
    const VariantRow& row,
    const Opened& open,
    const Golden& golden,
    const Result& r) {
  const std::map<std::string, std::string>& environment =
      row.variant->environment;
  Json line = evidence_fields(port, *row.component, golden, open.program, r);
  line["variant"] = row.variant->name;
  line["environment"] = environment;
  line["about"] = surroundings(open.program, environment);
  line["calls"] = calls_of(row, golden).size();
  line["fingerprint"] = fingerprint_of(port, row, golden);
  return line;
}

Result verify_row(
    Port& port,
    const VariantRow& row,
    const Opened& open,
    const VariantOptions& options,
    const std::vector<Result>& ordinary) {
  const Component& c = *row.component;
  Result r;
  r.component = c.name;
  r.variant = row.variant->name;
  if (r.why = lacks(port, c, open.program); !r.why.empty()) {
    return r;
  }
  if (!open.lacking.empty()) {
    r.state = Result::State::away;
    r.why = "NOT RUN HERE: this machine lacks " + open.lacking;
    return r;
  }
  if (const std::string file =
          stale_of(port, c, closure_of(port, row), open.program);
      !file.empty()) {
    r.state = Result::State::stale;
    r.why = fmt::format("{} changed since the build: build again", file);
    return r;
  }
  r.state = Result::State::fail;
  std::optional<Golden> golden;
  try {
    golden = port.golden(c);
    r.why = mlxaudio::replace_malformed_utf8(
        run_row(port, row, open, options, ordinary, *golden, r));
  } catch (const mlxaudio::Error& e) {
    r.why = e.what();
  }
  r.state = r.why.empty() ? Result::State::pass : Result::State::fail;
  if (options.record && golden) {
    record(port, evidence_line(port, row, open, *golden, r));
  }
  return r;
}

bool wanted(
    const Port& port, const VariantRow& row, const VariantOptions& options) {
  const Rule* stage = port.reference.stage(row.component->name);
  return matches(options.variant, row.variant->name) &&
         matches(options.component, row.component->name) &&
         (options.stage.empty() ||
          (stage != nullptr && stage->text == options.stage)) &&
         !waits_for_calls(port, row);
}

} // namespace

std::vector<Result> verify_variants(
    Port& port,
    const VariantOptions& options,
    const std::vector<Result>& ordinary) {
  if (options.record && options.jobs != 1) {
    throw mlxaudio::ArgumentError(
        "[portproof] evidence is of one run at a time: give jobs = 1, or do "
        "not record");
  }
  std::vector<VariantRow> rows = variant_rows(port);
  std::erase_if(rows, [&](const VariantRow& row) {
    return !wanted(port, row, options);
  });
  std::map<std::string, Opened> all_open;
  for (const VariantRow& row : rows) {
    if (!all_open.contains(row.variant->name)) {
      all_open.emplace(row.variant->name, opened(*row.variant, options));
    }
  }
  std::vector<Result> results(rows.size());
  std::mutex told;
  in_parallel(rows.size(), options.jobs, [&](std::size_t i) {
    const auto start = std::chrono::steady_clock::now();
    const Opened& open = all_open.at(rows[i].variant->name);
    results[i] = verify_row(port, rows[i], open, options, ordinary);
    results[i].seconds =
        std::chrono::duration<double>(std::chrono::steady_clock::now() - start)
            .count();
    if (options.progress) {
      const std::lock_guard lock(told);
      options.progress(results[i]);
    }
  });
  return results;
}

Json surroundings_of(
    const std::vector<std::string>& command, const Variant& variant) {
  return surroundings(
      ProbeProgram::open(command, variant.environment),
      variant.environment);
}

} // namespace portproof
