// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <vector>

#include "core/json.h"
#include "portproof/port.h"
#include "portproof/port_parts.h"
#include "portproof/reading.h"
#include "portproof/recorder.h"
#include "portproof/reference_source.h"

namespace portproof {

/// A part of the port with its lines as they are shown.
struct PagePart {
  PortPart place;
  std::vector<std::string> lines;
};

/// What a reader is given for one component: the reference's source with its
/// statements numbered, the port's own code, and what is known of it.
struct Page {
  std::string model, component, kind;
  int round = 1;
  std::string id;          ///< in a bundle; else empty
  std::string fingerprint; ///< of the code that is read
  ReferenceSource reference;
  std::vector<PagePart> parts;
  std::vector<std::string> notes;    ///< evidence
  std::vector<Deviation> deviations; ///< of the component, or shown
  /// Of other code in files that the component rests on. They may be cited.
  std::vector<Deviation> elsewhere;
  std::string experiment; ///< why an experiment is asked for; empty: it is not
};

/// \throws ConfigError if the reference's source is not there, or no
/// definition carries the component's tag
Page review_page(
    const Port& port, const Component& component, const Workplace& work);

/// Why a reading of a component needs an experiment with a figure: it is
/// discrete or stochastic, or was drawn (a quarter, from the fingerprint of
/// what is read and the round). Empty: it needs none.
std::string experiment_asked(
    const Port& port,
    const Component& component,
    const std::string& fingerprint,
    int round);

/// The next component that the current round wants read: of those that are
/// required and not signed, the first. Null: all are.
const Component* next_unread(const Port& port);

/// Both sources side by side. \param width of the terminal, in characters
std::string page_text(const Page& page, std::size_t width);
mlxaudio::Json page_json(const Page& page);
/// A self-contained HTML page.
std::string page_html(const Page& page);
/// A reading in TOML with every statement listed, for the reader to fill in.
std::string reading_template(const Page& page);

/// What keeps a reading from being signed, a line each: a statement left out,
/// lines that are not there or that the component does not rest on, no
/// question asked, no experiment where one is asked for.
std::vector<std::string> reading_faults(
    const Port& port,
    const Component& component,
    const Page& page,
    const Reading& reading);

} // namespace portproof
