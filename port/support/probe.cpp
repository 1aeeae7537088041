// SPDX-License-Identifier: MIT
#include "support/probe.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <string_view>

#include <fmt/format.h>
#include <mlx/ops.h>
#include <mlx/transforms.h>
#include <mlx/version.h>

#include "core/atomic_file.h"
#include "core/safetensors.h"
#include "mlxaudio/error.h"
#include "nn/tape.h"
#include "nn/weights.h"

std::string_view portproof_stamp();

namespace mlxaudio::port {
namespace {

namespace fs = std::filesystem;

Tensor to_tensor(const mx::array& a) {
  mx::array flat = mx::contiguous(a);
  mx::eval(flat);
  const auto keep = std::make_shared<mx::array>(flat);
  Tensor t;
  if (flat.dtype() == mx::float32) {
    t.dtype = DType::f32;
  } else if (flat.dtype() == mx::float16) {
    t.dtype = DType::f16;
  } else if (flat.dtype() == mx::int32) {
    t.dtype = DType::i32;
  } else if (flat.dtype() == mx::int64) {
    t.dtype = DType::i64;
  } else {
    throw ArgumentError("[port] a probe gave an array of an unknown type");
  }
  t.shape.assign(flat.shape().begin(), flat.shape().end());
  t.bytes = {
      reinterpret_cast<const std::byte*>(flat.data<char>()),
      flat.nbytes()};
  t.owner = keep;
  return t;
}

/// What the machine and the build are, for the evidence.
Json about() {
  const char* cpu = "other";
#if defined(__x86_64__)
  cpu = __builtin_cpu_supports("avx512f") ? "x86-64, AVX-512"
        : __builtin_cpu_supports("avx2")  ? "x86-64, AVX2"
                                          : "x86-64";
#endif
  return {{"mlx", mx::version()}, {"device", "cpu"}, {"processor", cpu}};
}

int describe(const Probes& probes) {
  Json components = Json::array();
  for (const auto& [component, probe] : probes.all()) {
    components.push_back(component);
  }
  const Json out = {
      {"protocol", 1},
      {"components", components},
      {"stamp", Json::parse(portproof_stamp())},
      {"about", about()}};
  fmt::print("{}\n", out.dump());
  return 0;
}

/// The reference's values to go on with, by path.
Tape::Arrays forced_of(const Json& question, const Call::Tensors& in) {
  Tape::Arrays forced;
  const Json given = question.value("forced", Json::object());
  for (const auto& [path, calls] : given.items()) {
    for (const Json& values : calls) {
      // Of a module with several results the first is tapped.
      forced[path].push_back(
          to_array(in.at(values.at(0).at("$array").get<std::string>())));
    }
  }
  return forced;
}

/// What the modules told of on the way, as the protocol has it.
Json taps_of(const Tape& tape, Call& call) {
  Json taps = Json::array();
  for (const auto& [path, arrays] : tape.seen()) {
    for (std::size_t i = 0; i < arrays.size(); ++i) {
      taps.push_back(
          {{"path", path},
           {"call", i},
           {"out", Json::array({call.put(arrays[i])})}});
    }
  }
  return taps;
}

/// Processor time of all threads. \unit s
double processor_seconds() {
  timespec now = {};
  ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) +
         1e-9 * static_cast<double>(now.tv_nsec);
}

/// What taking arguments out of the request took so far: it is none of the
/// port's work, and a reference is given its arguments as arrays.
double taking = 0;

/// Adds what its scope takes.
class Taking {
 public:
  Taking() = default;
  Taking(const Taking&) = delete;
  Taking& operator=(const Taking&) = delete;
  ~Taking() {
    taking += processor_seconds() - start_;
  }

