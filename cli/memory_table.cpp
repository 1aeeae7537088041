// SPDX-License-Identifier: MIT
#include "cli/memory_table.h"

#include <fmt/format.h>

namespace mlxaudio::cli {
namespace {

Json held(const MemoryHeld& memory) {
  return {{"now", memory.now}, {"most", memory.most}};
}

std::string megabytes(std::size_t bytes) {
  return fmt::format("{:.1f}", static_cast<double>(bytes) / 1e6);
}

std::string row(
    const std::string& what, const std::string& now, const std::string& most) {
  return fmt::format("{:<36} {:>10} {:>10}\n", what, now, most);
}

std::string row(const std::string& what, const MemoryHeld& memory) {
  return row(what, megabytes(memory.now), megabytes(memory.most));
}

} // namespace

Json memory_json(const engine::MemoryReport& report) {
  Json json = {
      {"type", "memory"},
      {"weights_in_place", held(report.weights_in_place)},
      {"weights_copied", held(report.weights_copied)},
      {"mlx", held(report.mlx)},
      {"mlx_cache", report.mlx_cache},
      {"audio", held(report.audio)},
      {"scratch", held(report.scratch)},
      {"peak", report.peak}};
  if (report.resident) {
    json["resident_anonymous"] = report.resident->anonymous;
    json["resident_files"] = report.resident->files;
  }
  return json;
}

std::string memory_table(const engine::MemoryReport& report) {
  std::string table = row("memory", "MB now", "MB at most") +
                      row("weights, read in place", report.weights_in_place) +
                      row("weights, copied", report.weights_copied) +
                      row("MLX's arrays", report.mlx) +
                      row("MLX's cache", megabytes(report.mlx_cache), "") +
                      row("samples", report.audio) +
                      row("kernels' scratch", report.scratch);
  if (report.resident) {
    table += row("in memory, own", megabytes(report.resident->anonymous), "") +
             row("in memory, of files", megabytes(report.resident->files), "");
  }
  return table + row("process", "", megabytes(report.peak));
}

} // namespace mlxaudio::cli
