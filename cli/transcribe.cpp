// SPDX-License-Identifier: MIT
#include "cli/transcribe.h"

#include <algorithm>
#include <exception>
#include <filesystem>
#include <map>
#include <memory>
#include <new>
#include <optional>
#include <set>
#include <span>
#include <sstream>
#include <stop_token>
#include <system_error>

#include <fmt/format.h>
#include <unistd.h>

#include "cli/batch_options.h"
#include "cli/bench_figures.h"
#include "cli/in_turn.h"
#include "cli/inputs.h"
#include "cli/json_lines.h"
#include "cli/known_files.h"
#include "cli/memory_table.h"
#include "cli/progress.h"
#include "cli/stopwatch.h"
#include "cli/streams.h"
#include "cli/task_times.h"
#include "cli/transcribe_options.h"
#include "core/atomic_file.h"
#include "engine/memory_report.h"
#include "models/whisper/tokenizer.h"
#include "models/whisper/utils.h"
#include "models/whisper/writers.h"

namespace mlxaudio::cli {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kStandardInput = "-";

/// What the files of an input are named after.
fs::path name_of(const std::string& input) {
  return input == kStandardInput ? fs::path("stdin") : fs::path(input);
}

/// Whether an input may keep us waiting, and can be read only once: the
/// standard input, a pipe, a device.
bool is_stream(const std::string& input) {
  if (input == kStandardInput) {
    return true;
  }
  std::error_code missing;
  const fs::file_status status = fs::status(input, missing);
  return fs::exists(status) && !fs::is_regular_file(status);
}

/// Makes a folder and those above it.
/// \throws OutputError
void make_folder(const fs::path& folder) {
  std::error_code error;
  for (fs::path above = folder; !above.empty(); above = above.parent_path()) {
    if (fs::exists(above, error)) {
      if (!fs::is_directory(above, error)) {
        throw OutputError(fmt::format(
            "[cli] cannot make the folder {}: {} is a file: move it away, or "
            "use another --output-dir",
            folder.string(),
            above.string()));
      }
      break;
    }
  }
  fs::create_directories(folder, error);
  if (error) {
    throw OutputError(fmt::format(
        "[cli] cannot make the folder {}: {}: {}",
        folder.string(),
        error.message(),
        mend_for_writing(error.value())));
  }
}

/// Checks, before any work is done, that the results have places to go to.
/// \throws ArgumentError, OutputError
void check_outputs(
    const TranscribeArguments& arguments,
    const std::vector<std::string>& inputs) {
  if (std::count(inputs.begin(), inputs.end(), kStandardInput) > 1) {
    throw ArgumentError(
        "[cli] the standard input (-) can be read only once: name it once");
  }
  const std::string format = arguments.format.value_or("txt");
  if (!arguments.output_dir) {
    if (arguments.json) {
      return;
    }
    if (inputs.size() > 1 && format != "txt" && format != "json") {
      throw ArgumentError(fmt::format(
          "[cli] several inputs do not make one {} file{}: use --output-dir, "
          "or --format txt",
          format,
          arguments.format_is_default
              ? ", which is a default (`mlx-audio info` shows where it stands)"
              : ""));
    }
    return;
  }

  const fs::path& folder = *arguments.output_dir;
  std::map<fs::path, std::string> taken;
  KnownFiles known;
  for (const std::string& input : inputs) {
    known.add(input);
  }
  for (const std::string& input : inputs) {
    for (const auto& writer :
         whisper::get_writer(arguments.format.value_or("all"))) {
      const fs::path path =
          whisper::output_path(folder, name_of(input), writer->extension());
      if (const auto [old, added] = taken.emplace(path, input); !added) {
        throw ArgumentError(fmt::format(
            "[cli] {} and {} would both be written to {}: transcribe them "
            "into different folders",
            old->second,
            input,
            path.string()));
      }
      std::error_code ignored;
      if (fs::is_directory(path, ignored)) {
        throw OutputError(fmt::format(
            "[cli] cannot write {}: a folder has that name: move it away, or "
            "use another --output-dir",
            path.string()));
      }
      if (const fs::path* const other = known.find(path)) {
        throw ArgumentError(fmt::format(
            "[cli] the text of {} would overwrite {}: use another "
            "--output-dir",
            input,
            other->string()));
      }
    }
  }

  make_folder(folder);
  check_folder(folder);
}

/// One run of the verb.
class Transcriber {
 public:
  Transcriber(const TranscribeArguments& arguments, Context& context)
      : arguments_(arguments),
        context_(context),
        inputs_(expand(context.positionals)) {}

