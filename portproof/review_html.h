// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "portproof/review_page.h"

namespace portproof {

/// The first page of a bundle: what to do, and links to its pages.
/// \param page any page of the bundle
/// \param links file and component
std::string bundle_index_html(
    const Page& page,
    const std::vector<std::pair<std::string, std::string>>& links);

} // namespace portproof
