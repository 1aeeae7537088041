// SPDX-License-Identifier: MIT
#include "portproof/definitions.h"

#include <algorithm>
#include <map>
#include <optional>
#include <set>

#include <clang-c/Index.h>
#include <fmt/format.h>

#include "core/atomic_file.h"
#include "core/json.h"
#include "core/sha256.h"
#include "mlxaudio/error.h"
#include "portproof/in_parallel.h"

namespace portproof {
namespace {

namespace fs = std::filesystem;
using mlxaudio::Json;

constexpr const char* kParameter = "parameter";
constexpr const char* kCacheVersion = "3";

/// A tag as the text has it.
struct Tag {
  std::string name;
  std::string file;
  int line = 0;
};

/// One run of the parser: a file, and the files whose tags it answers.
struct Unit {
  std::string file;
  std::set<std::string> tagged;
  std::vector<std::string> arguments;
};

std::string text_of(CXString s) {
  const char* c = clang_getCString(s);
  std::string out = c == nullptr ? "" : c;
  clang_disposeString(s);
  return out;
}

// --- how a file is compiled ------------------------------------------------

std::vector<std::string> words_of(const std::string& command) {
  std::vector<std::string> words;
  std::string word;
  bool in_word = false;
  char quote = 0;
  for (std::size_t i = 0; i < command.size(); ++i) {
    const char c = command[i];
    if (c == '\\' && i + 1 < command.size()) {
      word += command[++i];
      in_word = true;
    } else if (quote != 0) {
      if (c == quote) {
        quote = 0;
      } else {
        word += c;
      }
    } else if (c == '"' || c == '\'') {
      quote = c;
      in_word = true;
    } else if (c == ' ') {
      if (in_word) {
        words.push_back(word);
      }
      word.clear();
      in_word = false;
    } else {
      word += c;
      in_word = true;
    }
  }
  if (in_word) {
    words.push_back(word);
  }
  return words;
}

/// Include paths, macros and the standard from a compiler's command line.
std::vector<std::string> useful(const std::vector<std::string>& words) {
  std::vector<std::string> out;
  for (std::size_t i = 0; i < words.size(); ++i) {
    const std::string& w = words[i];
    if ((w == "-isystem" || w == "-I" || w == "-D") && i + 1 < words.size()) {
      out.push_back(w);
      out.push_back(words[++i]);
    } else if (
        w.starts_with("-I") || w.starts_with("-D") || w.starts_with("-std=") ||
        w.starts_with("-isystem")) {
      out.push_back(w);
    }
  }
  return out;
}

class CompileCommands {
 public:
  CompileCommands(
      const fs::path& root, const fs::path& database, const Sources& sources) {
    fallback_ = {"-std=c++20", "-I" + root.string()};
    for (const auto& [path, file] : sources.files()) {
      const std::string folder = path.substr(0, path.find('/'));
      const std::string option = "-I" + (root / folder).string();
      if (std::find(fallback_.begin(), fallback_.end(), option) ==
          fallback_.end()) {
        fallback_.push_back(option);
      }
    }
    if (database.empty() || !fs::exists(database)) {
      return;
    }
    for (const Json& entry : mlxaudio::read_json(database)) {
      const fs::path file = entry.value("file", std::string());
      const std::string path = file.lexically_relative(root).generic_string();
      if (sources.find(path) != nullptr) {
        by_file_[path] = useful(words_of(entry.value("command", "")));
        by_folder_[fs::path(path).parent_path().generic_string()] =
            by_file_[path];
      }
    }
  }

  std::vector<std::string> of(const std::string& file) const {
    if (const auto it = by_file_.find(file); it != by_file_.end()) {
      return it->second;
    }
    const auto folder = fs::path(file).parent_path().generic_string();
    if (const auto it = by_folder_.find(folder); it != by_folder_.end()) {
      return it->second;
    }
    return by_file_.empty() ? fallback_ : by_file_.rbegin()->second;
  }

