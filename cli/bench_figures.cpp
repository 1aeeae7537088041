// SPDX-License-Identifier: MIT
#include "cli/bench_figures.h"

#include <algorithm>

#include <fmt/format.h>

namespace mlxaudio::cli {

Spread spread_of(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  const std::size_t half = values.size() / 2;
  const double median = values.size() % 2 == 1
                            ? values[half]
                            : (values[half - 1] + values[half]) / 2;
  return {values.front(), median, values.back()};
}

double Roofline::rate_of(const std::string& type) const {
  for (const kernels::ProductRate& rate : products) {
    if (rate.type == type) {
      return rate.flops;
    }
  }
  return 0;
}

Shares shares_of(
    const engine::Phase& phase,
    const Roofline& roofline,
    const std::string& type) {
  if (phase.seconds.empty()) {
    return {};
  }
  const double seconds = spread_of(phase.seconds).median;
  const auto share = [&](double need, double rate) {
    return rate > 0 && seconds > 0 ? need / seconds / rate : 0;
  };
  return {
      share(phase.need.flops, roofline.rate_of(type)),
      share(phase.need.bytes, roofline.bandwidth)};
}

std::string profile_table(const std::vector<OpTime>& ops, double seconds) {
  const auto row =
      [&](const std::string& op, const std::string& tasks, double time) {
        return fmt::format(
            "{:<36} {:>8} {:>10.4f} {:>6.1f} %\n",
            op,
            tasks,
            time,
            seconds > 0 ? 100 * time / seconds : 0);
      };
  std::string table = fmt::format(
      "{:<36} {:>8} {:>10} {:>8}\n",
      "operation",
      "tasks",
      "seconds",
      "share");
  double rest = seconds;
  for (const OpTime& op : ops) {
    table += row(op.op, fmt::to_string(op.tasks), op.seconds);
    rest -= op.seconds;
  }
  return table + row("outside operations", "", std::max(rest, 0.0)) +
         row("all", "", seconds);
}

} // namespace mlxaudio::cli
