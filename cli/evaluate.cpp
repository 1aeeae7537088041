// SPDX-License-Identifier: MIT
#include "cli/evaluate.h"

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <new>
#include <system_error>
#include <utility>

#include <fmt/format.h>

#include "cli/evaluate_options.h"
#include "cli/evaluation.h"
#include "cli/evaluation_table.h"
#include "cli/known_files.h"
#include "cli/manifest.h"
#include "cli/progress.h"
#include "cli/stopwatch.h"
#include "cli/streams.h"
#include "core/atomic_file.h"
#include "core/utf8.h"
#include "models/whisper/tokenizer.h"

namespace mlxaudio::cli {
namespace {

namespace fs = std::filesystem;

/// The code of a language as manifests write it: "en", "English", "en-GB".
/// \throws ManifestError naming the line
std::string language_code(
    const ManifestEntry& entry, const fs::path& manifest) {
  std::string name = *entry.language;
  std::transform(name.begin(), name.end(), name.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  auto code = whisper::find_language(name);
  if (!code) {
    code = whisper::find_language(name.substr(0, name.find_first_of("-_")));
  }
  if (!code) {
    throw ManifestError(fmt::format(
        "[cli] {}, line {}: unknown language \"{}\": use a code such as en, "
        "de or zh, or an English name",
        printable(manifest.string()),
        entry.line,
        printable(*entry.language, 40)));
  }
  return std::string(*code);
}

/// Checks, before any work is done, that the result has a place to go to.
/// \throws ArgumentError, OutputError
void check_output(
    const fs::path& output,
    const fs::path& manifest,
    const std::vector<ManifestEntry>& entries) {
  std::error_code ignored;
  if (fs::is_directory(output, ignored)) {
    throw OutputError(fmt::format(
        "[cli] cannot write {}: a folder has that name: use another --output",
        output.string()));
  }
  KnownFiles known;
  known.add(manifest);
  for (const ManifestEntry& entry : entries) {
    known.add(entry.audio);
  }
  if (const fs::path* const other = known.find(output)) {
    throw ArgumentError(fmt::format(
        "[cli] the result would overwrite {}: use another --output",
        printable(other->string())));
  }
  // Whether a file can be made there is best asked by making one.
  AtomicFile(output).write("");
}

/// One run of the verb.
class Evaluator {
 public:
  Evaluator(const EvaluateArguments& arguments, Context& context)
      : arguments_(arguments),
        work_(*arguments.transcribe),
        context_(context),
        manifest_(context.positionals.front()),
        scorer_(arguments.normalization) {}

  ExitCode run();

 private:
  void read();
  void load();
  /// Transcribes and scores one file; false if it was interrupted.
  bool evaluate(const ManifestEntry& entry, std::size_t number);
  /// The same, with what goes wrong noted as the result.
  void evaluate_or_fail(const ManifestEntry& entry, std::size_t number);
  void evaluate_all();
  void fail(
      const ManifestEntry& entry, ExitCode code, std::string_view message);
  void take(FileResult result);
  void check_duration(const ManifestEntry& entry, double duration);
  void print_row(const FileResult& result);
  std::string place_of(const ManifestEntry& entry) const;
  void write_document() const;
  void finish();

  EvaluateArguments arguments_;
  TranscribeArguments work_;
  Context& context_;
  fs::path manifest_;
  Scorer scorer_;
  std::vector<ManifestEntry> entries_;
  std::optional<SpeechToText> model_;
  /// The language of entries for which neither options nor manifest name one.
  std::optional<std::string> assumed_language_;
  std::optional<Table> table_;
  ProgressLine progress_;
  Evaluation evaluation_;
  std::optional<ExitCode> first_failure_;
};

std::string Evaluator::place_of(const ManifestEntry& entry) const {
  return fmt::format("{}, line {}", printable(manifest_.string()), entry.line);
}

void Evaluator::read() {
  entries_ = read_manifest(manifest_, arguments_.audio_dir);
  if (arguments_.output) {
    check_output(*arguments_.output, manifest_, entries_);
  }
  if (arguments_.limit && *arguments_.limit < entries_.size()) {
    entries_.resize(*arguments_.limit);
  }
  std::vector<std::string> ids;
  for (ManifestEntry& entry : entries_) {
    if (entry.language) {
      entry.language = language_code(entry, manifest_);
    }
    ids.push_back(entry.id);
  }
  if (!arguments_.json) {
    table_.emplace(ids);
  }
}

void Evaluator::load() {
  progress_.show(fmt::format("loading {}", work_.model));
  std::vector<std::string> warnings = work_.warnings;
  {
    const Signals::ExitAtOnce loading(context_.signals);
    model_ = load_model(work_, warnings);
    if (!arguments_.language_given) {
      // The manifest comes first.
      assumed_language_ = std::exchange(work_.options.language, std::nullopt);
    }
  }
  progress_.finish();
  check_options(*model_, work_.options);
  for (const std::string& warning : warnings) {
    tell_warning(warning);
  }
  evaluation_.manifest = replace_malformed_utf8(manifest_.string());
  evaluation_.model = model_->info();
  evaluation_.options = work_.options;
  evaluation_.normalization = arguments_.normalization;
}

void Evaluator::print_row(const FileResult& result) {
  if (table_) {
    progress_.clear();
    print(table_->row(result, arguments_.diff));
    progress_.restore();
  }
}

void Evaluator::take(FileResult result) {
  evaluation_.files.push_back(std::move(result));
  print_row(evaluation_.files.back());
}

void Evaluator::fail(
    const ManifestEntry& entry, ExitCode code, std::string_view message) {
  first_failure_ = first_failure_.value_or(code);
  progress_.finish();
  tell_error(fmt::format("{}: {}", place_of(entry), message));
  FileResult result;
  result.id = entry.id;
  result.audio = replace_malformed_utf8(entry.audio.string());
  result.line = entry.line;
  result.reference = entry.text;
  result.error = replace_malformed_utf8(message);
  take(std::move(result));
}

void Evaluator::check_duration(const ManifestEntry& entry, double duration) {
  constexpr double kLeast = 0.5; // s, and a fiftieth: lengths are rounded
  if (entry.duration && std::abs(*entry.duration - duration) >
                            std::max(kLeast, *entry.duration / 50)) {
    progress_.clear();
    tell(fmt::format(
        "mlx-audio: {}: {} has {:.2f} s of audio, the manifest says {:.2f} "
        "s\n",
        place_of(entry),
        printable(entry.audio.string()),
        duration,
        *entry.duration));
    progress_.restore();
  }
}

bool Evaluator::evaluate(const ManifestEntry& entry, std::size_t number) {
  progress_.start(
      fmt::format("[{}/{}] {}", number, entries_.size(), printable(entry.id)));
  TranscribeOptions options = work_.options;
  if (!options.language) {
    options.language = entry.language ? entry.language : assumed_language_;
  }
  FileResult result;
  TranscribeCallbacks callbacks;
  callbacks.on_progress = [&](const TranscribeProgress& progress) {
    result.duration = progress.total;
    progress_.update(progress);
  };
  const Stopwatch watch;
  const Transcription transcription = model_->transcribe(
      entry.audio,
      options,
      callbacks,
      context_.signals.token());
  result.seconds = watch.seconds();
  if (!transcription.complete) {
    return false;
  }
  check_duration(entry, result.duration);
  result.id = entry.id;
  result.audio = replace_malformed_utf8(entry.audio.string());
  result.line = entry.line;
  // It repeats an option as it was given, "English" too.
  const auto code = whisper::find_language(transcription.language);
  result.language = code ? std::string(*code) : transcription.language;
  result.reference = entry.text;
  result.hypothesis = replace_malformed_utf8(transcription.text);
  result.score = scorer_.score(
      result.reference,
      result.hypothesis,
      options.task == "translate" ? "en" : result.language);
  progress_.finish();
  take(std::move(result));
  return true;
}

void Evaluator::write_document() const {
  if (arguments_.output) {
    write_file(*arguments_.output, document(evaluation_));
  }
}

void Evaluator::finish() {
  progress_.finish();
  write_document();
  if (table_) {
    print(table_->summary(evaluation_.totals()));
  } else {
    print(document(evaluation_));
  }
}

void Evaluator::evaluate_or_fail(
    const ManifestEntry& entry, std::size_t number) {
  try {
    evaluation_.complete = evaluate(entry, number);
  } catch (const OutputError&) {
    throw; // of the table
  } catch (const Error& e) {
    if (e.code() == ErrorCode::interrupted) {
      evaluation_.complete = false;
      return;
    }
    fail(entry, exit_code_of(e.code()), e.what());
  } catch (const std::bad_alloc&) {
    fail(
        entry,
        ExitCode::input,
        "[cli] not enough memory: use a smaller model or file");
  } catch (const std::exception& e) {
    fail(entry, ExitCode::input, fmt::format("[cli] {}", e.what()));
  }
}

void Evaluator::evaluate_all() {
  if (table_) {
    print(table_->header());
  }
  for (std::size_t i = 0; i < entries_.size() && evaluation_.complete; ++i) {
    if (context_.signals.stopped()) {
      evaluation_.complete = false;
    } else {
      evaluate_or_fail(entries_[i], i + 1);
    }
  }
}

ExitCode Evaluator::run() {
  read();
  load();
  try {
    evaluate_all();
  } catch (...) {
    // Perhaps nobody reads on, but the file can be kept.
    evaluation_.complete = false;
    write_document();
    throw;
  }
  finish();
  if (!evaluation_.complete) {
    tell(fmt::format(
        "mlx-audio: interrupted: {} of {} files are done\n",
        evaluation_.files.size(),
        entries_.size()));
    return ExitCode::interrupted;
  }
  if (!first_failure_) {
    return ExitCode::done;
  }
  return evaluation_.totals().files > 0 ? ExitCode::some_failed
                                        : *first_failure_;
}

} // namespace

Command evaluate_command() {
  auto arguments = std::make_shared<EvaluateArguments>();
  return {evaluate_verb(arguments), [arguments](Context& context) {
            return Evaluator(*arguments, context).run();
          }};
}

} // namespace mlxaudio::cli
