// SPDX-License-Identifier: MIT
#include "cli/info.h"

#include <filesystem>
#include <memory>
#include <optional>
#include <system_error>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <mlx/device.h>
#include <mlx/version.h>

#include "cli/config.h"
#include "cli/streams.h"
#include "core/json.h"
#include "core/paths.h"
#include "engine/model_store.h"
#include "kernels/compute.h"
#include "kernels/info.h"
#include "kernels/threads.h"

namespace mlxaudio::cli {
namespace {

struct Arguments {
  bool json = false;
};

/// A default that is not the built-in one.
struct Found {
  std::string verb;
  std::string option;
  Default from;
};

/// Where defaults come from now.
struct Configuration {
  std::string file; ///< empty: none
  bool exists = false;
  std::vector<Found> defaults;
  std::string error; ///< why they cannot be used; empty: they can
};

Configuration configuration(const std::vector<Verb>& verbs) {
  Configuration out;
  const std::optional<ConfigFile> file = config_file();
  if (file) {
    std::error_code ignored;
    out.file = file->path.string();
    out.exists = std::filesystem::exists(file->path, ignored);
  }
  try {
    for (const Verb& verb : verbs) {
      if (!verb.configurable) {
        continue;
      }
      for (auto& [option, from] : find_defaults(file, verbs, verb)) {
        out.defaults.push_back({verb.name, option, from});
      }
    }
  } catch (const ArgumentError& e) {
    out.defaults.clear();
    out.error = e.what();
  }
  return out;
}

Json to_json(const Configuration& configuration) {
  Json defaults = Json::array();
  for (const Found& found : configuration.defaults) {
    defaults.push_back(
        {{"verb", found.verb},
         {"option", found.option},
         {"value", found.from.value},
         {"from", found.from.origin}});
  }
  Json json = {
      {"file", configuration.file},
      {"exists", configuration.exists},
      {"defaults", defaults}};
  if (!configuration.error.empty()) {
    json["error"] = configuration.error;
  }
  return json;
}

ExitCode show(const Arguments& arguments, const std::vector<Verb>& verbs) {
  const Configuration defaults = configuration(verbs);
  const kernels::Info kernels = kernels::info();
  const bool gpu = mlx::core::is_available(mlx::core::Device::gpu);
  std::vector<std::string> computes;
  for (const Compute compute : kernels::available_computes()) {
    computes.push_back(kernels::name_of(compute));
  }
  const std::string fastest =
      kernels::name_of(kernels::resolve(Compute::automatic));
  if (arguments.json) {
    Json ops = Json::array();
    for (const kernels::OpCount& op : kernels.ops) {
      ops.push_back(op.op);
    }
    const Json json = {
        {"version", version()},
        {"mlx", mlx::core::version()},
        {"devices", gpu ? Json{"cpu", "gpu"} : Json{"cpu"}},
        {"isa", kernels.isa},
        {"kernels", kernels.enabled},
        {"ops", ops},
        {"blas", kernels.blas},
        {"compute", computes},
        {"compute_auto", fastest},
        {"threads", kernels.threads},
        {"physical_cores", kernels::physical_cores()},
        {"cache", cache_dir().string()},
        {"models", engine::models_dir().string()},
        {"config", to_json(defaults)}};
    print(json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n");
    return ExitCode::done;
  }
  std::string ops;
  for (const kernels::OpCount& op : kernels.ops) {
    ops += (ops.empty() ? "" : ", ") + op.op;
  }
  const auto row = [](std::string_view what, std::string_view value) {
    return fmt::format("{:<14} {}\n", what, value);
  };
  print(
      row("mlx-audio", version()) + row("MLX", mlx::core::version()) +
      row("devices", gpu ? "cpu, gpu" : "cpu") +
      row("instructions", kernels.isa) +
      row("kernels",
          kernels.enabled ? ops : "off (MLXAUDIO_KERNELS=off is set)") +
      row("compute",
          fmt::format("{}; auto is {}", fmt::join(computes, ", "), fastest)) +
      row("MLX's BLAS", kernels.blas) +
      row("threads",
          fmt::format(
              "{} ({} physical cores)",
              kernels.threads,
              kernels::physical_cores())) +
      row("cache", cache_dir().string()) +
      row("models", engine::models_dir().string()) +
      row("configuration",
          defaults.file.empty() ? "none"
          : defaults.exists     ? defaults.file
                                : defaults.file + " (not there)"));
  if (!defaults.error.empty()) {
    print(row("", defaults.error));
  }
  for (const Found& found : defaults.defaults) {
    print(
        row("default",
            fmt::format(
                "{} {} {}   ({})",
                found.verb,
                found.option,
                found.from.value,
                found.from.origin)));
  }
  return ExitCode::done;
}

} // namespace

std::string version() {
  return MLXAUDIO_VERSION;
}

Command info_command(std::function<std::vector<Verb>()> verbs) {
  auto arguments = std::make_shared<Arguments>();
  return {
      {.name = "info",
       .summary = "what this program computes with on this machine",
       .description = "",
       .positional = {},
       .groups =
           {{"Output",
             {{.name = "--json",
               .help = "as JSON (docs/json.md)",
               .set = [arguments](
                          const std::string&) { arguments->json = true; }}}}},
       .examples =
           {{"mlx-audio info",
             "Version, devices, instruction set, kernels, threads, and where "
             "defaults of options come from."}}},
      [arguments, verbs = std::move(verbs)](Context&) {
        return show(*arguments, verbs());
      }};
}

} // namespace mlxaudio::cli
