// SPDX-License-Identifier: MIT
#include "audio/sound_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <optional>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include <fmt/format.h>
#include <sndfile.h>

#include "audio/apple_channels.h"
#include "audio/declared_length.h"
#include "audio/downmix.h"
#include "audio/flac_channels.h"
#include "mlxaudio/error.h"

namespace mlxaudio {
namespace {

[[noreturn]] void fail(const std::string& what) {
  throw AudioError("[audio] " + what);
}

struct CloseSound {
  void operator()(SNDFILE* file) const {
    sf_close(file);
  }
};
using Sound = std::unique_ptr<SNDFILE, CloseSound>;

int major_format(const SF_INFO& info) {
  return info.format & SF_FORMAT_TYPEMASK;
}

std::string name_of_format(int format, int command) {
  SF_FORMAT_INFO query{};
  query.format = format;
  if (sf_command(nullptr, command, &query, sizeof query) != 0 ||
      query.name == nullptr) {
    return "unknown";
  }
  return query.name;
}

// The name of a major format or of a coding: libsndfile lists them.
std::string name_from_list(
    int format, int count_command, int item_command, int mask) {
  int count = 0;
  sf_command(nullptr, count_command, &count, sizeof count);
  for (int i = 0; i < count; ++i) {
    SF_FORMAT_INFO item{};
    item.format = i;
    if (sf_command(nullptr, item_command, &item, sizeof item) == 0 &&
        (item.format & mask) == (format & mask)) {
      return item.name;
    }
  }
  return name_of_format(format & mask, SFC_GET_FORMAT_INFO);
}

std::string describe(int format) {
  return fmt::format(
      "{}, {}",
      name_from_list(
          format,
          SFC_GET_FORMAT_MAJOR_COUNT,
          SFC_GET_FORMAT_MAJOR,
          SF_FORMAT_TYPEMASK),
      name_from_list(
          format,
          SFC_GET_FORMAT_SUBTYPE_COUNT,
          SFC_GET_FORMAT_SUBTYPE,
          SF_FORMAT_SUBMASK));
}

// The type that ffmpeg decodes a coding to; its rounding depends on it.
using Block = std::variant<
    std::vector<std::int16_t>,
    std::vector<std::int32_t>,
    std::vector<float>,
    std::vector<double>>;

Block block_for(int format) {
  switch (format & SF_FORMAT_SUBMASK) {
    case SF_FORMAT_PCM_24:
    case SF_FORMAT_PCM_32:
    case SF_FORMAT_ALAC_20:
    case SF_FORMAT_ALAC_24:
    case SF_FORMAT_ALAC_32:
      return std::vector<std::int32_t>();
    case SF_FORMAT_DOUBLE:
      return std::vector<double>();
    case SF_FORMAT_FLOAT:
    case SF_FORMAT_VORBIS:
    case SF_FORMAT_OPUS:
    case SF_FORMAT_MPEG_LAYER_I:
    case SF_FORMAT_MPEG_LAYER_II:
    case SF_FORMAT_MPEG_LAYER_III:
      return std::vector<float>();
    default:
      return std::vector<std::int16_t>();
  }
}

sf_count_t read_frames(SNDFILE* file, std::int16_t* out, sf_count_t n) {
  return sf_readf_short(file, out, n);
}
sf_count_t read_frames(SNDFILE* file, std::int32_t* out, sf_count_t n) {
  return sf_readf_int(file, out, n);
}
sf_count_t read_frames(SNDFILE* file, float* out, sf_count_t n) {
  return sf_readf_float(file, out, n);
}
sf_count_t read_frames(SNDFILE* file, double* out, sf_count_t n) {
  return sf_readf_double(file, out, n);
}

Channel channel_of(int position) {
  switch (position) {
    case SF_CHANNEL_MAP_MONO:
    case SF_CHANNEL_MAP_CENTER:
    case SF_CHANNEL_MAP_FRONT_CENTER:
      return Channel::front_center;
    case SF_CHANNEL_MAP_LEFT:
    case SF_CHANNEL_MAP_FRONT_LEFT:
      return Channel::front_left;
    case SF_CHANNEL_MAP_RIGHT:
    case SF_CHANNEL_MAP_FRONT_RIGHT:
      return Channel::front_right;
    case SF_CHANNEL_MAP_REAR_CENTER:
      return Channel::back_center;
    case SF_CHANNEL_MAP_REAR_LEFT:
      return Channel::back_left;
    case SF_CHANNEL_MAP_REAR_RIGHT:
      return Channel::back_right;
    case SF_CHANNEL_MAP_LFE:
      return Channel::low_frequency;
    case SF_CHANNEL_MAP_FRONT_LEFT_OF_CENTER:
      return Channel::front_left_of_center;
    case SF_CHANNEL_MAP_FRONT_RIGHT_OF_CENTER:
      return Channel::front_right_of_center;
    case SF_CHANNEL_MAP_SIDE_LEFT:
      return Channel::side_left;
    case SF_CHANNEL_MAP_SIDE_RIGHT:
      return Channel::side_right;
    default:
      return Channel::other;
  }
}

// Positions of the channels as libsndfile knows them, if it knows each.
std::optional<std::vector<Channel>> named_channels(
    SNDFILE* file, const SF_INFO& info) {
  std::vector<int> map(
      static_cast<std::size_t>(info.channels),
      SF_CHANNEL_MAP_INVALID);
  const bool named = sf_command(
                         file,
                         SFC_GET_CHANNEL_MAP_INFO,
                         map.data(),
                         static_cast<int>(map.size() * sizeof(int))) != 0;
  if (!named ||
      std::find(map.begin(), map.end(), SF_CHANNEL_MAP_INVALID) != map.end()) {
    return std::nullopt;
  }
  std::vector<Channel> channels(map.size());
  std::transform(map.begin(), map.end(), channels.begin(), channel_of);
  return channels;
}

// Positions of the channels: the file's own where it names each, else those
// that its format agrees on.
std::vector<Channel> channels_of(
    const InputFile& input, SNDFILE* file, const SF_INFO& info) {
  std::optional<std::vector<Channel>> channels;
  auto order = ChannelOrder::wav;
  switch (major_format(info)) {
    case SF_FORMAT_AIFF:
    case SF_FORMAT_CAF:
      if (const auto layout = apple_layout(input)) {
        channels = channels_of(*layout, info.channels);
      }
      break;
    case SF_FORMAT_FLAC:
      channels = flac_channels(input, info.channels);
      order = ChannelOrder::flac;
      break;
    case SF_FORMAT_OGG:
      channels = named_channels(file, info);
      order = ChannelOrder::vorbis;
      break;
    default:
      channels = named_channels(file, info);
  }
  return channels ? *std::move(channels)
                  : default_channels(info.channels, order);
}

class SoundFileSource : public AudioSource {
 public:
  SoundFileSource(
      const InputFile& input,
      Sound file,
      const SF_INFO& info,
      std::vector<double> weights,
      bool rounded)
      : input_(input),
        file_(std::move(file)),
        mix_(std::move(weights)),
        block_(block_for(info.format)),
        rounded_(rounded) {
    info_ = {
        .sample_rate = info.samplerate,
        .channels = info.channels,
        .format = describe(info.format),
        .duration = {}};
    if (info.frames > 0 && info.frames < SF_COUNT_MAX) {
      info_.duration = static_cast<double>(info.frames) / info.samplerate;
      // Other formats' counts are estimates.
      if (major_format(info) == SF_FORMAT_FLAC) {
        declared_frames_ = info.frames;
      }
    }
  }

