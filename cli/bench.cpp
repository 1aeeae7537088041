// SPDX-License-Identifier: MIT
#include "cli/bench.h"

#include <cstddef>
#include <filesystem>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "audio/reader.h"
#include "cli/bench_figures.h"
#include "cli/bench_options.h"
#include "cli/memory_table.h"
#include "cli/stopwatch.h"
#include "cli/streams.h"
#include "cli/task_times.h"
#include "core/json.h"
#include "engine/memory_report.h"
#include "kernels/info.h"

namespace mlxaudio::cli {
namespace {

Json to_json(const Spread& spread) {
  return {{"min", spread.min}, {"median", spread.median}, {"max", spread.max}};
}

std::string text_of(const Spread& spread) {
  return fmt::format(
      "{:>10.4f} s  ({:.4f} to {:.4f})",
      spread.median,
      spread.min,
      spread.max);
}

/// One run of the verb.
class Bench {
 public:
  Bench(const BenchArguments& arguments, Context& context)
      : arguments_(arguments),
        work_(*arguments.transcribe),
        context_(context),
        files_(context.positionals.begin(), context.positionals.end()) {}

  ExitCode run();

 private:
  void check() const;
  void load();
  SessionRun transcribe() const;
  void time_session();
  void profile();
  void time_phases();
  void show_phase(const engine::Phase& phase, const Roofline& roofline);
  /// A line of the result, as JSON or for people.
  void show(const Json& json, const std::string& text) const;