  ExitCode run();

 private:
  /// \return the files that were written
  using WriteFiles = std::function<std::vector<fs::path>()>;

  struct Counts {
    int done = 0;
    int failed = 0;
    std::optional<ExitCode> first_failure;
  };

  void prepare();
  void load();
  void transcribe_input(const std::string& input);
  /// Files that are decoded together.
  void transcribe_together(std::span<const std::string> inputs);
  /// \param elapsed since the work on it began \unit s
  void begin_input(const std::string& input, double elapsed);
  /// \param total the audio's length \unit s
  /// \param seconds that the work took
  /// \param files writes its files, or says what came of it
  void end_input(
      const std::string& input,
      const Transcription& result,
      double total,
      double seconds,
      const WriteFiles& files);
  /// Does work for an input; what goes wrong is told and counted.
  /// \return whether that was all
  bool attempt(const std::string& input, const std::function<void()>& work);
  void transcribe_inputs();
  /// \param total becomes the audio's length \unit s
  Transcription decode(const std::string& input, double& total);
  void on_segments(const std::vector<Segment>& segments);
  void on_language(const std::string& language);
  /// What --output-dir asks for.
  /// \return the files
  std::vector<fs::path> write_files(
      const std::string& input, const Transcription& result) const;
  /// Writes them now.
  /// \return says, where it is the input's turn, what came of it
  WriteFiles written_at_once(
      const std::string& input, const Transcription& result) const;
  /// Ends the result on the standard output.
  void end_stream(const Transcription& result);
  void count_failure(
      const std::string& input, ExitCode code, std::string_view message);
  void fail(
      const std::optional<std::string>& input,
      ExitCode code,
      std::string_view message);
  void tell_no_text(const std::string& input);
  void say(std::string_view line);
  void print_timed(const Segment& segment);
  void tell_stats() const;
  void tell_memory() const;

  /// Whether the standard output carries the results in their format.
  bool to_standard_output() const {
    return !arguments_.output_dir && !arguments_.json;
  }
  /// Whether --verbose's lines take the place of the plain text there.
  bool timed_lines_on_output() const {
    return arguments_.verbose && !arguments_.json &&
           (arguments_.output_dir || !arguments_.format);
  }

