// SPDX-License-Identifier: MIT
#pragma once

#include <filesystem>
#include <memory>
#include <span>
#include <string>

#include "core/tensor.h"

namespace mlxaudio {

/// Reads NumPy's `.npz`: a zip archive of `.npy` arrays, stored or deflated.
/// Names lose the ending `.npy`.
/// \throws WeightError naming file and entry; also for Fortran order, objects
/// and big-endian numbers
Checkpoint read_npz(const std::filesystem::path& path);

/// Reads one `.npy` array from bytes that `owner` keeps alive.
/// \param name what to call it in errors
/// \param file what the bytes are a view of, if that is a mapped file
Tensor read_npy(
    std::span<const std::byte> bytes,
    std::shared_ptr<const void> owner,
    const std::string& name,
    std::shared_ptr<const MappedFile> file = {});

} // namespace mlxaudio
