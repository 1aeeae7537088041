// SPDX-License-Identifier: MIT
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "mlxaudio/error.h"

namespace mlxaudio {

/// For tests: demands that `run` throws an E whose message has all of `parts`
/// and is one line.
template <typename E, typename Run>
void expect_error(Run&& run, const std::vector<std::string>& parts) {
  try {
    run();
    ADD_FAILURE() << "nothing was thrown";
  } catch (const E& error) {
    const std::string message = error.what();
    for (const std::string& part : parts)
      EXPECT_NE(message.find(part), std::string::npos)
          << "\"" << part << "\" is not in: " << message;
    EXPECT_EQ(message.find('\n'), std::string::npos) << message;
  } catch (const std::exception& error) {
    ADD_FAILURE() << "another error: " << error.what();
  }
}

} // namespace mlxaudio
