// SPDX-License-Identifier: MIT
#include "portproof/mutation_run.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdlib>
#include <set>
#include <utility>

#include <fmt/format.h>

#include "core/mapped_file.h"
#include "core/sha256.h"
#include "core/utf8.h"
#include "mlxaudio/error.h"
#include "portproof/text.h"
#include "portproof/verify.h"
#include "portproof/weight_mutants.h"

namespace portproof {
namespace {

namespace fs = std::filesystem;
using mlxaudio::ConfigError;
using Outcome = MutantResult::Outcome;

double seconds_since(std::chrono::steady_clock::time_point start) {
  const std::chrono::duration<double> d =
      std::chrono::steady_clock::now() - start;
  return std::round(d.count() * 10) / 10;
}

} // namespace

MutationRun::MutationRun(
    Port& port,
    fs::path build,
    fs::path program,
    fs::path folder,
    std::optional<int> time_limit)
    : port_(port),
      build_(std::move(build)),
      program_(std::move(program)),
      folder_(std::move(folder)),
      time_limit_(time_limit) {
  for (const Component* c : judged_components(port_)) {
    closures_[c->name] = port_.closure(*c);
  }
}

std::vector<std::string> MutationRun::resting_on(
    const std::vector<std::string>& files) {
  std::vector<std::string> out;
  for (const Component* c : judged_components(port_)) {
    const std::set<std::string>& closure = closures_.at(c->name);
    if (std::any_of(files.begin(), files.end(), [&](const std::string& f) {
          return closure.contains(f);
        })) {
      out.push_back(c->name);
    }
  }
  // Of those that rest on as many files, the reference's order stays: what is
  // used comes before what uses it.
  std::stable_sort(out.begin(), out.end(), [&](const auto& a, const auto& b) {
    return closures_.at(a).size() < closures_.at(b).size();
  });
  return out;
}

std::string MutationRun::state_of(const Mutant& mutant) const {
  mlxaudio::Sha256 hash;
  if (const SourceFile* file = port_.sources.find(mutant.file)) {
    hash.update(file->hash);
  }
  if (const Component* c = port_.inventory.find(mutant.component)) {
    if (const std::optional<Golden> golden = port_.golden(*c)) {
      hash.update(golden->sha256);
    }
  }
  return hash.hex().substr(0, 16);
}

void MutationRun::ready() {
  if (!scratch_) {
    scratch_.emplace(port_, build_, folder_);
  }
}

std::string MutationRun::recordable(const std::string& said) const {
  std::string out = mlxaudio::replace_malformed_utf8(said);
  if (scratch_) {
    out = replaced(out, scratch_->copy().root.string() + "/", "");
  }
  const char* home = std::getenv("HOME");
  return home == nullptr || *home == '\0'
             ? out
             : replaced(out, std::string(home) + "/", "~/");
}

std::string MutationRun::red(
    const std::string& component, const Mutant* weights) {
  VerifyOptions options;
  options.component = component;
  options.command = {(weights != nullptr ? program_ : built_).string()};
  options.record = false;
  options.time_limit = time_limit_;
  if (weights != nullptr) {
    options.alter = [weights](mlxaudio::Json& args, Arrays& arrays) {
      plant(*weights, args, arrays);
    };
  }
  Port& port = weights == nullptr && copy_ ? *copy_ : port_;
  const std::vector<Result> results = verify(port, options);
  for (const Result& r : results) {
    if (r.state == Result::State::stale) {
      throw ConfigError("[portproof] " + r.why);
    }
    if (r.state != Result::State::pass) {
      return r.why;
    }
  }
  return {};
}

void MutationRun::expect_green(const std::string& component) {
  if (green_.contains(component)) {
    return;
  }
  // In a copy that is built whole, the program is of the copy as it was.
  const Mutant nothing;
  const bool whole = scratch_ && scratch_->is_whole();
  std::string why = whole ? build({}) : std::string();
  if (why.empty()) {
    why = red(component, whole ? nullptr : &nothing);
  }
  if (!why.empty()) {
    throw ConfigError(fmt::format(
        "[portproof] {} is red without a planted defect: {}: mend that first",
        component,
        why));
  }
  green_.insert(component);
}

std::string MutationRun::build(std::vector<Mutant> rewrites) {
  ready();
  // From the end, so that those still to come are where they were.
  std::sort(rewrites.begin(), rewrites.end(), [](const auto& a, const auto& b) {
    return a.line > b.line;
  });
  std::map<std::string, std::string> files;
  for (const Mutant& m : rewrites) {
    const auto it = files.find(m.file);
    const std::string text = it != files.end()
                                 ? it->second
                                 : mlxaudio::read_file(
                                       port_.project.root / m.file,
                                       mlxaudio::ErrorCode::config);
    files[m.file] = planted(m, text);
  }
  changed_.clear();
  for (const auto& [file, text] : files) {
    changed_.push_back(file);
  }
  const ScratchBuild::Program program = scratch_->make(files);
  built_ = program.path;
  copy_.reset();
  if (program.trouble.empty() && scratch_->is_whole()) {
    copy_.emplace(
        scratch_->copy(),
        port_.reference.model,
        scratch_->copy_build());
  }
  return program.trouble;
}

std::vector<std::pair<std::string, std::string>> MutationRun::red_of_build() {
  std::vector<std::pair<std::string, std::string>> out;
  for (const std::string& component : resting_on(changed_)) {
    std::string why = red(component, nullptr);
    if (!why.empty()) {
      out.emplace_back(component, std::move(why));
    }
  }
  return out;
}

MutantResult MutationRun::judge(const Mutant& mutant) {
  const auto start = std::chrono::steady_clock::now();
  MutantResult r;
  r.id = mutant.id;
  r.state = state_of(mutant);
  std::vector<std::string> order = {mutant.component};
  if (!mutant.of_weights()) {
    r.why = recordable(build({mutant}));
    if (!r.why.empty()) {
      r.outcome = Outcome::invalid;
      r.seconds = seconds_since(start);
      return r;
    }
    order = resting_on({mutant.file});
  }
  const Mutant* weights = mutant.of_weights() ? &mutant : nullptr;
  for (const std::string& component : order) {
    const std::string why = red(component, weights);
    if (!why.empty()) {
      r.outcome = Outcome::caught;
      r.first = component;
      r.why = recordable(why);
      r.named = component == mutant.component ||
                !red(mutant.component, weights).empty();
      break;
    }
  }
  r.seconds = seconds_since(start);
  if (r.outcome == Outcome::caught) {
    expect_green(r.first);
    if (r.named) {
      expect_green(mutant.component);
    }
  }
  return r;
}

} // namespace portproof
