// SPDX-License-Identifier: MIT
#include <memory>
#include <string>

#include <fmt/format.h>

#include "core/mapped_file.h"
#include "mlxaudio/error.h"
#include "portproof/audit.h"
#include "portproof/commands/commands.h"
#include "portproof/graph.h"
#include "portproof/reference.h"

namespace portproof {
namespace {

struct AuditArguments {
  std::string model, only, graph;
  bool json = false, questions = false, list = false, answered = false;
};

const Practice* find(const std::string& id) {
  for (const auto* list : {&checks(), &graph_checks()}) {
    for (const Practice& c : *list) {
      if (id == c.id) {
        return &c;
      }
    }
  }
  return nullptr;
}

void print(const AuditFinding& f) {
  fmt::print(
      "{}:{}: {}{}\n",
      f.file,
      f.line,
      f.check.empty() ? "" : f.check + ": ",
      f.what);
  fmt::print("    {}\n", f.code);
  if (!f.answer.empty()) {
    fmt::print("    answered: {}\n", f.answer);
  } else if (const Practice* c = find(f.check)) {
    fmt::print("    why: {}\n    mend: {}\n", c->why, c->mend);
  }
}

Audit look(const Commands& commands, const AuditArguments& o) {
  if (!o.graph.empty()) {
    const std::string dot =
        mlxaudio::read_file(o.graph, mlxaudio::ErrorCode::config);
    return {audit_graph(o.graph, Graph::parse(dot, o.graph)), 1};
  }
  const Project project = commands.project();
  return audit(project, Reference::load(project, o.model), o.only);
}

int run_audit(const Commands& commands, const AuditArguments& o) {
  if (o.list) {
    for (const auto* list : {&checks(), &graph_checks()}) {
      for (const Practice& c : *list) {
        fmt::print("{:<24}{}\n", c.id, c.what);
      }
    }
    return 0;
  }
  if (o.questions) {
    int n = 0;
    for (const char* question : review_questions()) {
      fmt::print("{:>2}. {}\n", ++n, question);
    }
    return 0;
  }
  const Audit found = look(commands, o);
  if (o.json) {
    fmt::print("{}\n", found.json().dump(1));
    return found.open() == 0 ? 0 : 1;
  }
  for (const AuditFinding& f : found.findings) {
    if (f.answer.empty() || o.answered) {
      print(f);
    }
  }
  fmt::print(
      "{} checks over {} file{}: {} open, {} answered by AUDIT comments\n",
      o.graph.empty() ? checks().size() : graph_checks().size(),
      found.files,
      found.files == 1 ? "" : "s",
      found.open(),
      found.answered());
  return found.open() == 0 ? 0 : 1;
}

} // namespace

void add_audit(Commands& commands) {
  const auto o = std::make_shared<AuditArguments>();
  CLI::App& command = commands.add(
      "audit",
      "check the port's source for what makes it slow or fragile",
      [&commands, o] { return run_audit(commands, *o); });
  add_model(command, o->model);
  command.add_option("--only", o->only, "a file or folder below the root");
  command.add_option(
      "--graph",
      o->graph,
      "check a graph that MLX's export_to_dot wrote, not the source");
  command.add_flag("--answered", o->answered, "show the answered ones too");
  command.add_flag("--list", o->list, "list the checks");
  command.add_flag(
      "--questions",
      o->questions,
      "what only a reader can judge, as questions");
  command.add_flag("--json", o->json, "findings as JSON");
}

} // namespace portproof
