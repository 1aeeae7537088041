// SPDX-License-Identifier: MIT
#include "portproof/port.h"

#include <algorithm>
#include <cstdlib>

#include <fmt/format.h>

#include "core/mapped_file.h"
#include "core/sha256.h"
#include "mlxaudio/error.h"
#include "portproof/line_definitions.h"
#include "portproof/port_parts.h"
#include "portproof/reading.h"
#include "portproof/recorder.h"
#include "portproof/text.h"

namespace portproof {
namespace {

namespace fs = std::filesystem;
using mlxaudio::Json;

fs::path index_cache(const fs::path& build) {
  return fs::exists(build) ? build / "portproof-index"
                           : fs::temp_directory_path() / "portproof" / "index";
}

std::vector<std::string> shared(
    const std::vector<std::string>& names, std::size_t most) {
  std::vector<std::string> out(
      names.begin(),
      names.begin() +
          static_cast<std::ptrdiff_t>(std::min(names.size(), most)));
  if (names.size() > most) {
    out.push_back(fmt::format("{} more", names.size() - most));
  }
  return out;
}

std::string joined(const std::vector<std::string>& parts, const char* between) {
  std::string out;
  for (const std::string& p : parts) {
    out += (out.empty() ? "" : between) + p;
  }
  return out;
}

} // namespace

std::string figures_text(const Json& line) {
  std::vector<std::string> parts;
  const Json grades = line.value("grades", Json::object());
  for (const auto& [grade, f] : grades.items()) {
    const double got = f.value("rel_l2", 0.0);
    const double may = f.value("may_rel_l2", 0.0);
    if (grade == "exact" && f.value("arrays", 0) > 0) {
      parts.push_back(got == 0 ? "exact: difference 0" : "exact: differs");
    } else if (f.value("max_abs", 0.0) == 0 && (grade == "exact" || may == 0)) {
      parts.push_back("equal");
    } else {
      parts.push_back(
          fmt::format("{}: {} of {}", grade, figure(got), figure(may)));
    }
  }
  parts.erase(std::unique(parts.begin(), parts.end()), parts.end());
  std::map<std::string, std::string> apart;
  for (const Json& f : grades) {
    const Json calls = f.value("calls", Json::object());
    for (const auto& [call, d] : calls.items()) {
      apart[call] = fmt::format(
          "{}: {} of {}",
          call,
          figure(d.value("rel_l2", 0.0)),
          figure(d.value("may_rel_l2", 0.0)));
    }
  }
  for (const auto& [call, text] : apart) {
    parts.push_back(text);
  }
  const int calls = line.value("calls", 0);
  parts.push_back(fmt::format("{} call{}", calls, calls == 1 ? "" : "s"));
  return joined(parts, "; ");
}

namespace {

Definitions definitions_in(
    const Port& port, const fs::path& build, const std::string& only) {
  const auto wanted = [&](const std::string& tag) {
    const Component* c = port.inventory.owner(tag);
    return only == "*" || (c != nullptr && matches(only, c->name));
  };
  if (!port.reference.adapter.cpp) {
    return find_line_definitions(port.sources, port.reference.adapter, wanted);
  }
  return find_definitions(
      port.source_root,
      port.sources,
      build / "compile_commands.json",
      index_cache(build),
      wanted);
}

/// The files of probes of another language, all of which every probe rests on.
std::map<std::string, ProbeSource> find_line_probes(
    const Project& project, const Reference& reference, const fs::path& where) {
  std::vector<fs::path> files;
  if (fs::is_regular_file(where)) {
    files.push_back(where);
  } else if (fs::is_directory(where)) {
    for (const auto& entry : fs::recursive_directory_iterator(where)) {
      const std::string name = entry.path().filename().string();
      for (const std::string& ending : reference.adapter.endings) {
        if (entry.is_regular_file() && name.ends_with(ending)) {
          files.push_back(entry.path());
        }
      }
    }
  }
  std::sort(files.begin(), files.end());
  std::map<std::string, ProbeSource> out;
  mlxaudio::Sha256 hash;
  for (const fs::path& path : files) {
    const std::string text =
        mlxaudio::read_file(path, mlxaudio::ErrorCode::config);
    hash.update(code_lines(text, reference.adapter.comment));
    for (const std::string& component : line_probes(text)) {
      out[component].file =
          path.lexically_relative(project.root).generic_string();
    }
  }
  const std::string hex = hash.hex();
  for (auto& [component, probe] : out) {
    probe.hash = hex;
  }
  return out;
}

} // namespace

std::map<std::string, ProbeSource> find_probes(
    const Project& project, const Reference& reference) {
  std::map<std::string, ProbeSource> out;
  const fs::path folder = project.folder(reference.model) / reference.probes;
  if (!reference.adapter.cpp) {
    return find_line_probes(project, reference, folder);
  }
  if (!fs::is_directory(folder)) {
    return out;
  }
  const Sources files(project.root, {"port"});
  const std::string prefix =
      folder.lexically_relative(project.root).generic_string() + "/";
  for (const auto& [path, file] : files.files()) {
    if (!path.starts_with(prefix)) {
      continue;
    }
    const ProbeFile texts = probe_texts(file.text);
    mlxaudio::Sha256 common;
    common.update(texts.rest);
    for (const std::string& other : files.closure({path})) {
      if (other != path) {
        common.update(other).update(files.find(other)->hash);
      }
    }
    for (const ProbeText& probe : texts.probes) {
      mlxaudio::Sha256 hash = common;
      hash.update(std::string_view("\n")).update(probe.text);
      out[probe.component] = {path, hash.hex()};
    }
  }
  return out;
}

Port::Port(
    const Project& p,
    const std::string& model,
    const fs::path& build,
    const std::string& only)
    : project(p),
      reference(Reference::load(p, model)),
      inventory(Inventory::load(p, reference)),
      source_root(port_root(p, reference)),
      sources(source_root, reference.sources, reference.adapter),
      definitions(definitions_in(*this, build, only)),
      probes(find_probes(p, reference)),
      evidence(p.folder(model) / "evidence.jsonl"),
      rounds(p.folder(model) / "rounds.jsonl"),
      readings(p.folder(model) / "readings.jsonl"),
      followups(p.folder(model) / "followups.jsonl"),
      mode_runs(p.folder(model) / "modes.jsonl"),
      variants(variants_of(reference)) {
  if (!reference.adapter.cpp) {
    // Found by their form alone, so other calls may be among them.
    std::erase_if(probes, [&](const auto& probe) {
      return inventory.find(probe.first) == nullptr;
    });
  }
}

std::vector<const Definition*> Port::definitions_of(const Component& c) const {
  std::vector<const Definition*> out;
  for (const Definition& d : definitions.tagged) {
    if (d.problem.empty() && inventory.owner(d.tag) == &c) {
      out.push_back(&d);
    }
  }
  return out;
}

bool Port::tagged(const Component& c) const {
  std::set<std::string> items;
  for (const Definition* d : definitions_of(c)) {
    if (d->tag == c.name || c.kind != "constants") {
      return true;
    }
    items.insert(d->tag.substr(d->tag.rfind('.') + 1));
  }
  return !c.items.empty() && c.kind == "constants" &&
         std::all_of(c.items.begin(), c.items.end(), [&](const std::string& i) {
           return items.contains(i);
         });
}

std::set<std::string> Port::closure(const Component& c) const {
  if (!reference.adapter.cpp && reference.adapter.rests_on_all) {
    std::set<std::string> all;
    for (const auto& [path, file] : sources.files()) {
      all.insert(path);
    }
    return all;
  }
  std::set<std::string> from;
  for (const Definition* d : definitions_of(c)) {
    from.insert(d->file);
    from.insert(d->tag_file);
  }
  return sources.closure(from);
}

std::optional<Golden> Port::golden(const Component& c) const {
  const fs::path path = golden_path(golden_folder(project, reference), c.name);
  if (!fs::exists(path)) {
    return std::nullopt;
  }
  Golden all = Golden::load(path);
  for (int round = 2; round <= rounds.recording(); ++round) {
    const fs::path more = golden_path(
        round_goldens(golden_folder(project, reference), round),
        c.name);
    if (fs::exists(more)) {
      all.add(Golden::load(more), fmt::format("round-{}/", round));
    }
  }
  return all;
}

std::string Port::fingerprint(const Component& c, const Golden& golden) const {
  mlxaudio::Sha256 hash;
  const auto add = [&](std::string_view name, std::string_view value) {
    hash.update(name).update(std::string_view("="));
    hash.update(value).update(std::string_view("\n"));
  };
  add("component", c.name);
  add("reference", c.sha256);
  add("golden", golden.sha256);
  add("mlx", reference.mlx);
  if (const auto t = reference.tolerance(c.name, "close")) {
    add("close", t->json().dump());
  }
  if (const Json calls = reference.call_tolerances(c.name); !calls.is_null()) {
    add("close of calls", calls.dump());
  }
  const RoundKind kind = round_kind(reference, rounds.recording());
  if (const std::string asked = kind.fingerprint(); !asked.empty()) {
    add("environments", asked);
  }
  if (const auto it = probes.find(c.name); it != probes.end()) {
    add("probe", it->second.hash);
  }
  for (const std::string& file : closure(c)) {
    add(file, sources.find(file)->hash);
  }
  return hash.hex();
}

Port::Standing Port::standing(const Component& c) const {
  Standing s;
  s.evidence = evidence.last(c.name);
  if (s.evidence == nullptr) {
    return s;
  }
  if (!s.evidence->pass) {
    s.why = "failed";
    return s;
  }
  if (s.evidence->round != rounds.recording()) {
    s.why = fmt::format("round {} asks for a new run", rounds.recording());
    return s;
  }
  const std::optional<Golden> recorded = golden(c);
  if (!recorded) {
    s.why = "expired: no recorded calls";
    return s;
  }
  if (fingerprint(c, *recorded) == s.evidence->fingerprint) {
    s.holds = true;
    return s;
  }
  std::vector<std::string> changed;
  const Json& line = s.evidence->line;
  const auto differs = [&](const char* key, const std::string& now) {
    if (line.value(key, "") != now.substr(0, 16)) {
      changed.push_back(key);
    }
  };
  differs("golden", recorded->sha256);
  differs("reference", c.sha256);
  const auto probe = probes.find(c.name);
  differs("probe", probe == probes.end() ? "" : probe->second.hash);
  const auto before = evidence.sources(*s.evidence);
  for (const std::string& file : closure(c)) {
    const auto it = before.find(file);
    if (it == before.end() ||
        it->second != sources.find(file)->hash.substr(0, 16)) {
      changed.push_back(file);
    }
  }
  if (changed.empty()) {
    changed.push_back("tolerance, MLX, what it includes or the round's asks");
  }
  s.why = "expired: " + joined(shared(changed, 3), ", ") + " changed";
  return s;
}

Port::Signing Port::signing(const Component& c, int round) const {
  Signing s;
  s.signature = readings.last(c.name, round);
  if (s.signature == nullptr) {
    s.why = readings.objection(c.name, round) != nullptr
                ? "a reader found it wrong"
                : "not read";
    return s;
  }
  s.holds = s.signature->fingerprint == reading_fingerprint(*this, c);
  if (!s.holds) {
    s.why = "reading expired: its definition or the reference changed";
  }
  return s;
}

bool Port::marked(const Component& c) const {
  const int round = rounds.current().number;
  return standing(c).holds && (round == 0 || signing(c, round).holds);
}

namespace {

/// The definition that a comment at a line is in or stands before.
const Definition* around(
    const std::vector<Definition>& all, const std::string& file, int line) {
  constexpr int kDocComment = 12; // lines that may lie between
  const Definition* found = nullptr;
  for (const Definition& d : all) {
    const bool inside = d.line <= line && line <= d.end_line;
    const bool before = line < d.line && d.line - line <= kDocComment;
    if (d.file != file || !(inside || before)) {
      continue;
    }
    // The innermost around it, else the nearest below it.
    const bool found_inside = found != nullptr && found->line <= line;
    const bool better =
        found == nullptr || (inside ? !found_inside || d.line > found->line
                                    : !found_inside && d.line < found->line);
    if (better) {
      found = &d;
    }
  }
  return found;
}

} // namespace

const Component* Port::component_at(const std::string& file, int line) const {
  const Definition* where = around(definitions.all, file, line);
  const Definition* best = nullptr;
  const auto consider = [&](const Definition& d, bool fits) {
    if (fits && d.problem.empty() &&
        (best == nullptr || d.name.size() > best->name.size())) {
      best = &d;
    }
  };
  for (const Definition& d : definitions.tagged) {
    consider(
        d,
        where != nullptr &&
            (where->name == d.name || where->name.starts_with(d.name + "::")));
  }
  if (best == nullptr) {
    // In a helper: the nearest tagged definition of the file.
    int nearest = 0;
    for (const Definition& d : definitions.tagged) {
      const int distance = std::abs(d.line - line);
      if (d.file == file && d.problem.empty() &&
          (best == nullptr || distance < nearest)) {
        best = &d;
        nearest = distance;
      }
    }
  }
  if (best == nullptr) {
    for (const Definition& d : definitions.tagged) {
      // The `.cpp` of a header whose tags are all on other files' code.
      if (sources.beside(d.tag_file) == file && d.problem.empty()) {
        best = &d;
        break;
      }
    }
  }
  return best == nullptr ? nullptr : inventory.owner(best->tag);
}

std::vector<Deviation> Port::deviations(const Component& c) const {
  std::vector<Deviation> out;
  std::set<std::string> seen;
  for (const auto& [path, file] : sources.files()) {
    for (const Note& note : file.notes) {
      if (note.kind == Note::Kind::deviation &&
          component_at(path, note.line) == &c &&
          seen.insert(note.name).second) {
        out.push_back({note.name, note.text, path});
      }
    }
  }
  return out;
}

std::vector<std::string> Port::wrong(
    const std::vector<const Inventory*>& others) const {
  std::vector<std::string> out;
  for (const std::string& rule : idle_rules(reference, inventory)) {
    out.push_back(
        fmt::format("`{}` in reference.toml matches no component", rule));
  }
  for (const Definition& d : definitions.tagged) {
    const bool elsewhere =
        std::any_of(others.begin(), others.end(), [&](const Inventory* other) {
          return other->owner(d.tag) != nullptr;
        });
    if (elsewhere) {
      continue;
    }
    if (inventory.owner(d.tag) == nullptr) {
      out.push_back(fmt::format(
          "`\\port {}` in {} names nothing in the references",
          d.tag,
          d.tag_file));
    } else if (!d.problem.empty()) {
      out.push_back(
          fmt::format("`\\port {}` in {}: {}", d.tag, d.tag_file, d.problem));
    }
  }
  for (const auto& [component, probe] : probes) {
    if (inventory.find(component) == nullptr) {
      out.push_back(fmt::format(
          "the probe `{}` in {} is of no component",
          component,
          probe.file));
    }
  }
  for (std::string& line : wrong_variants(*this)) {
    out.push_back(std::move(line));
  }
  const fs::path goldens = golden_folder(project, reference);
  if (fs::is_directory(goldens)) {
    std::vector<std::string> stray;
    for (const auto& entry : fs::directory_iterator(goldens)) {
      const std::string name = entry.path().stem().string();
      if (entry.path().extension() == ".json" &&
          inventory.find(name) == nullptr) {
        stray.push_back(
            fmt::format("the recorded calls `{}` are of no component", name));
      }
    }
    std::sort(stray.begin(), stray.end());
    out.insert(out.end(), stray.begin(), stray.end());
  }
  for (const auto* damage :
       {&evidence.damage(),
        &rounds.damage(),
        &readings.damage(),
        &followups.damage()}) {
    out.insert(out.end(), damage->begin(), damage->end());
  }
  return out;
}

Section Port::section(const std::vector<const Inventory*>& others) const {
  Section s;
  s.reference = reference;
  s.inventory = inventory;
  s.wrong = wrong(others);
  for (const Component& c : inventory.components) {
    Mark mark;
    mark.tagged = tagged(c);
    mark.probed = probes.contains(c.name);
    std::vector<std::string> notes;
    if (mark.tagged && !mark.probed) {
      notes.push_back("no probe yet");
    }
    try {
      const Standing now = standing(c);
      mark.verified = now.holds;
      if (now.holds) {
        notes.push_back(figures_text(now.evidence->line));
      } else if (!now.why.empty()) {
        notes.push_back(now.why);
      }
      if (const int round = rounds.current().number; round > 0) {
        const Signing read = signing(c, round);
        mark.verified = mark.verified && read.holds;
        mark.read = read.holds;
        if (mark.tagged) {
          notes.push_back(
              read.holds ? "read by " + read.signature->reader : read.why);
        }
      }
    } catch (const mlxaudio::Error& e) {
      s.wrong.push_back(e.what());
    }
    for (const Deviation& d : deviations(c)) {
      notes.push_back(fmt::format("deviation {}: {}", d.id, d.why));
    }
    mark.notes = joined(notes, "; ");
    s.marks[c.name] = mark;
  }
  s.variants = variant_marks(*this);
  s.round = rounds.current();
  s.readers = readings.readers();
  s.followups = followups.open();
  s.solo = ReviewRules::of(reference).solo;
  return s;
}

fs::path round_goldens(const fs::path& folder, int round) {
  return round <= 1 ? folder : folder / fmt::format("round-{}", round);
}

fs::path build_folder(const Project& project, const std::string& told) {
  if (!told.empty()) {
    return fs::absolute(told);
  }
  std::error_code none;
  for (fs::path p = fs::read_symlink("/proc/self/exe", none).parent_path();
       p.has_relative_path();
       p = p.parent_path()) {
    if (fs::exists(p / "compile_commands.json")) {
      return p;
    }
  }
  // A project of one build has it in `build` itself.
  const fs::path build = project.root / "build";
  return fs::exists(build / "compile_commands.json") ? build
                                                     : build / "release";
}

} // namespace portproof