  std::size_t read(std::span<float> out) override {
    return std::visit([&](auto& block) { return read_as(block, out); }, block_);
  }

  const AudioInfo& info() const override {
    return info_;
  }

 private:
  // Few enough that a block of 1024 channels of doubles stays in a cache.
  static constexpr std::size_t kBlockFrames = 4096;

  template <class Sample>
  std::size_t read_as(std::vector<Sample>& block, std::span<float> out) {
    const auto n_channels = static_cast<std::size_t>(info_.channels);
    block.resize(kBlockFrames * n_channels);
    std::size_t filled = 0;
    while (filled < out.size()) {
      const auto wanted =
          static_cast<sf_count_t>(std::min(kBlockFrames, out.size() - filled));
      const sf_count_t got = read_frames(file_.get(), block.data(), wanted);
      if (got <= 0) {
        at_end();
        break;
      }
      const auto n_frames = static_cast<std::size_t>(got);
      const std::span<const Sample> frames(block.data(), n_frames * n_channels);
      check_numbers(frames);
      if (rounded_) {
        mix_.to_16_bit(frames, out.data() + filled);
      } else {
        mix_.to_float(frames, out.data() + filled);
      }
      filled += n_frames;
      done_ += got;
    }
    return filled;
  }

  template <class Sample>
  void check_numbers(std::span<const Sample> frames) const {
    if constexpr (std::is_floating_point_v<Sample>) {
      const auto bad = std::find_if(frames.begin(), frames.end(), [](Sample x) {
        return !std::isfinite(x);
      });
      if (bad == frames.end()) {
        return;
      }
      const auto index = static_cast<sf_count_t>(bad - frames.begin());
      const sf_count_t frame = done_ + index / info_.channels;
      fail(fmt::format(
          "{} holds {} at sample {} ({:.3f} s) of channel {}: it was "
          "written wrongly, export it again",
          input_.name(),
          std::isnan(*bad) ? "NaN" : "infinity",
          frame,
          static_cast<double>(frame) / info_.sample_rate,
          index % info_.channels + 1));
    }
  }

  void at_end() const {
    if (declared_frames_ > done_) {
      fail(fmt::format(
          "{} is damaged or was cut short: its header promises {:.2f} s, "
          "{:.2f} s can be read; get a whole copy",
          input_.name(),
          static_cast<double>(declared_frames_) / info_.sample_rate,
          static_cast<double>(done_) / info_.sample_rate));
    }
    if (done_ == 0) {
      refuse_no_sound(input_);
    }
  }

