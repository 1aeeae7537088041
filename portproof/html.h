// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <string_view>

namespace portproof {

/// Text as it may stand in HTML and SVG, in attributes too. Bytes that are no
/// UTF-8 and control characters become U+FFFD.
std::string html(std::string_view text);

/// A whole page that needs nothing else: no network, no other file. It follows
/// the system's light or dark colours unless told with the button, its tables
/// can be searched and sorted, and it can be used by keyboard alone.
/// \param body HTML
std::string html_page(const std::string& title, const std::string& body);

/// What `portproof/pages` holds, as built in.
std::string_view page_style();
std::string_view page_script();

} // namespace portproof
