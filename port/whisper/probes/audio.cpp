// SPDX-License-Identifier: MIT
#include "models/whisper/audio.h"

#include <unistd.h>

#include <cmath>
#include <filesystem>

#include <mlx/ops.h>

#include "audio/reader.h"
#include "core/atomic_file.h"
#include "ops/stft.h"
#include "probes.h"
#include "toy.h"

namespace mlxaudio::port {

using namespace mlxaudio::whisper;

namespace {

/// A WAV file with a recorded file's bytes, two digits each, for as long as it
/// is needed.
class TemporaryFile {
 public:
  explicit TemporaryFile(const std::string& hex)
      : path_(
            std::filesystem::temp_directory_path() /
            ("probe-" + std::to_string(::getpid()) + ".wav")) {
    std::string bytes;
    for (std::size_t i = 0; i + 1 < hex.size(); i += 2) {
      bytes += static_cast<char>(std::stoi(hex.substr(i, 2), nullptr, 16));
    }
    write_file(path_, bytes);
  }
  TemporaryFile(const TemporaryFile&) = delete;
  TemporaryFile& operator=(const TemporaryFile&) = delete;
  ~TemporaryFile() {
    std::error_code none;
    std::filesystem::remove(path_, none);
  }
  const std::filesystem::path& path() const {
    return path_;
  }

 private:
  std::filesystem::path path_;
};

Json put_samples(Call& c, const std::vector<float>& samples) {
  return c.put(mx::array(samples.data(), {static_cast<int>(samples.size())}));
}

/// Every so manyth frame. \shape mel [frames, n_mels]
Json put_frames(Call& c, const mx::array& mel) {
  return c.put(mx::slice(
      mel,
      {0, 0},
      {mel.shape(0), mel.shape(1)},
      {c.get<int>("every"), 1}));
}

} // namespace

void add_audio(Probes& p) {
  p.add("whisper.audio", [](Call&) {
    return Json{
        {"SAMPLE_RATE", kSampleRate},
        {"N_FFT", kNFft},
        {"HOP_LENGTH", kHopLength},
        {"CHUNK_LENGTH", kChunkLength},
        {"N_SAMPLES", kNSamples},
        {"N_FRAMES", kNFrames},
        {"N_SAMPLES_PER_TOKEN", kNSamplesPerToken},
        {"FRAMES_PER_SECOND", kFramesPerSecond},
        {"TOKENS_PER_SECOND", kTokensPerSecond}};
  });

  p.add("whisper.audio.load_audio", [](Call& c) {
    const TemporaryFile file(c.get<std::string>("hex"));
    const std::vector<float> samples = read_audio(file.path()).samples;
    if (!c.maybe<bool>("numbers").value_or(false)) {
      return put_samples(c, samples);
    }
    Json numbers = Json::array();
    for (const float sample : samples) {
      // What is no whole number of 16 bits stays broken, and is not equal.
      const double n = static_cast<double>(sample) * 32768;
      numbers.push_back(
          n == std::floor(n) ? Json(static_cast<int>(n)) : Json(n));
    }
    return numbers;
  });

  p.add("whisper.audio.pad_or_trim", [](Call& c) {
    return c.put(pad_or_trim(
        c.array("array"),
        c.maybe<int>("length").value_or(kNSamples),
        c.maybe<int>("axis").value_or(-1)));
  });

  p.add("whisper.audio.mel_filters", [](Call& c) {
    return c.put(mel_filters(c.get<int>("n_mels")));
  });

  p.add("whisper.audio.log_mel_spectrogram", [](Call& c) {
    const int padding = c.maybe<int>("padding").value_or(0);
    if (c.has("clip")) {
      return put_frames(
          c,
          log_mel_spectrogram(clip_of(c), c.get<int>("n_mels"), padding));
    }
    if (c.has("filters")) {
      return c.put(
          log_mel_spectrogram(c.array("audio"), c.array("filters"), padding));
    }
    return c.put(log_mel_spectrogram(
        c.array("audio"),
        c.maybe<int>("n_mels").value_or(80),
        padding));
  });

  p.add("mlx_audio.dsp.hanning", [](Call& c) {
    return c.put(ops::hanning(c.get<int>("size"), c.get<bool>("periodic")));
  });

  p.add("mlx_audio.dsp.stft", [](Call& c) {
    const mx::array y = ops::stft(
        c.array("x"),
        c.array("window"),
        c.get<int>("n_fft"),
        c.get<int>("hop_length"));
    return Json{{"real", c.put(mx::real(y))}, {"imag", c.put(mx::imag(y))}};
  });

  p.add("mlx_audio.dsp.mel_filters", [](Call& c) {
    const bool htk = c.get<std::string>("mel_scale") == "htk";
    return c.put(ops::mel_filters(
        c.get<int>("sample_rate"),
        c.get<int>("n_fft"),
        c.get<int>("n_mels"),
        htk ? ops::MelScale::htk : ops::MelScale::slaney,
        c.has("norm")));
  });
}

} // namespace mlxaudio::port