  BenchArguments arguments_;
  TranscribeArguments work_;
  Context& context_;
  std::vector<std::filesystem::path> files_;
  std::optional<SpeechToText> model_;
  std::string compute_; ///< what its products are computed in
};

void Bench::show(const Json& json, const std::string& text) const {
  print(
      arguments_.json
          ? json.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n"
          : text);
}

void Bench::load() {
  for (const std::string& warning : work_.warnings) {
    tell_warning(warning);
  }
  const Stopwatch watch;
  std::vector<std::string> warnings;
  {
    const Signals::ExitAtOnce loading(context_.signals);
    model_ = load_model(work_, warnings);
  }
  const double seconds = watch.seconds();
  for (const std::string& warning : warnings) {
    tell_warning(warning);
  }
  check_options(*model_, work_.options);
  const kernels::Info kernels = kernels::info();
  const ModelInfo& info = model_->info();
  compute_ = info.compute;
  show(
      {{"type", "ready"},
       {"model", work_.model},
       {"weights", info.weight_type},
       {"compute", info.compute},
       {"threads", kernels.threads},
       {"isa", kernels.isa},
       {"kernels", kernels.enabled},
       {"load", seconds},
       {"files", files_.size()},
       {"batch_size", work_.batch_size}},
      fmt::format(
          "{}: weights {}, products in {}, {} threads, {}{}\n"
          "{:<12}{:>10.4f} s\n",
          work_.model,
          info.weight_type,
          info.compute,
          kernels.threads,
          kernels.isa,
          kernels.enabled ? "" : ", kernels off",
          "load",
          seconds));
}

/// Adds what a file came to.
/// \param file its number, from 0
void add(SessionRun& run, std::size_t file, const Transcription& result) {
  if (!result.complete) {
    throw InterruptedError("[cli] interrupted before all was timed");
  }
  for (const Segment& segment : result.segments) {
    run.tokens += static_cast<int>(segment.tokens.size());
  }
  // A file without text has its line, too.
  run.text += (file == 0 ? "" : "\n") + result.text;
}

SessionRun Bench::transcribe() const {
  SessionRun run;
  const Stopwatch watch;
  const auto on_segments = [&](const std::vector<Segment>& segments) {
    if (run.first_segment == 0 && !segments.empty()) {
      run.first_segment = watch.seconds();
    }
  };
  const auto on_progress = [&](const TranscribeProgress& progress) {
    if (progress.done == 0) {
      run.duration += progress.total;
    }
  };
  if (work_.batch_size == 1) {
    const TranscribeCallbacks callbacks{on_segments, on_progress, {}};
    for (std::size_t i = 0; i < files_.size(); ++i) {
      add(run,
          i,
          model_->transcribe(
              files_[i],
              work_.options,
              callbacks,
              context_.signals.token()));
    }
  } else {
    TranscribeAllCallbacks callbacks;
    callbacks.on_segments = [&](std::size_t,
                                const std::vector<Segment>& segments) {
      on_segments(segments);
    };
    callbacks.on_progress = [&](std::size_t,
                                const TranscribeProgress& progress) {
      on_progress(progress);
    };
    const auto outcomes = model_->transcribe_all(
        files_,
        work_.batch_size,
        work_.options,
        callbacks,
        context_.signals.token());
    for (std::size_t i = 0; i < outcomes.size(); ++i) {
      if (outcomes[i].error) {
        std::rethrow_exception(outcomes[i].error);
      }
      add(run, i, *outcomes[i].transcription);
    }
  }
  run.seconds = watch.seconds();
  return run;
}

void Bench::time_session() {
  std::vector<double> times, first_segments;
  SessionRun last;
  for (int i = 0; i <= arguments_.runs; ++i) {
    last = transcribe();
    if (i > 0) {
      times.push_back(last.seconds);
      first_segments.push_back(last.first_segment);
    }
    show(
        {{"type", "run"},
         {"number", i},
         {"counted", i > 0},
         {"seconds", last.seconds},
         {"first_segment", last.first_segment},
         {"duration", last.duration},
         {"tokens", last.tokens},
         {"text", last.text}},
        "");
  }
  const Spread all = spread_of(times);
  const Spread first = spread_of(first_segments);
  const double factor = last.duration > 0 ? all.median / last.duration : 0;
  const double rate = all.median > 0 ? last.tokens / all.median : 0;
  const auto memory = static_cast<double>(engine::peak_memory());
  show(
      {{"type", "session"},
       {"seconds", to_json(all)},
       {"first_segment", to_json(first)},
       {"real_time_factor", factor},
       {"tokens_per_second", rate},
       {"peak_memory", memory}},
      fmt::format(
          "{:<12}{}  real-time factor {:.4f}, {:.1f} tokens/s, at most {:.0f} "
          "MB of memory\n{:<12}{}\n",
          "transcribe",
          text_of(all),
          factor,
          rate,
          memory / 1e6,
          "to segment",
          text_of(first)));
}

void Bench::profile() {
  const TaskTimes times;
  const SessionRun run = transcribe();
  const std::vector<OpTime> ops = times.ops();
  Json list = Json::array();
  for (const OpTime& op : ops) {
    list.push_back(
        {{"op", op.op}, {"tasks", op.tasks}, {"seconds", op.seconds}});
  }
  show(
      {{"type", "profile"}, {"seconds", run.seconds}, {"ops", list}},
      "\n" + profile_table(ops, run.seconds));
}

void Bench::show_phase(const engine::Phase& phase, const Roofline& roofline) {
  const Spread spread = spread_of(phase.seconds);
  const Shares shares = shares_of(phase, roofline, compute_);
  const auto share = [](double value, const char* of) {
    return value > 0 ? fmt::format(", {:.0f} % of {}", 100 * value, of) : "";
  };
  show(
      {{"type", "phase"},
       {"name", phase.name},
       {"seconds", to_json(spread)},
       {"samples", phase.seconds},
       {"flops", phase.need.flops},
       {"bytes", phase.need.bytes},
       {"product_share", shares.products},
       {"bandwidth_share", shares.bandwidth}},
      fmt::format(
          "{:<12}{}{}{}\n",
          phase.name,
          text_of(spread),
          share(shares.products, "the product rate"),
          share(shares.bandwidth, "the memory's")));
}

void Bench::time_phases() {
  Roofline roofline;
  // The rates are those of a processor.
  if (work_.load.device == Device::cpu) {
    roofline = {kernels::product_rates(), kernels::read_bandwidth()};
    Json products = Json::array();
    std::string text;
    for (const kernels::ProductRate& rate : roofline.products) {
      products.push_back({{"type", rate.type}, {"flops", rate.flops}});
      text += fmt::format(
          "{:<12}{:>10.1f} Gflop/s\n",
          "products " + rate.type,
          rate.flops / 1e9);
    }
    show(
        {{"type", "roofline"},
         {"products", products},
         {"bandwidth", roofline.bandwidth}},
        "\n" + text +
            fmt::format(
                "{:<12}{:>10.1f} GB/s\n",
                "memory",
                roofline.bandwidth / 1e9));
  }
  engine::PhaseOptions options;
  options.runs = arguments_.runs;
  options.encoder_only = arguments_.encoder_only;
  options.beams = work_.options.beam_size.value_or(1);
  for (const engine::Phase& phase : engine::time_phases(
           find_model(work_.model, work_.model_dir).model,
           work_.load,
           files_.front(),
           options,
           context_.signals.token())) {
    show_phase(phase, roofline);
  }
}

/// What can be found wrong before a model is loaded.
void Bench::check() const {
  for (const std::filesystem::path& file : files_) {
    if (file == "-") {
      throw ArgumentError(
          "[cli] the standard input (-) can be read only once: give a file");
    }
    const AudioReader opened(file);
  }
}

ExitCode Bench::run() {
  check();
  load();
  if (!arguments_.encoder_only) {
    time_session();
  }
  if (arguments_.profile) {
    profile();
  }
  if (arguments_.memory) {
    const auto report = engine::memory_report();
    show(memory_json(report), "\n" + memory_table(report));
  }
  model_.reset(); // its memory is that of the next
  if (!arguments_.session_only) {
    time_phases();
  }
  return ExitCode::done;
}

} // namespace

Command bench_command() {
  auto arguments = std::make_shared<BenchArguments>();
  return {bench_verb(arguments), [arguments](Context& context) {
            return Bench(*arguments, context).run();
          }};
}

} // namespace mlxaudio::cli
