// SPDX-License-Identifier: MIT
#include <gtest/gtest.h>

#include <cstring>
#include <limits>

#include "core/ctranslate2.h"
#include "core/expect_error.h"
#include "core/half.h"
#include "core/mapped_file.h"
#include "core/npz.h"
#include "core/safetensors.h"
#include "core/temp_folder.h"
#include "core/torch_file.h"

namespace mlxaudio {
namespace {

namespace fs = std::filesystem;

/// Files that tests/fuzz/make_seeds.py wrote with NumPy, PyTorch and MLX.
fs::path seed(const std::string& name) {
  return fs::path(MLXAUDIO_SOURCE_DIR) / "tests/fuzz/seeds" / name;
}

std::vector<double> values(const Tensor& tensor) {
  std::vector<double> out;
  const auto add = [&](auto span, auto&& widen) {
    for (const auto x : span)
      out.push_back(static_cast<double>(widen(x)));
  };
  const auto same = [](auto x) { return x; };
  switch (tensor.dtype) {
    case DType::f32:
      add(tensor.as<float>(), same);
      break;
    case DType::i64:
      add(tensor.as<std::int64_t>(), same);
      break;
    case DType::i16:
      add(tensor.as<std::int16_t>(), same);
      break;
    case DType::i8:
      add(tensor.as<std::int8_t>(), same);
      break;
    case DType::boolean:
      add(tensor.as<std::uint8_t>(), same);
      break;
    case DType::f16:
      add(tensor.as<std::uint16_t>(), from_f16);
      break;
    case DType::bf16:
      add(tensor.as<std::uint16_t>(), from_bf16);
      break;
    default:
      ADD_FAILURE() << "unexpected " << name_of(tensor.dtype);
  }
  return out;
}

std::vector<double> counted(std::size_t n) {
  std::vector<double> out(n);
  for (std::size_t i = 0; i < n; ++i)
    out[i] = static_cast<double>(i);
  return out;
}

using Shape = std::vector<std::int64_t>;

void expect_tensor(
    const Checkpoint& checkpoint,
    const std::string& name,
    DType dtype,
    const Shape& shape,
    const std::vector<double>& expected) {
  const auto found = checkpoint.tensors.find(name);
  ASSERT_NE(found, checkpoint.tensors.end()) << name;
  EXPECT_EQ(found->second.dtype, dtype) << name;
  EXPECT_EQ(found->second.shape, shape) << name;
  EXPECT_EQ(values(found->second), expected) << name;
}

/// A safetensors file of a header and data.
std::string safetensors(const std::string& header, std::size_t data) {
  std::uint64_t length = header.size();
  std::string out(8, '\0');
  std::memcpy(out.data(), &length, 8);
  return out + header + std::string(data, '\0');
}

TEST(Tensor, CountsElements) {
  EXPECT_EQ(element_count(Shape{}), 1);
  EXPECT_EQ(element_count(Shape{3, 4}), 12);
  EXPECT_EQ(element_count(Shape{0, 4}), 0);
  EXPECT_EQ(element_count(Shape{-1}), std::nullopt);
  constexpr auto kMost = std::numeric_limits<std::int64_t>::max();
  EXPECT_EQ(element_count(Shape{kMost, 2}), std::nullopt);
  EXPECT_EQ(element_count(Shape{0, kMost, 2}), std::nullopt);
}

TEST(Tensor, NamesOfTypesRoundTrip) {
  for (int i = 0; i <= static_cast<int>(DType::f64); ++i) {
    const auto dtype = static_cast<DType>(i);
    EXPECT_EQ(dtype_of(name_of(dtype)), dtype);
  }
  EXPECT_EQ(dtype_of("F8_E4M3"), std::nullopt);
}

TEST(Tensor, RefusesTheWrongNumberOfBytes) {
  expect_error<WeightError>(
      [] { make_tensor(DType::f32, {3}, std::vector<std::byte>(8)); },
      {"8 bytes", "F32", "[3]"});
}

TEST(Tensor, CopiesWhatIsMisaligned) {
  alignas(8) std::array<std::byte, 16> bytes{};
  const std::span<const std::byte> all(bytes);
  const auto in_place = view_tensor(DType::f32, {2}, all.subspan(4, 8), {});
  EXPECT_EQ(in_place.bytes.data(), bytes.data() + 4);
  const auto copied = view_tensor(DType::f32, {2}, all.subspan(3, 8), {});
  EXPECT_EQ(reinterpret_cast<std::uintptr_t>(copied.bytes.data()) % 4, 0u);
}

TEST(Safetensors, ReadsEveryType) {
  const auto read = read_safetensors(seed("safetensors/types.safetensors"));
  EXPECT_EQ(read.tensors.size(), 6u);
  expect_tensor(read, "f32", DType::f32, {2, 3}, counted(6));
  expect_tensor(read, "f16", DType::f16, {3, 2}, counted(6));
  expect_tensor(read, "bf16", DType::bf16, {4}, counted(4));
  expect_tensor(read, "i64", DType::i64, {3}, counted(3));
  expect_tensor(read, "scalar", DType::f32, {}, {7});
  expect_tensor(read, "empty", DType::f32, {0, 4}, {});
  EXPECT_EQ(read.metadata.value("format", ""), "mlx");
}

TEST(Safetensors, WritesWhatItReads) {
  const TempFolder folder;
  const auto first = read_safetensors(seed("safetensors/types.safetensors"));
  const auto path = folder.path() / "copy.safetensors";
  write_safetensors(path, first.tensors, {{"k", "v \"quoted\" \u00e9"}});
  const auto second = read_safetensors(path);
  ASSERT_EQ(second.tensors.size(), first.tensors.size());
  for (const auto& [name, tensor] : first.tensors)
    expect_tensor(second, name, tensor.dtype, tensor.shape, values(tensor));
  EXPECT_EQ(second.metadata["k"], "v \"quoted\" \u00e9");
  write_safetensors(path, {});
  EXPECT_TRUE(read_safetensors(path).tensors.empty());
  expect_error<ArgumentError>(
      [&] {
        write_safetensors(path, {}, {{"k", 1}});
      },
      {"\"k\""});
}

TEST(Safetensors, RefusesEachKindOfDamage) {
  const TempFolder folder;
  struct Case {
    std::string header;
    std::size_t data;
    std::string why;
  };
  const std::string ok = R"("dtype":"F32","shape":[2],"data_offsets":[0,8])";
  const std::vector<Case> cases = {
      {"[]", 0, "not a JSON object"},
      {"{\"a\"", 0, "malformed header"},
      {R"({"a":1})", 0, "not an object"},
      {R"({"a":{"shape":[2],"data_offsets":[0,8]}})", 8, "dtype"},
      {R"({"a":{"dtype":"X9","shape":[2],"data_offsets":[0,8]}})", 8, "X9"},
      {R"({"a":{"dtype":"F32","shape":2,"data_offsets":[0,8]}})", 8, "shape"},
      {R"({"a":{"dtype":"F32","shape":[-2],"data_offsets":[0,8]}})", 8, "shap"},
      {R"({"a":{"dtype":"F32","shape":[2.5],"data_offsets":[0,8]}})",
       8,
       "shape"},
      {R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[0]}})", 8, "offsets"},
      {R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[8,0]}})", 8, "outsi"},
      {"{\"a\":{" + ok + "}}", 7, "truncated"},
      {"{\"a\":{" + ok + "}}", 9, "1 bytes after"},
      {R"({"a":{"dtype":"F32","shape":[3],"data_offsets":[0,8]}})", 8, "[3]"},
      {R"({"a":{"dtype":"F32","shape":[4611686018427387904,4],)"
       R"("data_offsets":[0,8]}})",
       8,
       "does not take"},
      {"{\"a\":{" + ok + "},\"b\":{" + ok + "}}", 8, "overlaps"},
      {"{\"a\":{" + ok +
           R"(},"b":{"dtype":"F32","shape":[1],"data_offsets":[9,13]}})",
       13,
       "adjoin"},
      {"{\"a\":{" + ok + "},\"a\":{" + ok + "}}", 8, "comes twice"},
      {R"({"__metadata__":{"a":1}})", 0, "not a string"},
  };
  for (const auto& [header, data, why] : cases) {
    const auto path =
        folder.write("bad.safetensors", safetensors(header, data));
    SCOPED_TRACE(header);
    expect_error<WeightError>(
        [&] { read_safetensors(path); },
        {"bad.safetensors", why});
  }
  for (const std::string& bytes :
       {std::string(), std::string(7, '\0'), std::string(8, '\xFF')}) {
    const auto path = folder.write("bad.safetensors", bytes);
    EXPECT_THROW(read_safetensors(path), WeightError);
  }
}