  TranscribeArguments arguments_;
  Context& context_;
  std::vector<std::string> inputs_;
  std::optional<SpeechToText> model_;
  std::unique_ptr<whisper::ResultWriter> stream_; ///< of this input
  ProgressLine progress_;
  Counts counts_;
  bool heading_due_ = false;
  bool interrupted_ = false;
  bool output_broken_ = false;
  std::string current_;
  double audio_seconds_ = 0;
  double load_seconds_ = 0;
  double transcribe_seconds_ = 0;
};

void Transcriber::say(std::string_view line) {
  progress_.clear();
  tell(fmt::format("{}\n", line));
  progress_.restore();
}

void Transcriber::fail(
    const std::optional<std::string>& input,
    ExitCode code,
    std::string_view message) {
  progress_.finish();
  if (arguments_.json) {
    print(error_line(input, code, message));
  }
  tell_error(message);
}

void Transcriber::count_failure(
    const std::string& input, ExitCode code, std::string_view message) {
  ++counts_.failed;
  counts_.first_failure = counts_.first_failure.value_or(code);
  fail(input, code, message);
}

void Transcriber::tell_no_text(const std::string& input) {
  progress_.finish();
  const std::string message =
      fmt::format("interrupted: {} has no text yet", input);
  if (arguments_.json) {
    print(error_line(input, ExitCode::interrupted, message));
  }
  tell(fmt::format("mlx-audio: {}\n", message));
}

void Transcriber::load() {
  progress_.show(fmt::format("loading {}", arguments_.model));
  const Stopwatch watch;
  std::vector<std::string> warnings;
  {
    const Signals::ExitAtOnce loading(context_.signals);
    model_ = load_model(arguments_, warnings);
  }
  load_seconds_ = watch.seconds();
  progress_.finish();
  for (const std::string& warning : warnings) {
    tell_warning(warning);
  }
}

/// What can go wrong before the first input.
void Transcriber::prepare() {
  for (const std::string& warning : arguments_.warnings) {
    tell_warning(warning);
  }
  // The message is told on the standard error by who calls this verb.
  const auto note = [this](ExitCode code, std::string_view message) {
    progress_.finish();
    if (arguments_.json) {
      print(error_line(std::nullopt, code, message));
    }
  };
  try {
    check_outputs(arguments_, inputs_);
    load();
    check_options(*model_, arguments_.options);
  } catch (const Error& e) {
    note(exit_code_of(e.code()), e.what());
    throw;
  } catch (const std::bad_alloc&) {
    note(ExitCode::model, "not enough memory: use a smaller model");
    throw;
  } catch (const std::exception& e) {
    note(ExitCode::model, e.what());
    throw;
  }
}

void Transcriber::print_timed(const Segment& segment) {
  const std::string line = fmt::format(
      "[{} --> {}] {}\n",
      whisper::format_timestamp(segment.start),
      whisper::format_timestamp(segment.end),
      // The reference prints a segment before it clears it.
      segment.cleared ? segment.cleared_text : segment.text);
  if (timed_lines_on_output()) {
    print(line);
  } else {
    tell(line);
  }
}

void Transcriber::on_segments(const std::vector<Segment>& segments) {
  progress_.clear();
  if (heading_due_ && !segments.empty()) {
    heading_due_ = false;
    print(fmt::format("==> {} <==\n", current_));
  }
  if (stream_) {
    std::ostringstream text;
    for (const Segment& segment : segments) {
      stream_->write(segment, text);
    }
    print(text.str());
  }
  if (arguments_.verbose) {
    std::for_each(segments.begin(), segments.end(), [this](const Segment& s) {
      print_timed(s);
    });
  }
  progress_.restore();
}

void Transcriber::on_language(const std::string& language) {
  if (!arguments_.verbose || arguments_.options.language ||
      !model_->info().multilingual) {
    return;
  }
  for (const whisper::Language& known : whisper::kLanguages) {
    if (known.code == language) {
      say(fmt::format("{}: language detected: {}", current_, known.name));
    }
  }
}

/// Callbacks must not throw through a model that is at work: what one throws
/// stops the model, and is thrown when that has come to rest.
class Guard {
 public:
  explicit Guard(const std::stop_token& outer)
      : forward_(outer, StopSource{&stop_}) {}

  std::stop_token token() const {
    return stop_.get_token();
  }
  void stop() {
    stop_.request_stop();
  }
  /// A callback.
  void operator()(const std::function<void()>& call) {
    if (failure_) {
      return;
    }
    try {
      call();
    } catch (...) {
      failure_ = std::current_exception();
      stop_.request_stop();
    }
  }
  /// Calls the model.
  void run(const std::function<void()>& work) const {
    try {
      work();
    } catch (...) {
      if (!failure_) {
        throw;
      }
    }
    if (failure_) {
      std::rethrow_exception(failure_);
    }
  }

 private:
  struct StopSource {
    std::stop_source* source;
    void operator()() const {
      source->request_stop();
    }
  };

