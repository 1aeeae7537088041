// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <filesystem>
#include <string>
#include <vector>

#include "portproof/port.h"
#include "portproof/recorder.h"

namespace portproof {

/// What `review export` is asked for.
struct ExportOptions {
  std::string reader;
  std::filesystem::path out;           ///< folder that is made
  std::vector<std::string> components; ///< patterns; empty: all
  std::size_t most = 0; ///< pages; 0: all that the round wants read
  std::string seed;     ///< empty: drawn by chance
};

/// What was exported.
struct Exported {
  std::string bundle;
  std::string commitment;
  std::size_t pages = 0;
};

/// Makes a folder of pages for a reader who works away from the checkout: for
/// each component a page in HTML and in plain text, and a reading to fill in.
///
/// About one page in ten shows the port with a planted defect. Which ones is
/// drawn from a seed that stays on this machine until the bundle is back; its
/// hash is committed at once, so that it cannot be chosen afterwards.
/// \throws ConfigError
Exported export_bundle(
    Port& port, const Workplace& work, const ExportOptions& options);

/// What came of one page of a bundle.
struct ImportedPage {
  enum class Outcome {
    signed_right, ///< counts as a signature
    objected,     ///< the reader found something, and nothing was planted
    caught,       ///< the planted defect was found
    missed,       ///< a page with a planted defect was signed as right
    elsewhere,    ///< a planted page was called wrong, but not where it is
    unanswered,
    stale, ///< the code changed since it was exported
  };
  std::string component;
  Outcome outcome = Outcome::unanswered;
  std::string planted; ///< what the defect was; empty: none
};

const char* outcome_text(ImportedPage::Outcome outcome);

/// Takes a bundle back: checks every reading, signs what is right, and
/// reveals what was planted. Nothing is written unless all is in order.
/// \throws ConfigError
std::vector<ImportedPage> import_bundle(
    Port& port, const Workplace& work, const std::filesystem::path& folder);

/// Where seeds wait for their bundles: `$PORTPROOF_STATE`, else below
/// `$XDG_STATE_HOME` or `~/.local/state`.
std::filesystem::path secret_folder();

/// The model that a bundle is of. \throws ConfigError
std::string bundle_model(const std::filesystem::path& folder);

} // namespace portproof
