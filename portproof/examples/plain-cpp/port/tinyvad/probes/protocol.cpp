// SPDX-License-Identifier: MIT
#include "protocol.h"

#include <cstdint>
#include <cstring>
#include <fstream>
#include <iostream>
#include <iterator>
#include <stdexcept>
#include <string_view>

std::string_view portproof_stamp();

namespace {

std::string read_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) {
    throw std::runtime_error("cannot read " + path);
  }
  return {std::istreambuf_iterator<char>(file), {}};
}

/// A safetensors file: eight bytes of length, JSON, numbers.
std::map<std::string, Array> read_arrays(const std::string& path) {
  const std::string bytes = read_file(path);
  std::uint64_t length = 0;
  std::memcpy(&length, bytes.data(), sizeof length);
  const Json head = Json::parse(bytes.substr(sizeof length, length));
  std::map<std::string, Array> out;
  for (const auto& [name, entry] : head.items()) {
    if (name == "__metadata__") {
      continue;
    }
    if (entry.at("dtype") != "F32") {
      throw std::runtime_error(name + " is not F32");
    }
    Array a;
    a.shape = entry.at("shape").get<std::vector<long>>();
    const auto begin = entry.at("data_offsets").at(0).get<std::size_t>();
    const auto end = entry.at("data_offsets").at(1).get<std::size_t>();
    a.values.resize((end - begin) / sizeof(float));
    if (!a.values.empty()) {
      std::memcpy(
          a.values.data(),
          bytes.data() + sizeof length + length + begin,
          end - begin);
    }
    out.emplace(name, std::move(a));
  }
  return out;
}

void write_arrays(
    const std::string& path, const std::map<std::string, Array>& arrays) {
  Json head = Json::object();
  std::string data;
  for (const auto& [name, a] : arrays) {
    const std::size_t begin = data.size();
    data.append(
        reinterpret_cast<const char*>(a.values.data()),
        a.values.size() * sizeof(float));
    head[name] = {
        {"dtype", "F32"},
        {"shape", a.shape},
        {"data_offsets", {begin, data.size()}}};
  }
  std::string text = head.dump();
  text.append((8 - text.size() % 8) % 8, ' ');
  const std::uint64_t length = text.size();
  std::ofstream file(path, std::ios::binary);
  file.write(reinterpret_cast<const char*>(&length), sizeof length);
  file << text << data;
}

int run(
    const Probes& probes,
    const std::string& component,
    const std::string& folder) {
  const Json request = Json::parse(read_file(folder + "/request.json"));
  const auto in = read_arrays(folder + "/request.safetensors");
  std::map<std::string, Array> out;
  Json answers = Json::array();
  for (const Json& question : request.at("calls")) {
    Call call(question, in, out);
    Json answer = {{"id", question.at("id")}};
    try {
      answer["result"] = probes.all().at(component)(call);
    } catch (const std::invalid_argument& e) {
      answer["result"] = {{"$raises", e.what()}};
    }
    if (call.tapped()) {
      answer["taps"] = call.taps();
    }
    answers.push_back(std::move(answer));
  }
  write_arrays(folder + "/response.safetensors", out);
  std::ofstream(folder + "/response.json") << Json{{"calls", answers}}.dump();
  return 0;
}

} // namespace

Json Call::put(std::vector<long> shape, std::vector<float> values) {
  const std::string name = "a" + std::to_string(out_.size());
  out_[name] = {std::move(shape), std::move(values)};
  return {{"$array", name}};
}

std::vector<float> Call::tap(
    const std::string& path,
    std::vector<long> shape,
    const std::vector<float>& values,
    const std::vector<Json>& inputs) {
  if (!tapped()) {
    return values;
  }
  const int number = calls_[path]++;
  taps_.push_back(
      {{"path", path},
       {"call", number},
       {"in", inputs},
       {"out", {put(std::move(shape), values)}}});
  const Json forced = question_.value("forced", Json::object());
  const auto it = forced.find(path);
  if (it == forced.end() || number >= static_cast<int>(it->size())) {
    return values;
  }
  return read(it->at(static_cast<std::size_t>(number)).at(0)).values;
}

int run_probes(const Probes& probes, int argc, char** argv) {
  try {
    const std::string_view command = argc > 1 ? argv[1] : "";
    if (command == "--describe") {
      Json components = Json::array();
      for (const auto& [name, probe] : probes.all()) {
        components.push_back(name);
      }
      std::cout << Json{
          {"protocol", 1},
          {"components", components},
          {"stamp", Json::parse(portproof_stamp())},
          {"about", {{"device", "cpu"}}}}.dump() << '\n';
      return 0;
    }
    if (command == "--run" && argc == 4) {
      return run(probes, argv[2], argv[3]);
    }
    std::cerr << "usage: --describe | --run COMPONENT FOLDER\n";
    return 2;
  } catch (const std::exception& e) {
    std::cerr << e.what() << '\n';
    return 1;
  }
}
