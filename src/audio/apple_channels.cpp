// SPDX-License-Identifier: MIT
#include "audio/apple_channels.h"

#include <algorithm>
#include <array>
#include <string>
#include <string_view>

namespace mlxaudio {
namespace {

std::uint64_t big_endian(std::string_view bytes) {
  std::uint64_t value = 0;
  for (const char c : bytes) {
    value = value << 8 | static_cast<unsigned char>(c);
  }
  return value;
}

// Where the chunks begin and how each is headed: a name of four letters and a
// big-endian size.
struct Chunks {
  std::uint64_t first;
  std::size_t size_bytes;
  bool padded; ///< to an even number of bytes
  std::string_view layout;
};

std::optional<Chunks> chunks_of(const InputFile& input) {
  const std::string head = input.bytes(0, 12);
  const std::string_view form(head);
  if (form.starts_with("FORM") &&
      (form.ends_with("AIFF") || form.ends_with("AIFC"))) {
    return Chunks{
        .first = 12,
        .size_bytes = 4,
        .padded = true,
        .layout = "CHAN"};
  }
  if (form.starts_with("caff")) {
    return Chunks{
        .first = 8,
        .size_bytes = 8,
        .padded = false,
        .layout = "chan"};
  }
  return std::nullopt;
}

std::optional<AppleLayout> parse(std::string_view chunk) {
  constexpr std::size_t kHeader = 12;
  constexpr std::size_t kDescription = 20;
  if (chunk.size() < kHeader) {
    return std::nullopt;
  }
  const auto word = [chunk](std::size_t at) {
    return static_cast<std::uint32_t>(big_endian(chunk.substr(at, 4)));
  };
  AppleLayout layout{.tag = word(0), .bitmap = word(4)};
  const std::size_t there = (chunk.size() - kHeader) / kDescription;
  const std::size_t said = word(8);
  if (said > there) {
    return std::nullopt;
  }
  for (std::size_t i = 0; i < said; ++i) {
    layout.labels.push_back(word(kHeader + i * kDescription));
  }
  return layout;
}

// A layout that a tag names: its number is the tag's high half.
struct NamedLayout {
  std::uint32_t number;
  std::uint32_t n_channels;
  std::uint32_t mask;
};

// What ffmpeg 5.1 makes of each (ffprobe says it of a file with the tag). It
// takes the channels in the order of the mask, whatever the tag's own order.
constexpr std::array kNamedLayouts = {
    NamedLayout{100, 1, 0x4},    NamedLayout{101, 2, 0x3},
    NamedLayout{102, 2, 0x3},    NamedLayout{103, 2, 0x60000000},
    NamedLayout{104, 2, 0x3},    NamedLayout{105, 2, 0x3},
    NamedLayout{106, 2, 0x3},    NamedLayout{108, 4, 0x33},
    NamedLayout{109, 5, 0x37},   NamedLayout{110, 6, 0x137},
    NamedLayout{111, 8, 0x737},  NamedLayout{112, 8, 0x2d033},
    NamedLayout{113, 3, 0x7},    NamedLayout{114, 3, 0x7},
    NamedLayout{115, 4, 0x107},  NamedLayout{116, 4, 0x107},
    NamedLayout{117, 5, 0x607},  NamedLayout{118, 5, 0x607},
    NamedLayout{119, 5, 0x607},  NamedLayout{120, 5, 0x607},
    NamedLayout{121, 6, 0x60f},  NamedLayout{122, 6, 0x60f},
    NamedLayout{123, 6, 0x60f},  NamedLayout{124, 6, 0x60f},
    NamedLayout{125, 7, 0x70f},  NamedLayout{126, 8, 0x6cf},
    NamedLayout{127, 8, 0x6cf},  NamedLayout{128, 8, 0x63f},
    NamedLayout{129, 8, 0x6cf},  NamedLayout{130, 8, 0x6000060f},
    NamedLayout{131, 3, 0x103},  NamedLayout{132, 4, 0x603},
    NamedLayout{133, 3, 0xb},    NamedLayout{134, 4, 0x10b},
    NamedLayout{135, 5, 0x60b},  NamedLayout{136, 4, 0xf},
    NamedLayout{137, 5, 0x10f},  NamedLayout{138, 5, 0x60b},
    NamedLayout{139, 6, 0x707},  NamedLayout{140, 7, 0x637},
    NamedLayout{141, 6, 0x707},  NamedLayout{142, 7, 0x70f},
    NamedLayout{143, 7, 0x637},  NamedLayout{144, 8, 0x737},
    NamedLayout{148, 7, 0x6c7},  NamedLayout{149, 2, 0xc},
    NamedLayout{150, 3, 0x7},    NamedLayout{151, 4, 0x107},
    NamedLayout{152, 4, 0xf},    NamedLayout{153, 4, 0x10b},
    NamedLayout{154, 5, 0x10f},  NamedLayout{155, 6, 0x707},
    NamedLayout{156, 7, 0x637},  NamedLayout{157, 7, 0x70f},
    NamedLayout{158, 7, 0xe0f},  NamedLayout{159, 7, 0x260f},
    NamedLayout{160, 8, 0x63f},  NamedLayout{161, 8, 0x6cf},
    NamedLayout{162, 8, 0x560f}, NamedLayout{163, 8, 0x9000060f},
    NamedLayout{164, 8, 0x560f}, NamedLayout{165, 8, 0xf0f},
    NamedLayout{166, 8, 0x270f}, NamedLayout{167, 8, 0x2e0f},
    NamedLayout{168, 4, 0xf},    NamedLayout{169, 5, 0x10f},
    NamedLayout{170, 6, 0x6c3},  NamedLayout{171, 6, 0x837},
    NamedLayout{172, 6, 0x137},  NamedLayout{173, 7, 0x6cb},
    NamedLayout{174, 7, 0x83f},  NamedLayout{175, 7, 0x13f},
    NamedLayout{176, 7, 0x6c7},  NamedLayout{177, 8, 0x6cf},
    NamedLayout{178, 8, 0x6f3},  NamedLayout{179, 8, 0x7c7},
    NamedLayout{180, 9, 0x6fb},  NamedLayout{181, 9, 0x7cf},
    NamedLayout{182, 7, 0x70f}};

std::uint32_t mask_of_tag(std::uint32_t tag) {
  const auto* const found = std::find_if(
      kNamedLayouts.begin(),
      kNamedLayouts.end(),
      [tag](const auto& layout) {
        return (layout.number << 16 | layout.n_channels) == tag;
      });
  return found == kNamedLayouts.end() ? 0 : found->mask;
}

// The mask's bit of a label; none for those that no mask has.
std::uint32_t bit_of_label(std::uint32_t label) {
  constexpr std::uint32_t kLastOfMask = 18;
  return label == 0 || label > kLastOfMask ? 0 : 1U << (label - 1);
}

} // namespace

std::optional<AppleLayout> apple_layout(const InputFile& input) {
  const auto chunks = chunks_of(input);
  if (!chunks) {
    return std::nullopt;
  }
  constexpr std::size_t kName = 4;
  constexpr std::size_t kMostDescriptions = 1 << 16;
  const std::size_t header_bytes = kName + chunks->size_bytes;
  for (std::uint64_t at = chunks->first; at < input.size();) {
    const std::string header = input.bytes(at, header_bytes);
    if (header.size() < header_bytes) {
      break;
    }
    std::uint64_t size = big_endian(std::string_view(header).substr(kName));
    at += header_bytes;
    if (header.starts_with(chunks->layout)) {
      return parse(input.bytes(
          at,
          static_cast<std::size_t>(
              std::min<std::uint64_t>(size, kMostDescriptions))));
    }
    if (chunks->padded) {
      size += size % 2;
    }
    // The last chunk of a CAF file may say -1: up to the end.
    if (size > input.size() - std::min(at, input.size())) {
      break;
    }
    at += size;
  }
  return std::nullopt;
}

std::optional<std::vector<Channel>> channels_of(
    const AppleLayout& layout, int n_channels) {
  constexpr std::uint32_t kMasks = 1U << 18;
  std::uint32_t mask = 0;
  if (layout.tag == AppleLayout::kUseBitmap) {
    mask = layout.bitmap < kMasks ? layout.bitmap : 0;
  } else if (layout.tag == AppleLayout::kUseDescriptions) {
    for (const std::uint32_t label : layout.labels) {
      const std::uint32_t bit = bit_of_label(label);
      if (bit == 0) {
        return std::nullopt;
      }
      mask |= bit;
    }
  } else {
    mask = mask_of_tag(layout.tag);
  }
  return channels_of_mask(mask, n_channels);
}

} // namespace mlxaudio