 private:
  double start_ = processor_seconds();
};

/// VmRSS or VmHWM of this process. \unit KiB
long memory(const char* name) {
  std::ifstream status("/proc/self/status");
  std::string line;
  while (std::getline(status, line)) {
    if (line.starts_with(name)) {
      return std::stol(line.substr(line.find(':') + 1));
    }
  }
  return 0;
}

/// Lets the peak begin anew; false where the system cannot.
bool forget_peak() {
  std::ofstream refs("/proc/self/clear_refs");
  refs << "5" << std::flush;
  return refs.good();
}

/// Answers a call a few times more. \return the median processor time, and by
/// how much the process grew the first time
Json cost_of(
    const Probes::Probe& probe,
    const Json& args,
    const Call::Tensors& in,
    int repeats) {
  constexpr double kMostSeconds = 1;
  std::vector<double> taken;
  Json cost = Json::object();
  double sum = 0;
  for (int i = 0; i < repeats && sum < kMostSeconds; ++i) {
    Call::Tensors out;
    Call call(args, in, out, "again");
    const long before = i == 0 && forget_peak() ? memory("VmRSS") : -1;
    taking = 0;
    const double start = processor_seconds();
    try {
      const Json result = probe(call);
    } catch (const Error&) {
      // What it refuses takes its time, too.
    }
    taken.push_back(processor_seconds() - start - taking);
    sum += taken.back();
    if (before >= 0) {
      cost["growth_kib"] = std::max(0L, memory("VmHWM") - before);
    }
  }
  std::sort(taken.begin(), taken.end());
  const std::size_t half = taken.size() / 2;
  cost["seconds"] =
      taken.size() % 2 == 1 ? taken[half] : (taken[half - 1] + taken[half]) / 2;
  return cost;
}

int run(const Probes& probes, const std::string& name, const fs::path& folder) {
  const auto it = probes.all().find(name);
  if (it == probes.all().end()) {
    throw ArgumentError("[port] there is no probe of " + name);
  }
  const Json request = read_json(folder / "request.json");
  const Checkpoint in = read_safetensors(folder / "request.safetensors");
  Call::Tensors out;
  Json answers = Json::array();
  const int repeats = request.value("repeats", 0);
  for (const Json& c : request.at("calls")) {
    const std::string id = c.at("id");
    Call call(c.at("args"), in.tensors, out, id);
    Json answer = {{"id", id}};
    std::optional<Tape> tape;
    if (c.value("taps", false)) {
      tape.emplace(forced_of(c, in.tensors));
    }
    try {
      answer["result"] = it->second(call);
      call.finish();
    } catch (const Error& e) {
      answer["result"] = {{"$raises", e.what()}};
    }
    if (tape) {
      answer["taps"] = taps_of(*tape, call);
    }
    if (repeats > 0) {
      answer.update(cost_of(it->second, c.at("args"), in.tensors, repeats));
    }
    answers.push_back(std::move(answer));
  }
  write_safetensors(folder / "response.safetensors", out);
  write_file(folder / "response.json", Json({{"calls", answers}}).dump(1));
  return 0;
}

} // namespace

Call::Call(Json args, const Tensors& in, Tensors& out, std::string id)
    : args_(std::move(args)), in_(in), out_(out), id_(std::move(id)) {}

bool Call::has(const std::string& name) const {
  return args_.contains(name) && !args_.at(name).is_null();
}

const Json& Call::at(const std::string& name) const {
  return args_.at(name);
}

const Tensor& Call::tensor(const Json& value) const {
  return in_.at(value.at("$array").get<std::string>());
}

mx::array Call::array(const std::string& name) const {
  const Taking taken;
  return to_array(tensor(at(name)));
}

Maybe Call::maybe_array(const std::string& name) const {
  return has(name) ? Maybe(array(name)) : std::nullopt;
}

std::vector<mx::array> Call::arrays(const std::string& name) const {
  const Taking taken;
  std::vector<mx::array> found;
  for (const Json& value : at(name)) {
    found.push_back(to_array(tensor(value)));
  }
  return found;
}

std::vector<float> Call::floats(const std::string& name) const {
  const Taking taken;
  const auto values = tensor(at(name)).as<float>();
  return {values.begin(), values.end()};
}

Scope Call::weights() {
  const Taking taken;
  std::map<std::string, mx::array> arrays;
  for (const auto& [name, value] : at("weights").items()) {
    arrays.emplace(name, to_array(tensor(value)));
  }
  weights_ = std::make_shared<Weights>(
      Weights(std::move(arrays), "the recorded call"));
  return Scope(weights_);
}

void Call::finish() const {
  if (weights_) {
    weights_->finish();
  }
}

Checkpoint Call::checkpoint(const std::string& name) const {
  const Taking taken;
  Checkpoint checkpoint;
  checkpoint.path = "the recorded call";
  for (const auto& [key, value] : at(name).items()) {
    checkpoint.tensors.emplace(key, tensor(value));
  }
  return checkpoint;
}

Json Call::put(const mx::array& a) {
  const std::string name = fmt::format("{}.{}", id_, out_.size());
  out_.emplace(name, to_tensor(a));
  return {{"$array", name}};
}

void Probes::add(const std::string& component, Probe probe) {
  probes_.emplace(component, std::move(probe));
}

Json number(double value) {
  return std::isfinite(value) ? Json(value) : Json(nullptr);
}

int run_probes(const Probes& probes, int argc, char** argv) {
  try {
    const std::string_view command = argc > 1 ? argv[1] : "";
    if (command == "--describe" && argc == 2) {
      return describe(probes);
    }
    if (command == "--run" && argc == 4) {
      return run(probes, argv[2], argv[3]);
    }
    fmt::print(stderr, "usage: --describe | --run COMPONENT FOLDER\n");
    return 2;
  } catch (const std::exception& e) {
    fmt::print(stderr, "{}\n", e.what());
    return 1;
  }
}

} // namespace mlxaudio::port