TEST(Safetensors, ReadsShards) {
  const auto read = read_safetensors_index(
      seed("whisper/transformers/model.safetensors.index.json"));
  EXPECT_TRUE(read.tensors.contains("model.encoder.layers.0.fc1.weight"));
  EXPECT_TRUE(read.tensors.contains("model.decoder.layers.1.fc2.bias"));
}

TEST(Safetensors, RefusesAWrongIndex) {
  const TempFolder folder;
  write_safetensors(
      folder.path() / "one.safetensors",
      {{"a", make_tensor(DType::u8, {1}, std::vector<std::byte>(1))},
       {"b", make_tensor(DType::u8, {1}, std::vector<std::byte>(1))}});
  const auto index = [&](const std::string& map) {
    return folder.write("index.json", "{\"weight_map\": " + map + "}");
  };
  const auto refused = [&](const std::string& map, const std::string& why) {
    expect_error<WeightError>(
        [&] { read_safetensors_index(index(map)); },
        {why});
  };
  refused(R"({"a":"one.safetensors"})", "holds b");
  refused(
      R"({"a":"one.safetensors","b":"one.safetensors","c":"one.safetensors"})",
      "tensor c is not in");
  refused(R"({"a":"two.safetensors"})", "its shard two.safetensors is missing");
  refused(R"({"a":"../one.safetensors"})", "not a file of its folder");
  refused(R"({"a":"/etc/passwd"})", "not a file of its folder");
  refused("[]", "weight_map");
}

