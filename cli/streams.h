// SPDX-License-Identifier: MIT
#pragma once

#include <string_view>

#include "mlxaudio/error.h"

namespace mlxaudio::cli {

/// The reader of our output went away: nothing more to say, and nobody to say
/// it to.
class ClosedPipe : public OutputError {
 public:
  using OutputError::OutputError;
};

/// Makes sure that descriptors 0 to 2 exist, so that no file that we open
/// becomes the standard output.
void keep_standard_streams();

/// Writes results, unbuffered, to the standard output.
/// \throws OutputError with the system's reason (a full disk); ClosedPipe
void print(std::string_view text);

/// Says something to the user on the standard error; failures are ignored.
void tell(std::string_view text);

/// Says what went wrong, on one line unless it is a list of many.
void tell_error(std::string_view message);

/// Says what the user should know of, on one line.
void tell_warning(std::string_view message);

/// Closes the standard output, since some file systems report a failed write
/// only then. \throws OutputError
void close_output();

} // namespace mlxaudio::cli
