// SPDX-License-Identifier: MIT
#include "cli/inputs.h"

#include <filesystem>
#include <system_error>

#include <glob.h>

namespace mlxaudio::cli {

std::vector<std::string> expand(const std::vector<std::string>& arguments) {
  std::vector<std::string> files;
  for (const std::string& argument : arguments) {
    std::error_code ignored;
    if (argument.find_first_of("*?[") == std::string::npos ||
        std::filesystem::exists(argument, ignored)) {
      files.push_back(argument);
      continue;
    }
    glob_t found{};
    if (::glob(argument.c_str(), 0, nullptr, &found) == 0) {
      for (std::size_t i = 0; i < found.gl_pathc; ++i) {
        files.emplace_back(found.gl_pathv[i]);
      }
    } else {
      files.push_back(argument);
    }
    ::globfree(&found);
  }
  return files;
}

} // namespace mlxaudio::cli