TEST(Npz, ReadsStoredAndDeflated) {
  for (const std::string name : {"npz/stored.npz", "npz/deflated.npz"}) {
    const auto read = read_npz(seed(name));
    EXPECT_EQ(read.tensors.size(), 5u);
    expect_tensor(read, "f32", DType::f32, {2, 3}, counted(6));
    expect_tensor(read, "f16", DType::f16, {3, 2}, counted(6));
    expect_tensor(read, "i64", DType::i64, {3}, counted(3));
    expect_tensor(read, "scalar", DType::f32, {}, {7});
    expect_tensor(read, "flag", DType::boolean, {2}, {1, 0});
  }
}

TEST(Npz, KnowsWhichPagesOfTheFileItTakes) {
  const auto stored = read_npz(seed("npz/stored.npz"));
  EXPECT_TRUE(stored.tensors.at("flag").is_in_file());
  for (const auto& [name, tensor] : read_npz(seed("npz/deflated.npz")).tensors)
    EXPECT_FALSE(tensor.is_in_file()) << name;
  forget_pages(stored.tensors.at("flag"));
  expect_tensor(stored, "flag", DType::boolean, {2}, {1, 0});
}

TEST(Npz, RefusesWhatItDoesNotRead) {
  expect_error<WeightError>(
      [] { read_npz(seed("refused/fortran.npz")); },
      {"fortran.npz", "Fortran order"});
  expect_error<WeightError>(
      [] { read_npz(seed("refused/big_endian.npz")); },
      {"'>f4'"});
  expect_error<WeightError>(
      [] { read_npz(seed("refused/objects.npz")); },
      {"'|O'"});
  expect_error<WeightError>(
      [] { read_npz(seed("torch/views.pt")); },
      {"not a NumPy array"});
  expect_error<WeightError>(
      [] { read_npz(seed("safetensors/types.safetensors")); },
      {"not a zip archive"});
}

TEST(Npz, NoticesADamagedEntry) {
  const TempFolder folder;
  std::string bytes = read_file(seed("npz/stored.npz"), ErrorCode::weights);
  bytes[200] = static_cast<char>(bytes[200] ^ 1); // in the first array
  const auto path = folder.write("a.npz", bytes);
  expect_error<WeightError>([&] { read_npz(path); }, {"a.npz", "checksum"});
}

TEST(TorchFile, ReadsAStateDictWithItsFacts) {
  const auto read = read_torch(seed("torch/views.pt"));
  EXPECT_EQ(read.tensors.size(), 9u);
  expect_tensor(read, "f32", DType::f32, {2, 3}, counted(6));
  expect_tensor(read, "f16", DType::f16, {3, 2}, counted(6));
  expect_tensor(read, "bf16", DType::bf16, {4}, counted(4));
  expect_tensor(read, "i64", DType::i64, {3}, counted(3));
  expect_tensor(read, "scalar", DType::f32, {}, {7});
  expect_tensor(read, "empty", DType::f32, {0, 4}, {});
  EXPECT_EQ(
      read.metadata.dump(),
      R"({"dims":{"n_mels":80,"name":"x","list":[1,2.5,null,true]}})");
}