 private:
  std::vector<std::string> fallback_;
  std::map<std::string, std::vector<std::string>> by_file_;
  std::map<std::string, std::vector<std::string>> by_folder_;
};

// --- parsing -----------------------------------------------------------------

/// The declaration that a tag's comment belongs to.
struct Found {
  std::string name, kind, usr;
  std::string file; ///< of the definition, if it was seen
  int line = 0, end_line = 0;
};

struct Visit {
  const fs::path& root;
  const std::vector<Tag>& tags;
  std::map<std::size_t, Found>& found;       ///< by index into `tags`
  std::map<std::string, Found>& definitions; ///< by USR, in the unit's files
  const std::set<std::string>& files;
};

std::string qualified_name(CXCursor cursor) {
  std::string name = text_of(clang_getCursorSpelling(cursor));
  for (CXCursor p = clang_getCursorSemanticParent(cursor);
       !clang_Cursor_isNull(p) &&
       !clang_isTranslationUnit(clang_getCursorKind(p));
       p = clang_getCursorSemanticParent(p)) {
    const std::string outer = text_of(clang_getCursorSpelling(p));
    if (!outer.empty()) {
      name = outer + "::" + name;
    }
  }
  return name;
}

std::string kind_of(CXCursor cursor) {
  switch (clang_getCursorKind(cursor)) {
    case CXCursor_StructDecl:
    case CXCursor_ClassDecl:
    case CXCursor_ClassTemplate:
      return "class";
    case CXCursor_EnumDecl:
      return "enum";
    case CXCursor_FunctionDecl:
    case CXCursor_FunctionTemplate:
      return "function";
    case CXCursor_CXXMethod:
    case CXCursor_Constructor:
    case CXCursor_Destructor:
    case CXCursor_ConversionFunction:
      return "method";
    case CXCursor_VarDecl:
      return "variable";
    case CXCursor_ParmDecl:
      return kParameter;
    case CXCursor_FieldDecl:
      return "field";
    case CXCursor_TypedefDecl:
    case CXCursor_TypeAliasDecl:
    case CXCursor_TypeAliasTemplateDecl:
      return "type";
    default:
      return "";
  }
}

/// Path from the root of where a cursor begins and ends.
void place(CXCursor cursor, const fs::path& root, Found& into) {
  const CXSourceRange range = clang_getCursorExtent(cursor);
  CXFile file = nullptr;
  unsigned line = 0;
  clang_getFileLocation(
      clang_getRangeStart(range),
      &file,
      &line,
      nullptr,
      nullptr);
  into.line = static_cast<int>(line);
  clang_getFileLocation(
      clang_getRangeEnd(range),
      nullptr,
      &line,
      nullptr,
      nullptr);
  into.end_line = static_cast<int>(line);
  if (file != nullptr) {
    const fs::path path =
        fs::path(text_of(clang_getFileName(file))).lexically_normal();
    into.file = path.lexically_relative(root).generic_string();
  }
}

std::string file_of(CXCursor cursor, const fs::path& root) {
  Found at;
  place(cursor, root, at);
  return at.file;
}

CXChildVisitResult visit(CXCursor cursor, CXCursor, CXClientData data) {
  Visit& v = *static_cast<Visit*>(data);
  if (clang_Location_isInSystemHeader(clang_getCursorLocation(cursor)) != 0) {
    return CXChildVisit_Continue;
  }
  const std::string file = file_of(cursor, v.root);
  if (!v.files.contains(file)) {
    return CXChildVisit_Continue;
  }
  const std::string kind = kind_of(cursor);
  if (kind == kParameter) {
    Found here{text_of(clang_getCursorSpelling(cursor)), kind, {}, {}, 0, 0};
    place(cursor, v.root, here);
    // Those of a declaration and of its definition have the same USR.
    here.usr = fmt::format("{} {}:{}", here.name, here.file, here.line);
    if (!here.name.empty()) {
      v.definitions.emplace(here.usr, here);
    }
  } else if (!kind.empty()) {
    Found here{
        qualified_name(cursor),
        kind,
        text_of(clang_getCursorUSR(cursor)),
        {},
        0,
        0};
    const CXCursor definition = clang_getCursorDefinition(cursor);
    // Names of types and fields define themselves.
    const bool self = kind == "field" || kind == "type";
    if (self || !clang_Cursor_isNull(definition)) {
      place(self ? cursor : definition, v.root, here);
      v.definitions.emplace(here.usr, here);
    }
    const CXSourceRange comment = clang_Cursor_getCommentRange(cursor);
    if (clang_Range_isNull(comment) == 0) {
      unsigned first = 0;
      unsigned last = 0;
      clang_getFileLocation(
          clang_getRangeStart(comment),
          nullptr,
          &first,
          nullptr,
          nullptr);
      clang_getFileLocation(
          clang_getRangeEnd(comment),
          nullptr,
          &last,
          nullptr,
          nullptr);
      for (std::size_t i = 0; i < v.tags.size(); ++i) {
        const Tag& t = v.tags[i];
        if (t.file == file && t.line >= static_cast<int>(first) &&
            t.line <= static_cast<int>(last)) {
          v.found.emplace(i, here);
        }
      }
    }
  }
  return CXChildVisit_Recurse;
}

struct Parsed {
  std::map<std::size_t, Found> found;
  std::map<std::string, Found> definitions;
  std::string unread; ///< why not all of it could be read, if so
};

/// Where a wheel has brought them: the headers of the compiler itself, which
/// libclang otherwise finds where it was installed.
std::vector<std::string> resource_option() {
  std::error_code none;
  const fs::path self = fs::read_symlink("/proc/self/exe", none);
  const fs::path folder = self.parent_path().parent_path() / "lib/clang/14.0.6";
  if (!fs::is_directory(folder, none)) {
    return {};
  }
  return {"-resource-dir=" + folder.string()};
}

/// What is said of the first header that is not there. Other errors count for
/// nothing: libclang need not read all that the port's compiler does.
std::string missing_header(CXTranslationUnit tu) {
  for (unsigned i = 0; i < clang_getNumDiagnostics(tu); ++i) {
    const CXDiagnostic diagnostic = clang_getDiagnostic(tu, i);
    std::string text = text_of(clang_getDiagnosticSpelling(diagnostic));
    clang_disposeDiagnostic(diagnostic);
    if (text.ends_with("file not found")) {
      return text;
    }
  }
  return {};
}

Parsed parse(
    const fs::path& root, const Unit& unit, const std::vector<Tag>& tags) {
  std::vector<std::string> arguments = unit.arguments;
  arguments.insert(arguments.begin(), {"-x", "c++"});
  arguments.push_back("-w");
  for (std::string& option : resource_option()) {
    arguments.push_back(std::move(option));
  }
  std::vector<const char*> pointers;
  for (const std::string& a : arguments) {
    pointers.push_back(a.c_str());
  }
  Parsed parsed;
  const CXIndex index = clang_createIndex(0, 0);
  const CXTranslationUnit tu = clang_parseTranslationUnit(
      index,
      (root / unit.file).c_str(),
      pointers.data(),
      static_cast<int>(pointers.size()),
      nullptr,
      0,
      CXTranslationUnit_KeepGoing);
  if (tu != nullptr) {
    std::set<std::string> files = unit.tagged;
    files.insert(unit.file);
    Visit v{root, tags, parsed.found, parsed.definitions, files};
    clang_visitChildren(clang_getTranslationUnitCursor(tu), visit, &v);
    parsed.unread = missing_header(tu);
    clang_disposeTranslationUnit(tu);
  }
  clang_disposeIndex(index);
  return parsed;
}

// --- cache
// ---------------------------------------------------------------------

Json to_json(const Found& f) {
  return {
      {"name", f.name},
      {"kind", f.kind},
      {"usr", f.usr},
      {"file", f.file},
      {"line", f.line},
      {"end_line", f.end_line}};
}

Found found_of(const Json& j) {
  return {
      j.at("name"),
      j.at("kind"),
      j.at("usr"),
      j.at("file"),
      j.at("line"),
      j.at("end_line")};
}

std::string cache_key(const Unit& unit, const Sources& sources) {
  mlxaudio::Sha256 hash;
  hash.update(std::string_view(kCacheVersion));
  for (const std::string& a : unit.arguments) {
    hash.update(a).update(std::string_view("\n"));
  }
  std::set<std::string> files = unit.tagged;
  files.insert(unit.file);
  for (const std::string& f : files) {
    hash.update(f).update(std::string_view("\n"));
    hash.update(sources.find(f)->text);
  }
  return hash.hex();
}

std::optional<Parsed> read_cache(const fs::path& path) {
  std::error_code none;
  if (!fs::exists(path, none)) {
    return std::nullopt;
  }
  try {
    const Json json = mlxaudio::read_json(path);
    Parsed parsed;
    for (const Json& entry : json.at("found")) {
      parsed.found.emplace(
          entry.at("tag").get<std::size_t>(),
          found_of(entry.at("at")));
    }
    for (const Json& entry : json.at("definitions")) {
      Found f = found_of(entry);
      parsed.definitions.emplace(f.usr, f);
    }
    return parsed;
  } catch (const std::exception&) {
    return std::nullopt; // a spoilt cache is made anew
  }
}

/// Tags of one unit are counted from 0, so that the cache does not depend on
/// the other units.
std::vector<Tag> own_tags(const Unit& unit, const std::vector<Tag>& tags) {
  std::vector<Tag> own;
  std::copy_if(
      tags.begin(),
      tags.end(),
      std::back_inserter(own),
      [&](const Tag& t) {
        return unit.tagged.contains(t.file) || t.file == unit.file;
      });
  return own;
}

Parsed parse_cached(
    const fs::path& root,
    const Sources& sources,
    const fs::path& cache,
    const Unit& unit,
    const std::vector<Tag>& own) {
  const fs::path path = cache / (cache_key(unit, sources) + ".json");
  if (std::optional<Parsed> known = read_cache(path)) {
    return *known;
  }
  Parsed parsed = parse(root, unit, own);
  if (!parsed.unread.empty()) {
    return parsed; // what is missing may be installed any time
  }
  Json json = {{"found", Json::array()}, {"definitions", Json::array()}};
  for (const auto& [i, f] : parsed.found) {
    json["found"].push_back({{"tag", i}, {"at", to_json(f)}});
  }
  for (const auto& [usr, f] : parsed.definitions) {
    json["definitions"].push_back(to_json(f));
  }
  std::error_code none;
  fs::create_directories(cache, none);
  try {
    mlxaudio::write_file(path, json.dump());
  } catch (const mlxaudio::Error&) {
    // Without a cache it is only slower.
  }
  return parsed;
}

/// A header is parsed by way of the `.cpp` beside it, which has the
/// definitions.
std::string unit_of(const std::string& file, const Sources& sources) {
  const bool header = file.ends_with(".h") || file.ends_with(".hpp");
  const std::string other = header ? sources.beside(file) : std::string();
  return other.empty() ? file : other;
}

/// Units that may define what a header declares: they include it.
std::vector<std::string> includers(
    const std::string& header,
    const std::string& name,
    const Sources& sources) {
  std::vector<std::string> out;
  for (const auto& [path, file] : sources.files()) {
    const bool source = path.ends_with(".cpp") || path.ends_with(".cc");
    if (source && file.text.find(name) != std::string::npos &&
        sources.unit(path).contains(header)) {
      out.push_back(path);
    }
  }
  return out;
}

} // namespace

Definitions find_definitions(
    const fs::path& root,
    const Sources& sources,
    const fs::path& compile_commands,
    const fs::path& cache,
    const std::function<bool(const std::string& tag)>& wanted) {
  const CompileCommands commands(root, compile_commands, sources);
  std::vector<Tag> tags;
  std::map<std::string, Unit> units;
  for (const auto& [path, file] : sources.files()) {
    for (const Note& note : file.notes) {
      if (note.kind == Note::Kind::port) {
        tags.push_back({note.name, path, note.line});
        Unit& unit = units[unit_of(path, sources)];
        unit.file = unit_of(path, sources);
        unit.tagged.insert(path);
      }
    }
  }
  std::set<std::string> needed;
  for (const Tag& tag : tags) {
    if (wanted(tag.name)) {
      needed.insert(unit_of(tag.file, sources));
    }
  }
  std::vector<Unit*> list;
  for (auto& [file, unit] : units) {
    if (!needed.contains(file)) {
      continue;
    }
    unit.arguments = commands.of(file);
    list.push_back(&unit);
  }
  std::vector<Parsed> parsed(list.size());
  std::vector<std::vector<Tag>> owned(list.size());
  in_parallel(list.size(), processors(), [&](std::size_t i) {
    owned[i] = own_tags(*list[i], tags);
    parsed[i] = parse_cached(root, sources, cache, *list[i], owned[i]);
  });

  Definitions out;
  for (std::size_t i = 0; i < list.size(); ++i) {
    for (const auto& [usr, f] : parsed[i].definitions) {
      Definition d;
      d.name = f.name;
      d.kind = f.kind;
      d.file = f.file;
      d.line = f.line;
      d.end_line = f.end_line;
      (d.kind == kParameter ? out.parameters : out.all).push_back(std::move(d));
    }
    for (std::size_t k = 0; k < owned[i].size(); ++k) {
      Definition d;
      d.tag = owned[i][k].name;
      d.tag_file = owned[i][k].file;
      d.tag_line = owned[i][k].line;
      const auto it = parsed[i].found.find(k);
      if (it == parsed[i].found.end()) {
        d.problem =
            parsed[i].unread.empty()
                ? "sits on no definition"
                : "is in a file that cannot be read whole: " + parsed[i].unread;
        out.tagged.push_back(std::move(d));
        continue;
      }
      Found f = it->second;
      if (f.file.empty()) {
        const std::string plain = f.name.substr(f.name.rfind(':') + 1);
        for (const std::string& other : includers(d.tag_file, plain, sources)) {
          const Unit unit{other, {}, commands.of(other)};
          const Parsed p = parse_cached(root, sources, cache, unit, {});
          if (const auto at = p.definitions.find(f.usr);
              at != p.definitions.end()) {
            f = at->second;
            break;
          }
        }
      }
      d.name = f.name;
      d.kind = f.kind;
      d.file = f.file;
      d.line = f.line;
      d.end_line = f.end_line;
      if (f.file.empty()) {
        d.problem = fmt::format("`{}` is declared but not defined", f.name);
      }
      out.tagged.push_back(std::move(d));
    }
  }
  return out;
}

} // namespace portproof
