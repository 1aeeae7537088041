// SPDX-License-Identifier: MIT
#include "toy.h"

#include "core/paths.h"
#include "mlxaudio/error.h"

namespace mlxaudio::port {

whisper::ModelDimensions toy_dims(const Call& c) {
  whisper::ModelDimensions dims;
  const Json& given = c.at("dims");
  whisper::ModelDimensions::fields(
      dims,
      [&](const char* name, int& value, int) {
        value = given.at(name).get<int>();
      });
  return dims;
}

mx::array tokens_of(const Json& rows) {
  std::vector<int> ids;
  for (const Json& row : rows) {
    for (const Json& id : row) {
      ids.push_back(id.get<int>());
    }
  }
  const int n = static_cast<int>(rows.size());
  return mx::array(
      ids.data(),
      {n, static_cast<int>(ids.size()) / n},
      mx::int32);
}

std::shared_ptr<const text::Encoding> encoding(
    bool multilingual, int num_languages) {
  const char* file = multilingual ? "multilingual.tiktoken" : "gpt2.tiktoken";
  const auto path = cache_dir() / "vocab" / file;
  if (!std::filesystem::exists(path)) {
    throw std::runtime_error(
        "[port] " + path.string() + " is not there: run `make setup`");
  }
  return whisper::get_encoding(path, num_languages);
}

whisper::Tokenizer tokenizer(const Call& c) {
  const bool multilingual = c.get<bool>("multilingual");
  const int n = c.maybe<int>("num_languages").value_or(99);
  return whisper::get_tokenizer(
      encoding(multilingual, n),
      multilingual,
      n,
      c.maybe<std::string>("language"),
      c.maybe<std::string>("task"));
}

whisper::Whisper toy_model(Call& c) {
  const whisper::ModelDimensions dims = toy_dims(c);
  return whisper::Whisper{
      c.weights(),
      dims,
      encoding(dims.is_multilingual(), dims.num_languages())};
}

} // namespace mlxaudio::port