TEST(TorchFile, KnowsWhichPagesOfTheFileItTakes) {
  const auto read = read_torch(seed("torch/views.pt"));
  EXPECT_TRUE(read.tensors.at("f32").is_in_file());
  EXPECT_FALSE(read.tensors.at("transposed").is_in_file());
  forget_pages(read.tensors.at("f32"));
  expect_tensor(read, "f32", DType::f32, {2, 3}, counted(6));
}

TEST(TorchFile, MakesViewsContiguous) {
  const auto read = read_torch(seed("torch/views.pt")); // of arange(24), [4, 6]
  std::vector<double> transposed;
  for (int c = 0; c < 6; ++c)
    for (int r = 0; r < 4; ++r)
      transposed.push_back(6 * r + c);
  expect_tensor(read, "transposed", DType::f32, {6, 4}, transposed);
  expect_tensor(
      read,
      "columns",
      DType::f32,
      {4, 2},
      {1, 2, 7, 8, 13, 14, 19, 20});
  expect_tensor(
      read,
      "rows",
      DType::f32,
      {2, 6},
      {6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17});
}

TEST(TorchFile, ReadsBareStateDictsAndParameters) {
  for (const std::string name : {"torch/state_dict.pt", "torch/parameter.pt"})
    expect_tensor(
        read_torch(seed(name)),
        "weight",
        DType::f32,
        {2, 3},
        counted(6));
}

TEST(TorchFile, RunsNoCode) {
  expect_error<WeightError>(
      [] { read_torch(seed("refused/calls_system.pt")); },
      {"calls_system.pt", "refuses to run", "system"});
  expect_error<WeightError>(
      [] { read_torch(seed("refused/calls_eval.pt")); },
      {"refuses to run builtins.eval"});
  expect_error<WeightError>(
      [] { read_torch(seed("refused/inst.pt")); },
      {"refuses to run os.system"});
}

TEST(TorchFile, RefusesWhatWouldCostWithoutBound) {
  expect_error<WeightError>(
      [] { read_torch(seed("refused/laughs.pt")); },
      {"too large"});
  expect_error<WeightError>(
      [] { read_torch(seed("refused/expanded.pt")); },
      {"expanded view"});
}

TEST(TorchFile, NamesTheOldFormat) {
  expect_error<WeightError>(
      [] { read_torch(seed("refused/legacy.pt")); },
      {"legacy.pt", "before 1.6", "torch.save()"});
  expect_error<WeightError>(
      [] { read_torch(seed("npz/stored.npz")); },
      {"no data.pkl"});
  expect_error<WeightError>(
      [] { read_torch(seed("safetensors/types.safetensors")); },
      {"not a PyTorch checkpoint"});
}

TEST(CTranslate2, ReadsEachVersion) {
  for (const int version : {2, 3, 6}) {
    const auto read = read_ctranslate2(
        seed("ctranslate2/version" + std::to_string(version) + ".bin"));
    expect_tensor(read, "a/f32", DType::f32, {2, 3}, counted(6));
    expect_tensor(read, "c/i8", DType::i8, {}, {1});
    expect_tensor(read, "d/i16", DType::i16, {}, {-1});
    if (version == 6)
      expect_tensor(read, "b/f16", DType::f16, {3}, counted(3));
    EXPECT_EQ(read.metadata["binary_version"], version);
    EXPECT_EQ(read.metadata["spec"], "WhisperSpec");
    EXPECT_EQ(read.metadata["revision"], 3);
    EXPECT_EQ(
        read.metadata["aliases"].dump(),
        version == 2 ? "{}" : R"({"e/alias":"a/f32"})");
  }
}

TEST(CTranslate2, NamesDamage) {
  const TempFolder folder;
  std::string bytes =
      read_file(seed("ctranslate2/version6.bin"), ErrorCode::weights);
  const auto refused = [&](const std::string& damaged, const std::string& why) {
    const auto path = folder.write("model.bin", damaged);
    expect_error<WeightError>(
        [&] { read_ctranslate2(path); },
        {"model.bin", why});
  };
  refused(bytes.substr(0, 60), "ends early");
  refused(bytes + "x", "1 bytes after the end");
  refused("\x07" + bytes.substr(1), "binary version");
  refused("RIFF....", "not a CTranslate2 model");
}

} // namespace
} // namespace mlxaudio
