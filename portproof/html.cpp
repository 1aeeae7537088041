// SPDX-License-Identifier: MIT
#include "portproof/html.h"

#include <fmt/format.h>

#include "core/utf8.h"

namespace portproof {

std::string html(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t at = 0; at < text.size();) {
    const char c = text[at];
    const mlxaudio::Utf8Step step = mlxaudio::decode_utf8(text, at);
    const bool control =
        static_cast<unsigned char>(c) < 0x20 && c != '\n' && c != '\t';
    if (!step.code_point || control) {
      out += "\xef\xbf\xbd";
      at += step.size;
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
        out += text.substr(at, step.size);
    }
    at += step.size;
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
