// SPDX-License-Identifier: MIT
#include "cli/info.h"

#include <memory>

#include <fmt/format.h>
#include <mlx/device.h>
#include <mlx/version.h>

#include "cli/streams.h"
#include "core/json.h"
#include "core/paths.h"
#include "engine/model_store.h"
#include "kernels/info.h"
#include "kernels/threads.h"

namespace mlxaudio::cli {
namespace {

struct Arguments {
  bool json = false;
};

ExitCode show(const Arguments& arguments) {
  const kernels::Info kernels = kernels::info();
  const bool gpu = mlx::core::is_available(mlx::core::Device::gpu);
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
        {"threads", kernels.threads},
        {"physical_cores", kernels::physical_cores()},
        {"cache", cache_dir().string()},
        {"models", engine::models_dir().string()}};
    print(json.dump(2) + "\n");
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
      row("MLX's BLAS", kernels.blas) +
      row("threads",
          fmt::format(
              "{} ({} physical cores)",
              kernels.threads,
              kernels::physical_cores())) +
      row("cache", cache_dir().string()) +
      row("models", engine::models_dir().string()));
  return ExitCode::done;
}

} // namespace

std::string version() {
  return MLXAUDIO_VERSION;
}

Command info_command() {
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
             "Version, devices, instruction set, kernels, threads."}}},
      [arguments](Context&) { return show(*arguments); }};
}

} // namespace mlxaudio::cli