  const InputFile& input_;
  Sound file_;
  Mix mix_;
  Block block_;
  bool rounded_;
  AudioInfo info_;
  sf_count_t declared_frames_ = 0;
  sf_count_t done_ = 0;
};

// The chunk `fmt ` of a WAVE file's header.
struct WaveFormat {
  std::uint32_t coding, channels, sample_rate, frame_bytes, sample_bits;
};

std::optional<WaveFormat> wave_format(const InputFile& input) {
  const std::string header = input.bytes(0, 4096);
  std::size_t chunk = 12;
  if (header.size() < chunk || !header.starts_with("RIFF") ||
      header.compare(8, 4, "WAVE") != 0) {
    return std::nullopt;
  }
  const auto little = [&](std::size_t at, std::size_t count) {
    std::uint32_t value = 0;
    for (std::size_t i = count; i-- > 0;) {
      value = value << 8 | static_cast<std::uint8_t>(header[chunk + at + i]);
    }
    return value;
  };
  while (chunk + 24 <= header.size() && header.compare(chunk, 4, "fmt ") != 0) {
    const std::size_t size = little(4, 4);
    chunk += 8 + size + size % 2;
  }
  if (chunk + 24 > header.size()) {
    return std::nullopt;
  }
  return WaveFormat{
      .coding = little(8, 2),
      .channels = little(10, 2),
      .sample_rate = little(12, 4),
      .frame_bytes = little(20, 2),
      .sample_bits = little(22, 2)};
}

// What a WAVE header says that none can mean, and libsndfile refuses without a
// word of it, or takes; else nothing. Samples of 7 bits are in the upper ones
// of a byte, of 12 bits in those of two.
std::string impossible_wave(const InputFile& input) {
  const auto format = wave_format(input);
  if (!format) {
    return {};
  }
  const auto& [coding, channels, sample_rate, frame_bytes, bits] = *format;
  if (channels == 0) {
    return "it has 0 channels";
  }
  if (sample_rate == 0) {
    return "its sample rate is 0 Hz";
  }
  constexpr std::uint32_t kPcm = 1;
  constexpr std::uint32_t kExtensible = 0xfffe;
  if ((coding == kPcm || coding == kExtensible) && bits % 8 != 0 &&
      frame_bytes != channels * ((bits + 7) / 8)) {
    return fmt::format(
        "its frames have {} bytes for {} sample{} of {} bits",
        frame_bytes,
        channels,
        channels == 1 ? "" : "s",
        bits);
  }
  return {};
}

} // namespace

SoundFile open_sound_file(const InputFile& input, int sample_rate) {
  if (const auto declared = declared_length(input);
      declared && *declared > input.size()) {
    fail(fmt::format(
        "{} was cut short: it has {} bytes, its header promises {}; get a "
        "whole copy, or save what there is by `ffmpeg -i FILE new.wav`",
        input.name(),
        input.size(),
        *declared));
  }
  if (const std::string what = impossible_wave(input); !what.empty()) {
    fail(fmt::format(
        "{} says that {}, and no recording has that: its header is damaged, "
        "get a whole copy",
        input.name(),
        what));
  }
  ::lseek(input.descriptor(), 0, SEEK_SET);
  SF_INFO info{};
  // libsndfile closes what it cannot open even if told not to, so it gets a
  // descriptor of its own.
  Sound file(sf_open_fd(
      ::fcntl(input.descriptor(), F_DUPFD_CLOEXEC, 0),
      SFM_READ,
      &info,
      SF_TRUE));
  if (!file) {
    return {nullptr, sf_strerror(nullptr)};
  }
  // libsndfile takes some names' endings for headerless formats.
  if (major_format(info) == SF_FORMAT_RAW) {
    return {nullptr, "no header"};
  }
  constexpr int kMinRate = 1000;
  constexpr int kMaxRate = 3'000'000;
  if (info.samplerate < kMinRate || info.samplerate > kMaxRate) {
    fail(fmt::format(
        "{} says that its sample rate is {} Hz, and no recording has that: "
        "its header is damaged, get a whole copy",
        input.name(),
        info.samplerate));
  }
  std::vector<double> weights =
      mono_weights(channels_of(input, file.get(), info));
  if (weights.empty()) {
    fail(fmt::format(
        "{} has {} channels, and where their loudspeakers stand is not "
        "known, so that they cannot be mixed: choose one by "
        "`ffmpeg -i FILE -af 'pan=mono|c0=c0' mono.wav`",
        input.name(),
        info.channels));
  }
  const bool rounded = info.samplerate == sample_rate;
  return {
      std::make_unique<SoundFileSource>(
          input,
          std::move(file),
          info,
          std::move(weights),
          rounded),
      {}};
}

} // namespace mlxaudio
