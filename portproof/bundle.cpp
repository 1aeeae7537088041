// SPDX-License-Identifier: MIT
#include "portproof/bundle.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdlib>
#include <map>
#include <optional>
#include <random>

#include <fmt/format.h>

#include "core/atomic_file.h"
#include "core/mapped_file.h"
#include "core/sha256.h"
#include "mlxaudio/error.h"
#include "portproof/mutants.h"
#include "portproof/review_html.h"
#include "portproof/review_page.h"
#include "portproof/review_sign.h"
#include "portproof/statements.h"
#include "portproof/text.h"

namespace portproof {
namespace {

namespace fs = std::filesystem;
using mlxaudio::ConfigError;
using mlxaudio::Json;
using Outcome = ImportedPage::Outcome;

/// How near to the planted defect a finding must point. \unit lines
constexpr int kNear = 2;
/// One page in so many shows a planted defect.
constexpr double kShare = 10;
/// Of a page in plain text: two columns of code. \unit characters
constexpr std::size_t kTextWidth = 200;

std::string random_seed() {
  std::random_device device;
  std::string out;
  for (int i = 0; i < 8; ++i) {
    out += fmt::format("{:08x}", device());
  }
  return out;
}

/// A number in [0, 1) out of a seed and what it is for.
double draw(const std::string& seed, const std::string& what) {
  const std::string hash = mlxaudio::sha256(seed + '\n' + what);
  std::uint64_t value = 0;
  std::from_chars(hash.data(), hash.data() + 12, value, 16);
  return static_cast<double>(value) / static_cast<double>(1ULL << 48);
}

/// A page on its way into a bundle.
struct Draft {
  const Component* component = nullptr;
  Page page;
  std::optional<Mutant> planted;
};

/// Whether code with the defect looks as somebody would write it. What does not
/// would be found without reading.
bool natural(const Mutant& m) {
  return !m.before.empty() && !m.after.empty() && m.after != ";" &&
         !m.after.starts_with("!(");
}

/// Whether a defect shows on a page without moving its lines.
bool shows(const Page& page, const Mutant& m) {
  const auto ends = [](const std::string& text) {
    return std::count(text.begin(), text.end(), '\n');
  };
  return !m.of_weights() && ends(m.before) == ends(m.after) &&
         std::any_of(
             page.parts.begin(),
             page.parts.end(),
             [&](const PagePart& p) { return p.place.holds(m.file, m.line); });
}

/// Shows the port on a page as it would be with the defect.
void plant(const Port& port, Draft& draft) {
  const Mutant& m = *draft.planted;
  const std::vector<std::string> lines =
      split_lines(planted(m, port.sources.find(m.file)->text));
  for (PagePart& part : draft.page.parts) {
    if (part.place.file == m.file) {
      const auto first = lines.begin() + part.place.line - 1;
      part.lines.assign(
          first,
          first + (part.place.end_line - part.place.line + 1));
    }
  }
}

/// Draws which pages show a defect, and which one.
void plant_some(
    const Port& port, const std::string& seed, std::vector<Draft>& drafts) {
  std::vector<Draft*> order;
  for (Draft& d : drafts) {
    order.push_back(&d);
  }
  std::sort(order.begin(), order.end(), [&](const Draft* a, const Draft* b) {
    return draw(seed, "page " + a->page.component) <
           draw(seed, "page " + b->page.component);
  });
  auto left = static_cast<int>(std::floor(
      static_cast<double>(drafts.size()) / kShare + draw(seed, "count")));
  for (Draft* draft : order) {
    if (left <= 0) {
      break;
    }
    std::vector<Mutant> mutants;
    for (Mutant& m : source_mutants(port, *draft->component)) {
      if (natural(m) && shows(draft->page, m)) {
        mutants.push_back(std::move(m));
      }
    }
    if (mutants.empty()) {
      continue; // nothing can be planted there; the next page is taken
    }
    const double at = draw(seed, "defect " + draft->page.component) *
                      static_cast<double>(mutants.size());
    draft->planted = mutants[static_cast<std::size_t>(at)];
    plant(port, *draft);
    --left;
  }
}

std::vector<Draft> drafts_of(
    const Port& port, const Workplace& work, const ExportOptions& options) {
  const int round = port.rounds.current().number;
  const ReviewRules rules = ReviewRules::of(port.reference);
  std::vector<Draft> out;
  for (const Component& c : port.inventory.components) {
    const Rule* stage = port.reference.stage(c.name);
    const bool wanted = (options.components.empty() ||
                         any_matches(options.components, c.name)) &&
                        port.reference.waiver(c.name) == nullptr &&
                        stage != nullptr && stage->required && port.tagged(c) &&
                        (rules.solo || !rules.wrote(options.reader, c.name));
    if (!wanted || port.signing(c, round).holds) {
      continue;
    }
    out.push_back({&c, review_page(port, c, work), std::nullopt});
    if (options.most > 0 && out.size() == options.most) {
      break;
    }
  }
  return out;
}

std::string index_html(const std::vector<Draft>& drafts, const Page& first) {
  std::vector<std::pair<std::string, std::string>> links;
  for (std::size_t i = 0; i < drafts.size(); ++i) {
    links.emplace_back(
        fmt::format("{:03}.html", i + 1),
        drafts[i].page.component);
  }
  return bundle_index_html(first, links);
}

void write_secret(const std::string& bundle, const Json& secret) {
  const fs::path folder = secret_folder();
  fs::create_directories(folder);
  fs::permissions(folder, fs::perms::owner_all);
  mlxaudio::write_file(folder / (bundle + ".json"), secret.dump(1) + "\n");
}

Json bundle_json(const fs::path& folder) {
  const fs::path path = folder / "bundle.json";
  if (!fs::exists(path)) {
    throw ConfigError(fmt::format(
        "[portproof] {} is no bundle of `portproof review export`: it has no "
        "bundle.json",
        folder.string()));
  }
  return mlxaudio::read_json(path);
}

/// One page that came back.
struct Returned {
  const Component* component = nullptr;
  std::string page;
  Page now; ///< as the checkout has it
  Reading reading;
  fs::path file;
  bool answered = false;
  bool stale = false;
  std::optional<Mutant> planted;
};

bool points_at(const Finding& finding, const Mutant& m) {
  const std::optional<LineRange> range = line_range(finding.at);
  const auto more =
      static_cast<int>(std::count(m.before.begin(), m.before.end(), '\n'));
  return range && range->file == m.file &&
         range->first <= m.line + more + kNear && range->last >= m.line - kNear;
}

Outcome outcome_of(const Returned& r) {
  if (!r.answered) {
    return Outcome::unanswered;
  }
  if (r.stale) {
    return Outcome::stale;
  }
  if (!r.planted) {
    return r.reading.right ? Outcome::signed_right : Outcome::objected;
  }
  if (r.reading.right) {
    return Outcome::missed;
  }
  const bool found = std::any_of(
      r.reading.findings.begin(),
      r.reading.findings.end(),
      [&](const Finding& f) { return points_at(f, *r.planted); });
  return found ? Outcome::caught : Outcome::elsewhere;
}

Json page_line(const Returned& r, Outcome outcome, int round, bool solo) {
  const bool missed = outcome == Outcome::missed;
  const bool planted =
      missed || outcome == Outcome::caught || outcome == Outcome::elsewhere;
  Json line = {
      {"event",
       outcome == Outcome::signed_right ? "signed"
       : outcome == Outcome::objected   ? "objected"
       : outcome == Outcome::caught     ? "caught"
                                        : "missed"},
      {"round", round},
      {"component", r.component->name},
      {"page", r.page}};
  if (planted) {
    line["signed"] = missed;
    line["defect"] = r.planted->id;
  } else {
    line["fingerprint"] = r.now.fingerprint;
    line["statements"] = r.now.reference.statements.size();
    line["experiment"] = r.now.experiment;
    if (solo) {
      line["solo"] = true;
    }
  }
  line["reading"] = r.reading.json;
  return line;
}

Json read_secret(const std::string& bundle, const std::string& commitment) {
  const fs::path path = secret_folder() / (bundle + ".json");
  if (!fs::exists(path)) {
    throw ConfigError(fmt::format(
        "[portproof] {} is not there: a bundle is taken back on the machine "
        "that made it, or with PORTPROOF_STATE set to where its seed is",
        path.string()));
  }
  Json secret = mlxaudio::read_json(path);
  if (mlxaudio::sha256(secret.dump()) != commitment) {
    throw ConfigError(fmt::format(
        "[portproof] {} is not what was committed to when the bundle was "
        "made: it counts for nothing",
        path.string()));
  }
  return secret;
}

const OpenBundle& open_bundle(
    const Port& port, const std::string& id, const fs::path& folder) {
  const auto& all = port.readings.bundles();
  const auto it =
      std::find_if(all.begin(), all.end(), [&](const OpenBundle& b) {
        return b.id == id;
      });
  if (it == all.end()) {
    throw ConfigError(fmt::format(
        "[portproof] {}: no bundle {} is with a reader: it was imported "
        "already, or made in another checkout",
        folder.string(),
        id));
  }
  return *it;
}

/// Reads what came back. The pages are those that were exported, whatever the
/// folder says.
std::vector<Returned> returned_pages(
    const Port& port,
    const Workplace& work,
    const OpenBundle& bundle,
    const Json& secret,
    const fs::path& folder) {
  std::map<std::string, Mutant> defects;
  for (const Json& p : secret.at("planted")) {
    defects.emplace(p.at("page"), Mutant::of(p.at("defect")));
  }
  std::vector<Returned> out;
  int number = 0;
  for (const Json& p : bundle.pages) {
    Returned r;
    r.page = p.at("page");
    r.file = folder / fmt::format("{:03}.toml", ++number);
    r.component = port.inventory.find(p.at("component").get<std::string>());
    if (const auto it = defects.find(r.page); it != defects.end()) {
      r.planted = it->second;
    }
    r.reading = Reading::load(r.file, /*unanswered_too=*/true);
    r.answered = r.reading.answered;
    if (r.reading.page != r.page ||
        r.reading.component != p.at("component").get<std::string>()) {
      throw ConfigError(fmt::format(
          "[portproof] {} is not a reading of page {} ({})",
          r.file.string(),
          r.page,
          p.at("component").get<std::string>()));
    }
    r.stale = r.component == nullptr ||
              reading_fingerprint(port, *r.component) != p.at("fingerprint");
    if (r.answered && !r.stale) {
      r.now = review_page(port, *r.component, work);
      refuse_faults(
          r.file,
          reading_faults(port, *r.component, r.now, r.reading));
    }
    out.push_back(std::move(r));
  }
  return out;
}

} // namespace

const char* outcome_text(Outcome outcome) {
  switch (outcome) {
    case Outcome::signed_right:
      return "signed";
    case Outcome::objected:
      return "objected";
    case Outcome::caught:
      return "planted defect caught";
    case Outcome::missed:
      return "PLANTED DEFECT MISSED";
    case Outcome::elsewhere:
      return "planted defect not found, though called wrong";
    case Outcome::stale:
      return "changed since it was exported: read it again";
    case Outcome::unanswered:
      break;
  }
  return "not answered";
}

fs::path secret_folder() {
  if (const char* told = std::getenv("PORTPROOF_STATE")) {
    return told;
  }
  if (const char* state = std::getenv("XDG_STATE_HOME")) {
    return fs::path(state) / "portproof";
  }
  if (const char* home = std::getenv("HOME")) {
    return fs::path(home) / ".local" / "state" / "portproof";
  }
  throw ConfigError(
      "[portproof] there is no home folder to keep a seed in: set "
      "PORTPROOF_STATE");
}

std::string bundle_model(const fs::path& folder) {
  return bundle_json(folder).value("model", "");
}

Exported export_bundle(
    Port& port, const Workplace& work, const ExportOptions& options) {
  const int round = reading_round(port);
  check_reader(options.reader);
  if (fs::exists(options.out)) {
    throw ConfigError(fmt::format(
        "[portproof] {} is there already: name another folder",
        options.out.string()));
  }
  const std::string seed = options.seed.empty() ? random_seed() : options.seed;
  std::vector<Draft> drafts = drafts_of(port, work, options);
  if (drafts.empty()) {
    throw ConfigError(fmt::format(
        "[portproof] there is nothing left in round {} for {} to read",
        round,
        options.reader));
  }
  plant_some(port, seed, drafts);

  Json pages = Json::array();
  Json secret = {{"seed", seed}, {"planted", Json::array()}};
  for (Draft& d : drafts) {
    d.page.id =
        mlxaudio::sha256(seed + "\nid " + d.page.component).substr(0, 12);
    pages.push_back(
        {{"page", d.page.id},
         {"component", d.page.component},
         {"fingerprint", d.page.fingerprint}});
    if (d.planted) {
      secret["planted"].push_back(
          {{"page", d.page.id}, {"defect", d.planted->json()}});
    }
  }
  const std::string commitment = mlxaudio::sha256(secret.dump());
  const std::string id = commitment.substr(0, 12);
  write_secret(id, secret);

  mlxaudio::AtomicFolder folder(options.out);
  for (std::size_t i = 0; i < drafts.size(); ++i) {
    const fs::path stem = folder.temporary() / fmt::format("{:03}", i + 1);
    mlxaudio::write_file(stem.string() + ".html", page_html(drafts[i].page));
    mlxaudio::write_file(
        stem.string() + ".txt",
        page_text(drafts[i].page, kTextWidth));
    mlxaudio::write_file(
        stem.string() + ".toml",
        reading_template(drafts[i].page));
  }
  mlxaudio::write_file(
      folder.temporary() / "index.html",
      index_html(drafts, drafts.front().page));
  const Json about = {
      {"format", 1},
      {"model", port.reference.model},
      {"bundle", id},
      {"reader", options.reader},
      {"round", round},
      {"commitment", commitment}};
  mlxaudio::write_file(
      folder.temporary() / "bundle.json",
      about.dump(1) + "\n");
  folder.commit();
  port.readings.append(
      options.reader,
      {{{"event", "exported"},
        {"round", round},
        {"bundle", id},
        {"commitment", commitment},
        {"pages", pages}}});
  return {id, commitment, drafts.size()};
}

std::vector<ImportedPage> import_bundle(
    Port& port, const Workplace& work, const fs::path& folder) {
  const int round = reading_round(port);
  const std::string id = bundle_json(folder).value("bundle", "");
  const OpenBundle bundle = open_bundle(port, id, folder);
  if (bundle.round != round) {
    throw ConfigError(fmt::format(
        "[portproof] {} is of round {}, round {} is open",
        folder.string(),
        bundle.round,
        round));
  }
  const Json secret = read_secret(bundle.id, bundle.commitment);
  const std::vector<Returned> pages =
      returned_pages(port, work, bundle, secret, folder);

  const ReviewRules rules = ReviewRules::of(port.reference);
  std::vector<ImportedPage> out;
  std::vector<Json> lines;
  Json results = Json::array();
  for (const Returned& r : pages) {
    const Outcome outcome = outcome_of(r);
    const std::string name = r.reading.component;
    ImportedPage page{name, outcome, ""};
    if (r.planted) {
      page.planted = fmt::format(
          "{}:{}: `{}` for `{}` ({})",
          r.planted->file,
          r.planted->line,
          r.planted->after,
          r.planted->before,
          r.planted->op);
    }
    results.push_back({{"page", r.page}, {"outcome", outcome_text(outcome)}});
    if (outcome != Outcome::unanswered && outcome != Outcome::stale) {
      lines.push_back(
          page_line(r, outcome, round, rules.wrote(bundle.reader, name)));
    }
    out.push_back(std::move(page));
  }
  lines.push_back(
      {{"event", "revealed"},
       {"round", round},
       {"bundle", bundle.id},
       {"secret", secret},
       {"results", results}});
  port.readings.append(bundle.reader, lines);
  for (const Returned& r : pages) {
    const Outcome outcome = outcome_of(r);
    if (outcome == Outcome::signed_right || outcome == Outcome::objected ||
        outcome == Outcome::elsewhere) {
      note_findings(port, r.reading, bundle.reader);
    }
  }
  return out;
}

} // namespace portproof
