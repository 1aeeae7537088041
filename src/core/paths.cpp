// SPDX-License-Identifier: MIT
#include "core/paths.h"

#include <dlfcn.h>

#include <cstdlib>

#include "mlxaudio/error.h"

namespace mlxaudio {

namespace fs = std::filesystem;

fs::path cache_dir() {
  if (const char* cache = std::getenv("MLXAUDIO_CACHE"); cache && *cache)
    return cache;
  if (const char* home = std::getenv("HOME"); home && *home)
    return fs::path(home) / ".cache" / "mlx-audio";
  throw ConfigError(
      "[core.paths] neither MLXAUDIO_CACHE nor HOME is set: set MLXAUDIO_CACHE "
      "to the folder for models and downloads");
}

std::vector<fs::path> share_dirs() {
  std::vector<fs::path> out;
  std::error_code ec;
  const fs::path program = fs::read_symlink("/proc/self/exe", ec);
  if (!ec)
    out.push_back(program.parent_path().parent_path() / "share" / "mlx-audio");
  // In someone else's program this code lies in the shared library, in lib/ or
  // in lib/<architecture>/.
  Dl_info info{};
  if (dladdr(reinterpret_cast<const void*>(&share_dirs), &info) != 0) {
    const fs::path lib = fs::weakly_canonical(info.dli_fname, ec).parent_path();
    if (!ec) {
      out.push_back(lib.parent_path() / "share" / "mlx-audio");
      out.push_back(lib.parent_path().parent_path() / "share" / "mlx-audio");
    }
  }
  out.emplace_back("/usr/local/share/mlx-audio");
  out.emplace_back("/usr/share/mlx-audio");
  return out;
}

} // namespace mlxaudio
