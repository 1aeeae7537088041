// SPDX-License-Identifier: MIT
#include "portproof/html.h"

#include <fmt/format.h>

namespace portproof {
namespace {

/// Length of the well-formed UTF-8 sequence that begins at `at`; 0: none does.
std::size_t sequence(std::string_view text, std::size_t at) {
  const auto byte = [&](std::size_t i) {
    return i < text.size() ? static_cast<unsigned char>(text[i]) : 0u;
  };
  const unsigned first = byte(at);
  const std::size_t n = first < 0x80                     ? 1
                        : first >= 0xc2 && first < 0xe0  ? 2
                        : first >= 0xe0 && first < 0xf0  ? 3
                        : first >= 0xf0 && first <= 0xf4 ? 4
                                                         : 0;
  for (std::size_t i = 1; i < n; ++i) {
    if ((byte(at + i) & 0xc0u) != 0x80) {
      return 0;
    }
  }
  const unsigned second = byte(at + 1);
  const bool overlong =
      (first == 0xe0 && second < 0xa0) || (first == 0xf0 && second < 0x90);
  const bool beyond =
      (first == 0xed && second >= 0xa0) || (first == 0xf4 && second >= 0x90);
  return overlong || beyond ? 0 : n;
}

} // namespace

std::string html(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t at = 0; at < text.size();) {
    const char c = text[at];
    const std::size_t n = sequence(text, at);
    const bool control =
        static_cast<unsigned char>(c) < 0x20 && c != '\n' && c != '\t';
    if (n == 0 || control) {
      out += "\xef\xbf\xbd";
      ++at;
      continue;
    }
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      case '\'':
        out += "&#39;";
        break;
      default:
        out += text.substr(at, n);
    }
    at += n;
  }
  return out;
}

std::string html_page(const std::string& title, const std::string& body) {
  return fmt::format(
      "<!doctype html>\n<html lang=\"en\">\n<head>\n"
      "<meta charset=\"utf-8\">\n"
      "<meta name=\"viewport\" content=\"width=device-width, "
      "initial-scale=1\">\n"
      "<meta name=\"color-scheme\" content=\"light dark\">\n"
      "<title>{}</title>\n<link rel=\"icon\" href=\"data:,\">\n"
      "<style>\n{}</style>\n</head>\n<body>\n{}\n"
      "<script>\n{}</script>\n</body>\n</html>\n",
      html(title),
      page_style(),
      body,
      page_script());
}

} // namespace portproof
