// SPDX-License-Identifier: MIT
#pragma once

#include <set>
#include <string>
#include <string_view>

namespace portproof {

/// What this machine's processor has, by the names that Linux gives
/// ("avx512_bf16", "asimddp"); empty where the system does not tell.
std::set<std::string> processor_features();

/// The features in a text like `/proc/cpuinfo`: those of its first processor.
std::set<std::string> features_in(std::string_view cpuinfo);

} // namespace portproof
