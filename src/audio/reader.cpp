// SPDX-License-Identifier: MIT
#include "audio/reader.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "audio/downmix.h"
#include "audio/ffmpeg.h"
#include "audio/input_file.h"
#include "audio/resample.h"
#include "audio/sound_file.h"
#include "mlxaudio/error.h"

namespace mlxaudio {
namespace {

// Samples without a header could be anything, and some bytes of speech look
// like a header to ffmpeg.
// DEVIATION(whisper-headerless): the reference reads a file that ends in .sw,
// as ffmpeg takes it: 16 bit, one channel, 44100 Hz, which need not be true.
void refuse_headerless(
    const std::filesystem::path& file, const InputFile& input) {
  std::string ending = file.extension().string();
  std::transform(ending.begin(), ending.end(), ending.begin(), [](char c) {
    return static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  });
  constexpr std::array kEndings = {".raw", ".pcm", ".s16", ".s16le", ".sw"};
  if (std::find(kEndings.begin(), kEndings.end(), ending) == kEndings.end()) {
    return;
  }
  throw AudioError(fmt::format(
      "[audio] {} has no header that says what its samples are: convert it "
      "by `ffmpeg -f s16le -ar RATE -ac CHANNELS -i {} new.wav` with its "
      "rate and channels",
      input.name(),
      input.name()));
}

std::unique_ptr<AudioSource> open_source(
    const std::filesystem::path& file,
    const InputFile& input,
    int sample_rate) {
  SoundFile sound = open_sound_file(input, sample_rate);
  if (sound.source) {
    return std::move(sound.source);
  }
  refuse_headerless(file, input);
  const auto program = find_ffmpeg();
  if (!program) {
    throw AudioError(fmt::format(
        "[audio] {} is in no format that can be read without ffmpeg "
        "(libsndfile: {}): install ffmpeg (`apt-get install ffmpeg`, `brew "
        "install ffmpeg`), or convert the file to WAV",
        input.name(),
        sound.problem));
  }
  return open_ffmpeg(*program, file, input, sample_rate);
}

} // namespace

struct AudioReader::Impl {
  Impl(const std::filesystem::path& path, int rate)
      : file(path), input(path), sample_rate(rate) {
    open();
  }

  void open() {
    // Decoders share the place in the file: the old one goes first.
    source.reset();
    source = open_source(file, input, sample_rate);
    resampler.reset();
    const int own_rate = source->info().sample_rate;
    if (own_rate != 0 && own_rate != sample_rate) {
      // DEVIATION(whisper-resampler): the reference resamples by ffmpeg, which
      // lets aliases through and falls earlier.
      resampler.emplace(own_rate, sample_rate);
    }
    ready.clear();
    begin = 0;
    at_end = false;
    any = false;
  }

  std::size_t read(std::span<float> out) {
    const std::size_t got = resampler ? read_resampled(out) : source->read(out);
    any = any || got > 0;
    // DEVIATION(whisper-no-samples): the reference goes on with no samples, and
    // gives an empty text for what is most often a broken file.
    if (!any && !out.empty()) {
      throw AudioError(fmt::format(
          "[audio] {} holds no sound: its header is followed by 0 samples",
          input.name()));
    }
    return got;
  }

  std::size_t read_resampled(std::span<float> out) {
    std::size_t filled = 0;
    while (filled < out.size()) {
      if (begin == ready.size() && !refill()) {
        break;
      }
      const std::size_t n = std::min(ready.size() - begin, out.size() - filled);
      for (std::size_t i = 0; i < n; ++i) {
        out[filled + i] = round_to_16_bit(ready[begin + i]);
      }
      begin += n;
      filled += n;
    }
    return filled;
  }

  bool refill() {
    ready.clear();
    begin = 0;
    while (ready.empty() && !at_end) {
      constexpr std::size_t kBlock = 1 << 14;
      block.resize(kBlock);
      const std::size_t got = source->read(block);
      resampler->process(std::span(block).first(got), ready);
      if (got < kBlock) {
        at_end = true;
        resampler->finish(ready);
      }
    }
    return !ready.empty();
  }

  std::filesystem::path file;
  InputFile input;
  std::unique_ptr<AudioSource> source;
  int sample_rate;
  std::optional<Resampler> resampler;
  std::vector<float> block; // at the file's rate
  std::vector<float> ready; // at the wanted rate, from `begin` on
  std::size_t begin = 0;
  bool at_end = false;
  bool any = false; // whether there was a sample yet
};

AudioReader::AudioReader(const std::filesystem::path& file, int sample_rate)
    : impl_(std::make_unique<Impl>(file, sample_rate)) {}
AudioReader::AudioReader(AudioReader&&) noexcept = default;
AudioReader& AudioReader::operator=(AudioReader&&) noexcept = default;
AudioReader::~AudioReader() = default;

std::size_t AudioReader::read(std::span<float> out) {
  return impl_->read(out);
}

void AudioReader::rewind() {
  impl_->open();
}

int AudioReader::sample_rate() const {
  return impl_->sample_rate;
}

const AudioInfo& AudioReader::info() const {
  return impl_->source->info();
}

Audio read_audio(const std::filesystem::path& file, int sample_rate) {
  AudioReader reader(file, sample_rate);
  Audio audio{.samples = {}, .sample_rate = sample_rate};
  constexpr std::size_t kBlock = 1 << 16;
  while (true) {
    const std::size_t have = audio.samples.size();
    audio.samples.resize(have + kBlock);
    const std::size_t got = reader.read(std::span(audio.samples).subspan(have));
    audio.samples.resize(have + got);
    if (got < kBlock) {
      break;
    }
  }
  return audio;
}

} // namespace mlxaudio
