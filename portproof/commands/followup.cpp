// SPDX-License-Identifier: MIT
#include <memory>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "mlxaudio/error.h"
#include "portproof/commands/commands.h"
#include "portproof/followups.h"
#include "portproof/inventory.h"

namespace portproof {
namespace {

using mlxaudio::ConfigError;
using mlxaudio::Json;

struct FollowupArguments {
  std::string model, text, component, id, how, source;
  bool blocker = false, json = false, all = false;
};

Followups followups_of(const Commands& commands, const std::string& model) {
  const Project project = commands.project();
  const Reference reference = Reference::load(project, model);
  return Followups(project.folder(reference.model) / "followups.jsonl");
}

std::string line_of(const Followup& f) {
  return fmt::format(
      "{}  {}{}{}{}{}",
      f.id,
      f.open() ? f.blocker ? "BLOCKER  " : "open     " : "settled  ",
      f.component.empty() ? "" : f.component + ": ",
      f.text,
      f.source.empty() ? "" : fmt::format(" ({})", f.source),
      f.open() ? "" : fmt::format("\n                   {}", f.resolved));
}

Json json_of(const Followup& f) {
  return {
      {"id", f.id},
      {"time", f.time},
      {"text", f.text},
      {"component", f.component},
      {"source", f.source},
      {"blocker", f.blocker},
      {"open", f.open()},
      {"resolved", f.resolved}};
}

int add_one(const Commands& commands, const FollowupArguments& o) {
  const Project project = commands.project();
  if (!o.component.empty() &&
      Inventory::load(project, Reference::load(project, o.model))
              .find(o.component) == nullptr) {
    throw ConfigError(fmt::format(
        "[portproof] {} has no component {}",
        o.model,
        o.component));
  }
  Followups followups = followups_of(commands, o.model);
  Followup f;
  f.text = o.text;
  f.component = o.component;
  f.source = o.source;
  f.blocker = o.blocker;
  fmt::print("{}\n", line_of(followups.add(f)));
  return 0;
}

int resolve(const Commands& commands, const FollowupArguments& o) {
  Followups followups = followups_of(commands, o.model);
  fmt::print("{}\n", line_of(followups.resolve(o.id, o.how)));
  return 0;
}

int list(const Commands& commands, const FollowupArguments& o) {
  const Followups followups = followups_of(commands, o.model);
  for (const std::string& damage : followups.damage()) {
    fmt::print(stderr, "{}\n", damage);
  }
  const std::vector<Followup> shown =
      o.all ? followups.all() : followups.open();
  if (o.json) {
    Json out = Json::array();
    for (const Followup& f : shown) {
      out.push_back(json_of(f));
    }
    fmt::print("{}\n", out.dump(1));
  } else {
    for (const Followup& f : shown) {
      fmt::print("{}\n", line_of(f));
    }
    if (shown.empty()) {
      fmt::print("nothing is open\n");
    }
  }
  return followups.damage().empty() ? 0 : 1;
}

} // namespace

void add_followup(Commands& commands) {
  const auto o = std::make_shared<FollowupArguments>();
  const auto action = std::make_shared<std::string>();
  CLI::App& command = commands.add(
      "followup",
      "note down, list and settle what is still to be done",
      [&commands, o, action] {
        return *action == "add"       ? add_one(commands, *o)
               : *action == "resolve" ? resolve(commands, *o)
                                      : list(commands, *o);
      });
  command.require_subcommand(1);

  CLI::App* add = command.add_subcommand("add", "note something down");
  add_model(*add, o->model);
  add->add_option("TEXT", o->text, "what is to be done")->required();
  add->add_flag("--blocker", o->blocker, "the gate fails until it is settled");
  add->add_option("--component", o->component, "what it is about");
  add->add_option("--from", o->source, "who or what brought it up");

  CLI::App* all = command.add_subcommand("list", "show what is open");
  add_model(*all, o->model);
  all->add_flag("--all", o->all, "what is settled too");
  all->add_flag("--json", o->json, "for programs");

  CLI::App* one = command.add_subcommand("resolve", "settle one");
  add_model(*one, o->model);
  one->add_option("ID", o->id, "its beginning is enough")->required();
  one->add_option("--how", o->how, "what settled it")->required();

  for (CLI::App* sub : {add, all, one}) {
    sub->callback([sub, action] { *action = sub->get_name(); });
  }
}

} // namespace portproof
