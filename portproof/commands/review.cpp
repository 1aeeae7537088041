// SPDX-License-Identifier: MIT
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "core/atomic_file.h"
#include "mlxaudio/error.h"
#include "portproof/bundle.h"
#include "portproof/commands/commands.h"
#include "portproof/review_page.h"
#include "portproof/review_sign.h"

namespace portproof {
namespace {

using mlxaudio::ConfigError;
using mlxaudio::Json;
namespace fs = std::filesystem;

struct ReviewArguments {
  std::string model, build, work, html, form;
  std::vector<std::string> components;
  std::string reading, reader, out, folder;
  std::size_t most = 0;
  bool json = false;
};

/// Columns of the terminal; 160 where there is none.
std::size_t terminal_width() {
  winsize size{};
  return ::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0
             ? size.ws_col
             : 160;
}

Port port_of(const Commands& commands, const ReviewArguments& o) {
  const Project project = commands.project();
  return Port(project, o.model, build_folder(project, o.build));
}

void print_followups(const std::vector<Followup>& followups) {
  for (const Followup& f : followups) {
    fmt::print("  follow-up {}: {}\n", f.id, f.text);
  }
}

int show(const Commands& commands, const ReviewArguments& o) {
  if (o.model.empty()) {
    throw ConfigError("[portproof] name the model: portproof review MODEL");
  }
  if (o.components.size() > 1) {
    throw ConfigError(
        "[portproof] one component is shown at a time: give --component once");
  }
  const std::string name = o.components.empty() ? "" : o.components.front();
  // All of it: whose a helper is depends on the tags of all components.
  const Port port = port_of(commands, o);
  const Component* component =
      name.empty() ? next_unread(port) : port.inventory.find(name);
  if (component == nullptr) {
    if (!name.empty()) {
      throw ConfigError(
          fmt::format("[portproof] {} has no component {}", o.model, name));
    }
    fmt::print("every component is read and signed in this round\n");
    return 0;
  }
  const Page page =
      review_page(port, *component, Workplace::of(o.model, o.work));
  if (!o.html.empty()) {
    mlxaudio::write_file(o.html, page_html(page));
    fmt::print(stderr, "wrote {}\n", o.html);
  }
  if (!o.form.empty()) {
    if (fs::exists(o.form)) {
      throw ConfigError(fmt::format(
          "[portproof] {} is there already, and may hold a reading: name "
          "another file",
          o.form));
    }
    mlxaudio::write_file(o.form, reading_template(page));
    fmt::print(
        stderr,
        "wrote {}; when it is filled in: portproof review sign {} {} --reader "
        "ID\n",
        o.form,
        o.model,
        o.form);
  }
  if (o.json) {
    fmt::print("{}\n", page_json(page).dump(1));
  } else if (o.html.empty()) {
    fmt::print("{}", page_text(page, terminal_width()));
  }
  return 0;
}

int sign(const Commands& commands, const ReviewArguments& o) {
  Port port = port_of(commands, o);
  const SignedReading s =
      sign_reading(port, Workplace::of(o.model, o.work), o.reading, o.reader);
  fmt::print(
      "{}: {} by {}, round {}\n",
      s.component,
      s.right ? "signed" : "found wrong",
      o.reader,
      port.rounds.current().number);
  print_followups(s.followups);
  return 0;
}

int hand_out(const Commands& commands, const ReviewArguments& o) {
  Port port = port_of(commands, o);
  ExportOptions options;
  options.reader = o.reader;
  options.out = o.out;
  options.components = o.components;
  options.most = o.most;
  const Exported e =
      export_bundle(port, Workplace::of(o.model, o.work), options);
  fmt::print(
      "{} pages for {} in {}: begin with index.html\nbundle {}, committed to "
      "{}\n",
      e.pages,
      o.reader,
      o.out,
      e.bundle,
      e.commitment);
  return 0;
}

int take_back(const Commands& commands, ReviewArguments& o) {
  o.model = bundle_model(o.folder);
  Port port = port_of(commands, o);
  const std::vector<ImportedPage> pages =
      import_bundle(port, Workplace::of(o.model, o.work), o.folder);
  int missed = 0;
  Json list = Json::array();
  for (const ImportedPage& p : pages) {
    missed += p.outcome == ImportedPage::Outcome::missed ? 1 : 0;
    if (o.json) {
      list.push_back(
          {{"component", p.component},
           {"outcome", outcome_text(p.outcome)},
           {"planted", p.planted}});
    } else {
      fmt::print(
          "{}: {}{}\n",
          p.component,
          outcome_text(p.outcome),
          p.planted.empty() ? "" : "; planted " + p.planted);
    }
  }
  if (o.json) {
    fmt::print("{}\n", list.dump(1));
  }
  if (missed > 0) {
    fmt::print(
        stderr,
        "[portproof] {} planted defect{} signed as right: the reader's "
        "signatures since the last one that was caught are lost\n",
        missed,
        missed == 1 ? " was" : "s were");
  }
  return missed == 0 ? 0 : 1;
}

} // namespace

void add_review(Commands& commands) {
  const auto o = std::make_shared<ReviewArguments>();
  const auto action = std::make_shared<std::string>();
  CLI::App& command = commands.add(
      "review",
      "read a component beside its reference, and sign it",
      [&commands, o, action] {
        return *action == "sign"     ? sign(commands, *o)
               : *action == "export" ? hand_out(commands, *o)
               : *action == "import" ? take_back(commands, *o)
                                     : show(commands, *o);
      });
  command.add_option("MODEL", o->model, "folder below port/");
  command.add_option(
      "--component",
      o->components,
      "this one, not the next; for `export` patterns, as often as wanted");
  command.add_option("--html", o->html, "write the page to a file");
  command.add_option("--template", o->form, "write a reading to fill in");
  command.add_option("--build", o->build, "build folder");
  command.add_flag("--json", o->json, "for programs");
  add_workplace(command, o->work);

  CLI::App* sign =
      command.add_subcommand("sign", "check a reading and record it");
  add_model(*sign, o->model);
  sign->add_option("READING", o->reading, "TOML or JSON")->required();
  sign->add_option("--reader", o->reader, "the reader's id")->required();

  CLI::App* give = command.add_subcommand(
      "export",
      "make a bundle of pages for a reader, some with a planted defect");
  add_model(*give, o->model);
  give->add_option("--reader", o->reader, "the reader's id")->required();
  give->add_option("--out", o->out, "folder to make")->required();
  give->add_option("--most", o->most, "pages; else all that are to be read");

  CLI::App* take = command.add_subcommand(
      "import",
      "sign what comes back, and reveal what was planted");
  take->add_option("DIR", o->folder, "the bundle")->required();

  for (CLI::App* sub : {sign, give, take}) {
    sub->fallthrough();
    sub->callback([sub, action] { *action = sub->get_name(); });
  }
}

} // namespace portproof