  std::exception_ptr failure_;
  std::stop_source stop_;
  std::stop_callback<StopSource> forward_;
};

Transcription Transcriber::decode(const std::string& input, double& total) {
  Guard guard(context_.signals.token());
  // A program at the other end of a pipe may keep us waiting for ever; there
  // is no text yet that could be lost.
  std::optional<Signals::ExitAtOnce> reading;
  if (is_stream(input)) {
    reading.emplace(context_.signals);
  }
  TranscribeCallbacks callbacks;
  callbacks.on_segments = [&](const std::vector<Segment>& segments) {
    reading.reset();
    guard([&] { on_segments(segments); });
  };
  callbacks.on_progress = [&](const TranscribeProgress& progress) {
    reading.reset();
    total = progress.total;
    guard([&] { progress_.update(progress); });
  };
  callbacks.on_language = [&](const std::string& language) {
    reading.reset();
    guard([&] { on_language(language); });
  };
  std::optional<Transcription> result;
  guard.run([&] {
    result = model_->transcribe(
        fs::path(input),
        arguments_.options,
        callbacks,
        guard.token());
  });
  return std::move(*result);
}

void Transcriber::end_stream(const Transcription& result) {
  if (!stream_) {
    return;
  }
  std::ostringstream text;
  stream_->end(result, text);
  // The reference's JSON ends without an end of line; a stream of several
  // needs one.
  if (arguments_.format == "json") {
    text << '\n';
  }
  print(text.str());
}

/// Whether a transcription was interrupted before it had any text.
bool has_no_text_yet(const Transcription& result) {
  return !result.complete && result.segments.empty();
}

std::vector<fs::path> Transcriber::write_files(
    const std::string& input, const Transcription& result) const {
  std::vector<fs::path> written;
  if (!arguments_.output_dir) {
    return written;
  }
  for (const auto& writer : whisper::get_writer(
           arguments_.format.value_or("all"),
           arguments_.writing)) {
    std::ostringstream text;
    writer->write_result(result, text);
    written.push_back(whisper::output_path(
        *arguments_.output_dir,
        name_of(input),
        writer->extension()));
    AtomicFile file(written.back());
    file.write(text.str());
    file.commit();
  }
  return written;
}

void Transcriber::begin_input(const std::string& input, double elapsed) {
  current_ = input;
  stream_.reset();
  if (to_standard_output() && !timed_lines_on_output()) {
    stream_ = std::move(whisper::get_writer(
                            arguments_.format.value_or("txt"),
                            arguments_.writing)
                            .front());
  }
  const bool plain = !arguments_.format || *arguments_.format == "txt";
  heading_due_ = to_standard_output() && plain && inputs_.size() > 1;
  progress_.start(input, elapsed);
  if (stream_) {
    std::ostringstream text;
    stream_->begin(text);
    progress_.clear();
    print(text.str());
    progress_.restore();
  }
}

void Transcriber::end_input(
    const std::string& input,
    const Transcription& result,
    double total,
    double seconds,
    const WriteFiles& files) {
  audio_seconds_ += total;
  progress_.finish();
  interrupted_ = interrupted_ || !result.complete;
  if (has_no_text_yet(result)) {
    tell_no_text(input);
    return;
  }
  end_stream(result);
  const std::vector<fs::path> written = files();
  if (arguments_.json) {
    print(result_line(
        {input,
         arguments_.model,
         arguments_.options.task,
         total,
         seconds,
         written},
        result));
  }
  if (!result.complete) {
    tell(fmt::format(
        "mlx-audio: interrupted: {} is done up to {}\n",
        input,
        clock(result.segments.back().end)));
  }
}

void Transcriber::transcribe_input(const std::string& input) {
  if (input == kStandardInput && ::isatty(STDIN_FILENO) == 1) {
    throw AudioError(
        "[cli] the standard input is a terminal: give it audio, as in "
        "`mlx-audio transcribe - < clip.wav`");
  }
  const Stopwatch watch;
  begin_input(input, 0);
  double total = 0;
  const Transcription result = decode(input, total);
  const double seconds = watch.seconds();
  transcribe_seconds_ += seconds;
  end_input(input, result, total, seconds, [&] {
    return write_files(input, result);
  });
}

Transcriber::WriteFiles Transcriber::written_at_once(
    const std::string& input, const Transcription& result) const {
  std::vector<fs::path> written;
  try {
    if (!has_no_text_yet(result)) {
      written = write_files(input, result);
    }
  } catch (...) {
    return [error = std::current_exception()]() -> std::vector<fs::path> {
      std::rethrow_exception(error);
    };
  }
  return [written] { return written; };
}

/// Whether an error says that work was stopped.
bool is_interruption(const std::exception_ptr& error) {
  if (!error) {
    return false;
  }
  try {
    std::rethrow_exception(error);
  } catch (const InterruptedError&) {
    return true;
  } catch (...) {
    return false;
  }
}

void Transcriber::transcribe_together(std::span<const std::string> inputs) {
  struct File {
    Stopwatch watch;
    double total = 0; ///< \unit s
    bool failed = false;
    bool ended = false; ///< it has an outcome, told or held
  };
  std::vector<std::optional<File>> files(inputs.size());
  InTurn turns;
  Guard guard(context_.signals.token());
  const auto add = [&](std::size_t i, const std::function<void()>& event) {
    turns.add(i, [&, i, event] {
      if (!output_broken_ && !files[i]->failed) {
        files[i]->failed = !attempt(inputs[i], event);
      }
      if (output_broken_) {
        guard.stop();
      }
    });
  };
  const auto end = [&](std::size_t i, const std::function<void()>& event) {
    add(i, event);
    files[i]->ended = true;
    turns.end(i);
  };
  TranscribeAllCallbacks callbacks;
  callbacks.on_start = [&](std::size_t i) {
    files[i].emplace();
    guard([&] {
      add(i, [&, i] { begin_input(inputs[i], files[i]->watch.seconds()); });
    });
  };
  callbacks.on_segments = [&](std::size_t i,
                              const std::vector<Segment>& segments) {
    guard([&] { add(i, [this, segments] { on_segments(segments); }); });
  };
  callbacks.on_progress = [&](std::size_t i,
                              const TranscribeProgress& progress) {
    files[i]->total = progress.total;
    guard([&] { add(i, [this, progress] { progress_.update(progress); }); });
  };
  callbacks.on_language = [&](std::size_t i, const std::string& language) {
    guard([&] { add(i, [this, language] { on_language(language); }); });
  };
  callbacks.on_done = [&](std::size_t i, const TranscribeOutcome& outcome) {
    const double seconds = files[i]->watch.seconds();
    guard([&] {
      if (outcome.error) {
        end(i, [error = outcome.error] { std::rethrow_exception(error); });
        return;
      }
      // Held events outlive what the model refers to if it fails as a whole.
      const auto result =
          std::make_shared<const Transcription>(*outcome.transcription);
      const WriteFiles written = output_broken_ || files[i]->failed
                                     ? WriteFiles()
                                     : written_at_once(inputs[i], *result);
      end(i, [&, i, seconds, result, written] {
        end_input(inputs[i], *result, files[i]->total, seconds, written);
        ++counts_.done;
      });
    });
  };
  const Stopwatch watch;
  const std::vector<fs::path> paths(inputs.begin(), inputs.end());
  std::exception_ptr failure;
  try {
    guard.run([&] {
      for (const TranscribeOutcome& outcome : model_->transcribe_all(
               paths,
               arguments_.batch_size,
               arguments_.options,
               callbacks,
               guard.token())) {
        interrupted_ = interrupted_ || is_interruption(outcome.error);
      }
    });
  } catch (const ClosedPipe&) {
    throw;
  } catch (...) {
    failure = std::current_exception();
  }
  transcribe_seconds_ += watch.seconds();
  for (std::size_t i = 0; failure && i < inputs.size(); ++i) {
    if (!files[i]) {
      files[i].emplace();
    }
    if (!files[i]->ended) {
      end(i, [failure] { std::rethrow_exception(failure); });
    }
  }
}

void Transcriber::tell_stats() const {
  tell(fmt::format(
      "{:.1f} s of audio in {:.2f} s (real-time factor {:.3f}), model loaded "
      "in {:.2f} s, at most {:.0f} MB of memory\n",
      audio_seconds_,
      transcribe_seconds_,
      audio_seconds_ > 0 ? transcribe_seconds_ / audio_seconds_ : 0.0,
      load_seconds_,
      static_cast<double>(engine::peak_memory()) / 1e6));
}

void Transcriber::tell_memory() const {
  const auto report = engine::memory_report();
  if (arguments_.json) {
    print(memory_json(report).dump() + "\n");
  }
  tell(memory_table(report));
}

bool Transcriber::attempt(
    const std::string& input, const std::function<void()>& work) {
  try {
    work();
    return true;
  } catch (const ClosedPipe&) {
    throw;
  } catch (const Error& e) {
    if (e.code() == ErrorCode::interrupted) {
      interrupted_ = true;
      tell_no_text(input);
    } else if (e.code() == ErrorCode::output && !arguments_.output_dir) {
      // A broken standard output takes no other text.
      output_broken_ = true;
      progress_.finish();
      tell_error(e.what());
    } else {
      // What is wrong with options alone was found before; this is of the
      // input, and not every message names it.
      const bool named =
          e.code() == ErrorCode::audio || e.code() == ErrorCode::output;
      count_failure(
          input,
          exit_code_of(e.code()),
          named ? std::string(e.what())
                : fmt::format("{}: {}", input, e.what()));
    }
  } catch (const std::bad_alloc&) {
    count_failure(
        input,
        ExitCode::input,
        fmt::format(
            "[cli] {}: not enough memory: use a smaller model or file",
            input));
  } catch (const std::exception& e) {
    count_failure(
        input,
        ExitCode::input,
        fmt::format("[cli] {}: {}", input, e.what()));
  }
  return false;
}

void Transcriber::transcribe_inputs() {
  for (std::span<const std::string> left = inputs_; !left.empty();) {
    if (interrupted_ || output_broken_) {
      return;
    }
    if (context_.signals.stopped()) {
      // It came between two inputs, or before the first: nobody told it yet.
      interrupted_ = true;
      tell_no_text(left.front());
      return;
    }
    // What may keep us waiting is done by itself.
    const auto end = std::find_if(left.begin(), left.end(), is_stream);
    const std::size_t n =
        arguments_.batch_size == 1
            ? 1
            : std::max<std::size_t>(1, std::distance(left.begin(), end));
    if (n > 1) {
      transcribe_together(left.first(n));
    } else if (attempt(left.front(), [&] { transcribe_input(left.front()); })) {
      ++counts_.done;
    }
    left = left.subspan(n);
  }
}

ExitCode Transcriber::run() {
  prepare();
  std::optional<TaskTimes> times;
  if (arguments_.profile) {
    times.emplace();
  }
  transcribe_inputs();
  if (output_broken_) {
    return ExitCode::output;
  }
  progress_.finish();
  if (arguments_.stats && counts_.done > 0) {
    tell_stats();
  }
  if (times && counts_.done > 0) {
    tell(profile_table(times->ops(), transcribe_seconds_));
  }
  if (arguments_.memory) {
    tell_memory();
  }
  if (interrupted_) {
    return ExitCode::interrupted;
  }
  if (counts_.failed == 0) {
    return ExitCode::done;
  }
  return counts_.done > 0 ? ExitCode::some_failed : *counts_.first_failure;
}

} // namespace

Command transcribe_command() {
  auto arguments = std::make_shared<TranscribeArguments>();
  Verb verb = transcribe_verb(arguments);
  verb.finish = [arguments, finish = std::move(verb.finish)](
                    const std::set<std::string>& on_line) {
    finish(on_line);
    warn_of_vain_batch(*arguments, on_line);
  };
  const auto after_output = std::find_if(
      verb.groups.begin(),
      verb.groups.end(),
      [](const OptionGroup& group) { return group.title == "Model"; });
  verb.groups.insert(after_output, batch_options(arguments));
  return {std::move(verb), [arguments](Context& context) {
            return Transcriber(*arguments, context).run();
          }};
}

} // namespace mlxaudio::cli
