// SPDX-License-Identifier: MIT
#include <gtest/gtest.h>

#include <array>
#include <bit>
#include <cmath>
#include <limits>

#include "core/base85.h"
#include "core/expect_error.h"
#include "core/gzip.h"
#include "core/half.h"
#include "core/json.h"
#include "core/sha256.h"
#include "core/temp_folder.h"
#include "core/utf8.h"

namespace mlxaudio {
namespace {

TEST(Sha256, KnownDigests) {
  EXPECT_EQ(
      sha256(""),
      "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(
      sha256("abc"),
      "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(
      sha256("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"),
      "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
  Sha256 million;
  const std::string thousand(1000, 'a');
  for (int i = 0; i < 1000; ++i)
    million.update(thousand);
  EXPECT_EQ(
      million.hex(),
      "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

TEST(Sha256, PiecesDoNotMatter) {
  std::string text;
  for (int i = 0; i < 300; ++i)
    text += static_cast<char>(i);
  for (std::size_t length = 0; length <= text.size(); ++length) {
    const std::string part = text.substr(0, length);
    Sha256 pieces;
    for (std::size_t at = 0; at < length; at += 7)
      pieces.update(std::string_view(part).substr(at, 7));
    ASSERT_EQ(pieces.hex(), sha256(part)) << length;
  }
}

TEST(Sha256, MoreMayFollowADigest) {
  Sha256 hash;
  hash.update("a");
  EXPECT_EQ(hash.hex(), sha256("a"));
  hash.update("bc");
  EXPECT_EQ(hash.hex(), sha256("abc"));
}

TEST(Utf8, EveryCodePointRoundTrips) {
  for (char32_t c = 0; c <= 0x10FFFF; ++c) {
    std::string text;
    append_utf8(text, c);
    const bool surrogate = c >= 0xD800 && c <= 0xDFFF;
    const auto step = decode_utf8(text, 0);
    ASSERT_TRUE(step.code_point.has_value());
    ASSERT_EQ(*step.code_point, surrogate ? 0xFFFD : c);
    ASSERT_EQ(step.size, text.size());
  }
}

TEST(Utf8, ReplacesAsPythonDoes) {
  // Each expectation is what bytes.decode("utf-8", "replace") gives.
  const std::string r = "\xEF\xBF\xBD";
  const std::array<std::pair<std::string, std::string>, 13> cases{{
      {"plain", "plain"},
      {"\x80", r},
      {"a\xC3z", "a" + r + "z"},
      {"\xC0\x80", r + r},         // overlong
      {"\xE0\x80\x80", r + r + r}, // overlong
      {"\xE2\x82", r},             // cut short: one maximal subpart
      {"\xE2\x82\x41", r + "A"},
      {"\xED\xA0\x80", r + r + r}, // a surrogate
      {"\xF0\x9F\x98", r},
      {"\xF0\x9F\x98\x80", "\xF0\x9F\x98\x80"},
      {"\xF4\x90\x80\x80", r + r + r + r}, // above U+10FFFF
      {"\xF5\x80", r + r},
      {"\xF0\x80\x80\x80", r + r + r + r},
  }};
  for (const auto& [bytes, expected] : cases) {
    EXPECT_EQ(replace_malformed_utf8(bytes), expected);
    EXPECT_EQ(is_utf8(bytes), bytes == expected);
    EXPECT_TRUE(is_utf8(replace_malformed_utf8(bytes)));
  }
}

TEST(Utf8, PrintableIsOneLine) {
  EXPECT_EQ(printable("a\nb\x1b[2J\x7f"), "a?b?[2J?");
  EXPECT_EQ(printable("\xC3\xA9"), "\xC3\xA9");
  EXPECT_EQ(printable("abcdef", 3), "abc...");
}

TEST(Utf8, CodePoints) {
  EXPECT_EQ(to_utf32("a\xC3\xA9\xE2\x82\xAC"), U"a\u00e9\u20ac");
  EXPECT_EQ(to_utf8(U"a\u00e9\u20ac"), "a\xC3\xA9\xE2\x82\xAC");
  EXPECT_FALSE(to_utf32("\xFF").has_value());
}

TEST(Half, EveryHalfRoundTrips) {
  for (std::uint32_t bits = 0; bits < 0x10000; ++bits) {
    const auto half = static_cast<std::uint16_t>(bits);
    const float value = from_f16(half);
    if (std::isnan(value))
      ASSERT_TRUE(std::isnan(from_f16(to_f16(value))));
    else
      ASSERT_EQ(to_f16(value), half);
  }
}

TEST(Half, RoundsToNearestEven) {
  // Half-way between each pair of neighbours goes to the even one, and a
  // hair beyond goes to the nearer.
  for (std::uint16_t half = 0; half < 0x7BFF; ++half) {
    const float low = from_f16(half);
    const float high = from_f16(static_cast<std::uint16_t>(half + 1));
    const float middle = low + (high - low) / 2; // exact
    ASSERT_EQ(to_f16(middle), half % 2 == 0 ? half : half + 1) << half;
    ASSERT_EQ(to_f16(std::nextafter(middle, low)), half);
    ASSERT_EQ(to_f16(std::nextafter(middle, high)), half + 1);
  }
  EXPECT_EQ(to_f16(65519.0f), 0x7BFF);
  EXPECT_EQ(to_f16(65520.0f), 0x7C00);
  EXPECT_EQ(to_f16(-std::numeric_limits<float>::infinity()), 0xFC00);
  EXPECT_EQ(to_f16(-0.0f), 0x8000);
}

TEST(Half, Bfloat16) {
  EXPECT_EQ(from_bf16(0x3F80), 1.0f);
  EXPECT_EQ(from_bf16(0xC040), -3.0f);
}

TEST(Base85, KnownTexts) {
  // base64.b85encode of b"hello world" and of one to four bytes.
  EXPECT_EQ(decode_base85("Xk~0{Zy<MXa%^M"), "hello world");
  EXPECT_EQ(decode_base85("VE"), "a");
  EXPECT_EQ(decode_base85("VPX"), "ab");
  EXPECT_EQ(decode_base85("VPaz"), "abc");
  EXPECT_EQ(decode_base85("VPa!s"), "abcd");
  EXPECT_EQ(decode_base85(""), "");
  EXPECT_EQ(decode_base85("\"\"\"\"\""), std::nullopt);
  EXPECT_EQ(decode_base85("~~~~~"), std::nullopt); // more than 32 bits
}

TEST(Gzip, Inflates) {
  // gzip.compress(b"hello", mtime=0)
  const std::string packed(
      "\x1f\x8b\x08\x00\x00\x00\x00\x00\x02\xff\xcb\x48\xcd\xc9\xc9\x07\x00"
      "\x86\xa6\x10\x36\x05\x00\x00\x00",
      25);
  EXPECT_EQ(inflate_gzip(packed, 5), "hello");
  EXPECT_EQ(inflate_gzip(packed, 4), std::nullopt);
  for (std::size_t n = 0; n < packed.size(); ++n)
    EXPECT_EQ(inflate_gzip(packed.substr(0, n), 100), std::nullopt) << n;
}

TEST(Json, KeepsTheOrderOfKeys) {
  EXPECT_EQ(
      parse_json(R"({"z": 1, "a": {"y": [], "b": null}})", "x").dump(),
      R"({"z":1,"a":{"y":[],"b":null}})");
}

TEST(Json, NamesFileAndPlace) {
  const TempFolder folder;
  const auto path = folder.write("config.json", "{\n  \"a\": 1,\n  oops\n}");
  expect_error<ConfigError>(
      [&] { read_json(path); },
      {"config.json", "line 3"});
  expect_error<ConfigError>(
      [&] { read_json(folder.path() / "no.json"); },
      {"no.json", "No such"});
}

TEST(Json, RefusesWhatIsAmbiguousOrHuge) {
  expect_error<ConfigError>(
      [] { parse_json(R"({"a": 1, "b": {"a": 2}, "a": 3})", "x"); },
      {"\"a\" comes twice"});
  const std::string deep(100000, '[');
  expect_error<ConfigError>([&] { parse_json(deep, "x"); }, {"deeper"});
  std::string wide = "{";
  for (std::size_t i = 0; i <= kJsonKeys; ++i)
    wide += "\"" + std::to_string(i) + "\":0,";
  wide.back() = '}';
  expect_error<ConfigError>([&] { parse_json(wide, "x"); }, {"keys"});
  expect_error<ConfigError>([] { parse_json("", "x"); }, {"x: parse error"});
  expect_error<ConfigError>([] { parse_json("\"\xff\"", "x"); }, {"UTF-8"});
}

} // namespace
} // namespace mlxaudio
