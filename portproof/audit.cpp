// SPDX-License-Identifier: MIT
#include "portproof/audit.h"

#include <algorithm>
#include <set>

#include <fmt/format.h>

#include "mlxaudio/error.h"
#include "portproof/audit_checks.h"
#include "portproof/code.h"
#include "portproof/sources.h"

namespace portproof {
namespace {

namespace fs = std::filesystem;
using mlxaudio::ConfigError;
using mlxaudio::Json;

/// `AUDIT(check-id): reason` in a comment.
struct Answer {
  std::string check, reason;
  int line = 0;     ///< of the word AUDIT
  int end_line = 0; ///< of the comment, with those that follow it at once
  bool used = false;
};

std::string trimmed(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const bool space = c == ' ' || c == '\n' || c == '\t' || c == '\r';
    if (!space) {
      out += c;
    } else if (!out.empty() && out.back() != ' ') {
      out += ' ';
    }
  }
  while (out.ends_with(' ') || out.ends_with("*/")) {
    out.resize(out.size() - (out.ends_with(' ') ? 1 : 2));
  }
  return out;
}

std::vector<Answer> answers(std::string_view source) {
  std::vector<Answer> out;
  const std::vector<Token> tokens = lex(source);
  for (std::size_t i = 0; i < tokens.size(); ++i) {
    if (tokens[i].kind != Token::Kind::comment) {
      continue;
    }
    // Comments on lines that follow each other are one text.
    std::string text;
    const std::size_t begin = i;
    for (;; ++i) {
      std::string_view line = tokens[i].text;
      line.remove_prefix(std::min(line.find_first_not_of("/*!<"), line.size()));
      text += std::string(line) + '\n';
      if (i + 1 >= tokens.size() ||
          tokens[i + 1].kind != Token::Kind::comment ||
          tokens[i + 1].line != tokens[i].end_line + 1) {
        break;
      }
    }
    constexpr std::string_view kWord = "AUDIT(";
    for (std::size_t at = text.find(kWord); at != std::string::npos;) {
      const std::size_t next = text.find(kWord, at + 1);
      const std::size_t close = text.find(')', at);
      Answer a;
      a.line = tokens[begin].line +
               static_cast<int>(std::count(
                   text.begin(),
                   text.begin() + static_cast<std::ptrdiff_t>(at),
                   '\n'));
      a.end_line = tokens[i].end_line;
      if (close != std::string::npos) {
        a.check = text.substr(at + kWord.size(), close - at - kWord.size());
        if (close + 1 < text.size() && text[close + 1] == ':') {
          a.reason = trimmed(std::string_view(text).substr(
              close + 2,
              next == std::string::npos ? next : next - close - 2));
        }
      }
      out.push_back(std::move(a));
      at = next;
    }
  }
  return out;
}

std::string line_of(std::string_view source, int number) {
  std::size_t at = 0;
  for (int n = 1; n < number && at != std::string_view::npos; ++n) {
    at = source.find('\n', at);
    at += at == std::string_view::npos ? 0 : 1;
  }
  if (at == std::string_view::npos) {
    return {};
  }
  return trimmed(source.substr(at, source.find('\n', at) - at));
}

bool is_check(const std::string& id) {
  return std::any_of(checks().begin(), checks().end(), [&](const Practice& c) {
    return id == c.id;
  });
}

/// Whether a comment stands on the finding's line, right before its statement
/// or right before its function.
bool answers_it(
    const Answer& answer,
    const AuditFinding& finding,
    int statement_line,
    int function_line) {
  if (answer.check != finding.check || answer.reason.empty()) {
    return false;
  }
  const bool near =
      answer.end_line >= statement_line - 1 && answer.line <= finding.line;
  return near || answer.end_line == function_line - 1;
}

} // namespace

std::vector<AuditFinding> audit_source(
    const std::string& file, std::string_view source) {
  const Code code(source);
  std::vector<Answer> said = answers(source);
  std::vector<AuditFinding> out;
  std::set<std::pair<std::string, int>> seen;
  run_checks(
      code,
      [&](const char* check, std::size_t token, const std::string& what) {
        const int line = code.token(token).line;
        if (!seen.emplace(check, line).second) {
          return;
        }
        AuditFinding f{check, file, line, line_of(source, line), what, {}};
        const int statement = code.token(code.statement(token)).line;
        const Region* function = code.function_at(token);
        const int head =
            function == nullptr ? 0 : code.token(function->start).line;
        for (Answer& a : said) {
          if (answers_it(a, f, statement, head)) {
            f.answer = a.reason;
            a.used = true;
          }
        }
        out.push_back(std::move(f));
      });
  for (const Answer& a : said) {
    std::string wrong;
    if (!is_check(a.check)) {
      wrong = fmt::format("AUDIT names no check: `{}`", a.check);
    } else if (a.reason.empty()) {
      wrong = fmt::format("AUDIT({}) gives no reason after a colon", a.check);
    } else if (!a.used) {
      wrong = fmt::format("AUDIT({}) answers no finding: take it out", a.check);
    } else {
      continue;
    }
    out.push_back({{}, file, a.line, line_of(source, a.line), wrong, {}});
  }
  std::stable_sort(out.begin(), out.end(), [](const auto& a, const auto& b) {
    return a.line < b.line;
  });
  return out;
}

int Audit::open() const {
  return static_cast<int>(std::count_if(
      findings.begin(),
      findings.end(),
      [](const AuditFinding& f) { return f.answer.empty(); }));
}

int Audit::answered() const {
  return static_cast<int>(findings.size()) - open();
}

Json Audit::json() const {
  Json list = Json::array();
  for (const AuditFinding& f : findings) {
    Json one = {
        {"check", f.check},
        {"file", f.file},
        {"line", f.line},
        {"what", f.what},
        {"code", f.code}};
    if (!f.answer.empty()) {
      one["answer"] = f.answer;
    }
    list.push_back(std::move(one));
  }
  return {
      {"files", files},
      {"open", open()},
      {"answered", answered()},
      {"findings", list}};
}

Audit audit(
    const Project& project,
    const Reference& reference,
    const std::string& only) {
  std::vector<fs::path> folders = reference.sources;
  if (const auto it = reference.toml.find("audit");
      it != reference.toml.end()) {
    try {
      folders.clear();
      for (const Json& folder : it->at("sources")) {
        folders.emplace_back(folder.get<std::string>());
      }
    } catch (const Json::exception&) {
      throw ConfigError(fmt::format(
          "[portproof] {}: [audit] needs `sources`, a list of folders",
          reference.path.string()));
    }
  }
  const Sources sources(project.root, folders);
  const std::string wanted =
      only.empty() ? only : fs::path(only).lexically_normal().generic_string();
  Audit out;
  for (const auto& [path, file] : sources.files()) {
    if (!wanted.empty() && path != wanted &&
        !path.starts_with(wanted.ends_with('/') ? wanted : wanted + "/")) {
      continue;
    }
    ++out.files;
    for (AuditFinding& f : audit_source(path, file.text)) {
      out.findings.push_back(std::move(f));
    }
  }
  if (out.files == 0) {
    throw ConfigError(fmt::format(
        "[portproof] {} holds no C++ source of this port: name a file or a "
        "folder below the project's root",
        wanted.empty() ? "[audit] `sources`" : wanted));
  }
  return out;
}

} // namespace portproof
