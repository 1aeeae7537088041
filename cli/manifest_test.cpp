// SPDX-License-Identifier: MIT
#include "cli/manifest.h"

#include <gtest/gtest.h>

#include <fstream>

#include "core/temp_folder.h"

namespace mlxaudio::cli {
namespace {

/// The message that a manifest is refused with.
std::string refusal(std::string_view text, const char* name) {
  try {
    parse_manifest(text, name);
  } catch (const ManifestError& e) {
    EXPECT_EQ(e.code(), ErrorCode::audio);
    return e.what();
  }
  ADD_FAILURE() << name << " was taken: " << text;
  return {};
}

void expect_refusal(
    std::string_view text, const char* name, std::string_view part) {
  const std::string message = refusal(text, name);
  EXPECT_NE(message.find(part), message.npos) << message;
}

TEST(Manifest, ReadsJsonLines) {
  const auto entries = parse_manifest(
      "\xEF\xBB\xBF{\"audio\": \"a.wav\", \"text\": \"one, two\"}\r\n\n"
      "  {\"id\": 7, \"audio\": \"/b c.wav\", \"text\": \"\", \"language\": "
      "\"de\", \"duration\": 1.5, \"speaker\": {\"age\": 3}}",
      "m.jsonl");
  ASSERT_EQ(entries.size(), 2U);
  EXPECT_EQ(entries[0].line, 1U);
  EXPECT_EQ(entries[0].id, "a.wav");
  EXPECT_EQ(entries[0].audio, "a.wav");
  EXPECT_EQ(entries[0].text, "one, two");
  EXPECT_FALSE(entries[0].language);
  EXPECT_FALSE(entries[0].duration);
  EXPECT_EQ(entries[1].line, 3U);
  EXPECT_EQ(entries[1].id, "7");
  EXPECT_EQ(entries[1].audio, "/b c.wav");
  EXPECT_EQ(entries[1].text, "");
  EXPECT_EQ(entries[1].language, "de");
  EXPECT_EQ(entries[1].duration, 1.5);
}

TEST(Manifest, KnowsTheNamesThatOthersUse) {
  const auto nemo = parse_manifest(
      R"({"audio_filepath": "n.wav", "duration": 2, "offset": 0, "text": "x", "lang": "fr"})",
      "manifest.json");
  EXPECT_EQ(nemo[0].audio, "n.wav");
  EXPECT_EQ(nemo[0].language, "fr");
  const auto voice = parse_manifest(
      "client_id\tpath\tsentence\tlocale\nabc\tcv.mp3\t\"So,\" he said\ten\n",
      "test.tsv");
  EXPECT_EQ(voice[0].audio, "cv.mp3");
  EXPECT_EQ(voice[0].text, "\"So,\" he said");
  EXPECT_EQ(voice[0].language, "en");
  const auto folder =
      parse_manifest("file_name,transcription\nf.wav,hello\n", "metadata.CSV");
  EXPECT_EQ(folder[0].audio, "f.wav");
  EXPECT_EQ(folder[0].text, "hello");
}

TEST(Manifest, ReadsQuotesOfCsv) {
  const auto entries = parse_manifest(
      "id,audio,text,language,duration\r\n"
      "1,a.wav,\"well, \"\"yes\"\"\r\nand no\",,\r\n"
      "\r\n"
      "\"2\",\"b.wav\",plain \"quotes\" inside,en,3.25\r\n"
      "3,c.wav,,,",
      "m.csv");
  ASSERT_EQ(entries.size(), 3U);
  EXPECT_EQ(entries[0].text, "well, \"yes\"\r\nand no");
  EXPECT_FALSE(entries[0].language);
  EXPECT_EQ(entries[1].line, 5U);
  EXPECT_EQ(entries[1].text, "plain \"quotes\" inside");
  EXPECT_EQ(entries[1].duration, 3.25);
  EXPECT_EQ(entries[2].text, "");
}

TEST(Manifest, GoesByItsFirstCharacterWithoutAnEnding) {
  EXPECT_EQ(
      parse_manifest(R"({"audio": "a", "text": "b"})", "m.txt").size(),
      1U);
  expect_refusal("audio,text\na,b\n", "m.txt", "let its name end in");
}

TEST(Manifest, NamesTheLineOfWhatIsWrong) {
  const std::string good = R"({"audio": "a", "text": "b"})"
                           "\n";
  expect_refusal(good + "\n{\"audio\": \"c\",}", "m.jsonl", "m.jsonl, line 3");
  expect_refusal(good + "\n{\"audio\": \"c\",}", "m.jsonl", "at column ");
  expect_refusal(good + "[1]", "m.jsonl", "line 2: expected an object");
  expect_refusal("[\n" + good + "]", "m.json", "line 1: ");
  expect_refusal(good + "{\"text\": \"c\"}", "m.jsonl", "line 2: no audio");
  expect_refusal(
      good + "{\"audio\": \"\", \"text\": \"c\"}",
      "m.jsonl",
      "line 2: no audio");
  expect_refusal(good + "{\"audio\": \"c\"}", "m.jsonl", "line 2: no text");
  expect_refusal(
      good + "{\"audio\": \"c\", \"text\": null}",
      "m.jsonl",
      "line 2: no text");
  expect_refusal(
      good + "{\"audio\": \"c\", \"text\": [1]}",
      "m.jsonl",
      "line 2: text is a JSON array: give a string");
  expect_refusal(
      good + "{\"audio\": \"c\", \"text\": \"d\", \"duration\": true}",
      "m.jsonl",
      "line 2: duration is a JSON boolean: give a number");
  expect_refusal(
      good + "{\"audio\": \"c\", \"text\": \"d\", \"duration\": \"-1\"}",
      "m.jsonl",
      "line 2: duration is \"-1\"");
  expect_refusal(
      good + "{\"audio\": \"c\", \"text\": \"d\", \"offset\": 2.5}",
      "m.jsonl",
      "line 2: a part of a file");
  expect_refusal(
      good + "{\"audio\": \"c\\u0000d\", \"text\": \"d\"}",
      "m.jsonl",
      "line 2: the path of the audio has a NUL");
  expect_refusal(good + good, "m.jsonl", "line 2: \"a\" is on line 1 too");
}

TEST(Manifest, NamesTheLineOfATableThatIsWrong) {
  expect_refusal(
      "audio,words\na,b\n",
      "m.csv",
      "line 1: no column for the text");
  expect_refusal(
      "wave,text\na,b\n",
      "m.csv",
      "line 1: no column for the audio");
  expect_refusal("audio,text,text\na,b,c\n", "m.csv", "line 1: two columns");
  expect_refusal("audio,text\na,b\nc,d,e\n", "m.csv", "line 3: 3 fields");
  expect_refusal("audio,text\na\n", "m.csv", "line 2: 1 fields");
  expect_refusal("audio,text\na,\"b\nc,d\n", "m.csv", "line 2: a quote");
  expect_refusal("audio,text\na,\"b\"c\n", "m.csv", "line 2: text behind");
  expect_refusal("audio,text\n,b\n", "m.csv", "line 2: no audio");
  expect_refusal("audio\ttext\na\tb\tc\n", "m.tsv", "line 2: 3 fields");
  expect_refusal(
      "audio,text,duration\na,b,long\n",
      "m.csv",
      "line 2: duration is \"long\"");
  expect_refusal(
      "audio,text,offset\na,b,1\n",
      "m.csv",
      "line 2: a part of a file");
}

TEST(Manifest, RefusesWhatIsNoText) {
  expect_refusal("audio,text\na,b\nc,\xff\n", "m.csv", "line 3: bytes that");
  expect_refusal(
      std::string_view("audio,text\na,b\0\n", 16),
      "m.csv",
      "line 2: a NUL byte");
  expect_refusal("{\"audio\": \"\xc3\", \"text\": \"\"}", "m.jsonl", "line 1:");
}

TEST(Manifest, RefusesNothing) {
  for (const char* const name : {"m.jsonl", "m.csv", "m.tsv", "m"}) {
    expect_refusal("", name, "names no audio");
    expect_refusal(" \n\r\n", name, "names no audio");
  }
  expect_refusal("audio,text\n", "m.csv", "names no audio");
}

TEST(Manifest, LooksForAudioBesideItself) {
  const TempFolder folder;
  const auto path = folder.path() / "m.csv";
  std::ofstream(path) << "audio,text\nsub/a.wav,x\n/abs.wav,y\n";
  const auto beside = read_manifest(path, std::nullopt);
  EXPECT_EQ(beside[0].audio, folder.path() / "sub/a.wav");
  EXPECT_EQ(beside[1].audio, "/abs.wav");
  const auto elsewhere = read_manifest(path, "/clips");
  EXPECT_EQ(elsewhere[0].audio, "/clips/sub/a.wav");
  EXPECT_THROW(read_manifest(folder.path() / "no.csv", {}), AudioError);
  EXPECT_THROW(read_manifest(folder.path(), {}), AudioError);
}

} // namespace
} // namespace mlxaudio::cli
