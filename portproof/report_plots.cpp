// SPDX-License-Identifier: MIT
#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "portproof/html.h"
#include "portproof/report.h"
#include "portproof/text.h"

namespace portproof {
namespace {

using mlxaudio::Json;

void classes(
    const Json& node,
    const std::string& path,
    std::map<std::string, std::string>& out) {
  out[path.empty() ? "(model)" : path] = node.value("class", "");
  for (const Json& child : node.value("children", Json::array())) {
    const std::string name = child.at("name");
    classes(child, path.empty() ? name : path + "." + name, out);
  }
}

/// When components are done in a run.
struct Order {
  const Inventory& inventory;
  std::map<std::string, std::string> classes;
  int calls = 0;
  std::map<std::string, int> own;     ///< first call of itself
  std::map<std::string, int> methods; ///< last call of a method of it

  void add(const Json& list) {
    for (const Json& call : list) {
      if (call.contains("loop")) {
        add(call.at("loop"));
        continue;
      }
      add(call.value("calls", Json::array()));
      ++calls;
      std::string name = call.at("name");
      if (const auto it = classes.find(name); it != classes.end()) {
        name = it->second;
      }
      const Component* c = inventory.owner(name);
      if (c == nullptr) {
        continue;
      }
      const auto other = inventory.counterparts.find(name);
      const bool itself =
          c->name == name || other != inventory.counterparts.end();
      if (itself) {
        own.emplace(c->name, calls);
      } else {
        methods[c->name] = calls;
      }
    }
  }
};

double part_of(double got, double may) {
  return may > 0 ? got / may : got > 0 ? 2 : 0;
}

/// The largest part of its tolerance that a component uses.
double used(const Figure& f) {
  return std::max(
      {part_of(f.close.max_abs, f.tolerance.max_abs),
       part_of(f.close.rel_l2, f.tolerance.rel_l2),
       part_of(f.close.norm_ratio, f.tolerance.norm_ratio)});
}

std::string link(const Figure& f) {
  return fmt::format(
      "<a href=\"#{}\"><code>{}</code></a>",
      anchor(f.component->name),
      html(f.component->name));
}

std::string percent(double part) {
  return part >= 0.0995 || part == 0 ? fmt::format("{:.0f} %", part * 100)
         : part >= 0.001             ? fmt::format("{:.1f} %", part * 100)
                                     : "< 0.1 %";
}

} // namespace

std::vector<std::string> completion_order(
    const Inventory& inventory, const Json& map, const std::string& key) {
  const auto references = map.find("references");
  if (references == map.end() || !references->contains(key)) {
    return {};
  }
  Order order{inventory, {}, 0, {}, {}};
  const Json& one = references->at(key);
  classes(one.at("modules"), {}, order.classes);
  order.add(one.at("calls"));
  std::map<std::string, int> done = order.own;
  // A class that is never called by itself is done with its last method.
  done.insert(order.methods.begin(), order.methods.end());
  std::vector<std::pair<int, std::string>> sorted;
  for (const auto& [name, at] : done) {
    sorted.emplace_back(at, name);
  }
  std::sort(sorted.begin(), sorted.end());
  std::vector<std::string> out;
  for (auto& [at, name] : sorted) {
    out.push_back(std::move(name));
  }
  return out;
}

std::vector<Figure> figures_by_depth(const Port& port, const Json& map) {
  const std::vector<std::string> order =
      completion_order(port.inventory, map, port.reference.deciding().key);
  std::vector<Figure> out;
  for (const Component& c : port.inventory.components) {
    const Evidence* evidence = port.evidence.last(c.name);
    if (evidence == nullptr || port.reference.waiver(c.name) != nullptr) {
      continue;
    }
    Figure f;
    f.component = &c;
    f.holds = port.standing(c).holds;
    f.calls = evidence->line.value("calls", 0);
    const Json grades = evidence->line.value("grades", Json::object());
    if (const auto exact = grades.find("exact"); exact != grades.end()) {
      f.has_exact = exact->value("arrays", 0) > 0;
      f.exact = exact->value("rel_l2", 0.0);
    }
    if (const auto close = grades.find("close"); close != grades.end()) {
      f.close = {
          close->value("max_abs", 0.0),
          close->value("rel_l2", 0.0),
          close->value("norm_ratio", 0.0)};
      f.tolerance =
          port.reference.tolerance(c.name, "close").value_or(Tolerance{});
      f.numeric = close->value("arrays", 0) > 0;
    }
    out.push_back(f);
  }
  const auto place = [&](const Figure& f) {
    return std::find(order.begin(), order.end(), f.component->name) -
           order.begin();
  };
  std::stable_sort(
      out.begin(),
      out.end(),
      [&](const Figure& a, const Figure& b) { return place(a) < place(b); });
  return out;
}

std::string error_plot(const std::vector<Figure>& figures) {
  std::vector<const Figure*> points;
  double low = 1e-8;
  double high = 1e-6;
  for (const Figure& f : figures) {
    if (!f.numeric) {
      continue;
    }
    points.push_back(&f);
    for (const double value :
         {f.close.rel_l2, f.tolerance.rel_l2, f.has_exact ? f.exact : 0.0}) {
      if (value > 0 && std::isfinite(value)) {
        low = std::min(low, value);
        high = std::max(high, value);
      }
    }
  }
  if (points.empty()) {
    return "<p class=\"soft\">No evidence with arrays yet.</p>\n";
  }
  constexpr double kLeft = 70, kTop = 16, kHeight = 300, kBottom = 60;
  const double step =
      std::clamp(960.0 / static_cast<double>(points.size()), 12.0, 60.0);
  const double width = kLeft + step * static_cast<double>(points.size()) + 20;
  const double from = std::floor(std::log10(low));
  const double to = std::ceil(std::log10(high));
  const double floor = kTop + kHeight; // where no difference at all is drawn
  const auto y = [&](double value) {
    if (!(value > 0)) {
      return floor;
    }
    const double at = (std::log10(value) - from) / (to - from);
    return kTop + (kHeight - 24) * (1 - std::clamp(at, 0.0, 1.0));
  };
  std::string out = fmt::format(
      "<svg id=\"error-plot\" role=\"img\" aria-label=\"Relative error of each "
      "component, in the order of a run\" viewBox=\"0 0 {:.0f} {:.0f}\" "
      "width=\"{:.0f}\" height=\"{:.0f}\">\n",
      width,
      kTop + kHeight + kBottom,
      width,
      kTop + kHeight + kBottom);
  const auto rule = [&](double at, const std::string& label) {
    out += fmt::format(
        "<line class=\"axis\" x1=\"{:.0f}\" y1=\"{:.1f}\" x2=\"{:.0f}\" "
        "y2=\"{:.1f}\"/><text class=\"soft\" x=\"{:.0f}\" y=\"{:.1f}\" "
        "font-size=\"12\" text-anchor=\"end\">{}</text>\n",
        kLeft - 6,
        at,
        width - 10,
        at,
        kLeft - 10,
        at + 4,
        label);
  };
  for (double e = from; e <= to; ++e) {
    rule(y(std::pow(10, e)), fmt::format("1e{:.0f}", e));
  }
  rule(floor, "0");
  for (std::size_t i = 0; i < points.size(); ++i) {
    const Figure& f = *points[i];
    const double x = kLeft + step * (static_cast<double>(i) + 0.5);
    if (f.tolerance.rel_l2 > 0) {
      const double at = y(f.tolerance.rel_l2);
      out += fmt::format(
          "<line class=\"limit\" stroke-width=\"2\" x1=\"{:.1f}\" "
          "y1=\"{:.1f}\" x2=\"{:.1f}\" y2=\"{:.1f}\"/>\n",
          x - step * 0.32,
          at,
          x + step * 0.32,
          at);
    }
    const bool over = used(f) > 1 || (f.has_exact && f.exact > 0);
    out += fmt::format(
        "<a href=\"#{}\"><title>{}\nclose {} of {}{}{}</title><circle "
        "class=\"{}\" cx=\"{:.1f}\" cy=\"{:.1f}\" r=\"5\"/></a>\n",
        anchor(f.component->name),
        html(f.component->name),
        figure(f.close.rel_l2),
        figure(f.tolerance.rel_l2),
        !f.has_exact   ? ""
        : f.exact == 0 ? "\nexact: difference 0"
                       : "\nexact: differs by " + figure(f.exact),
        f.holds ? "" : "\nexpired or failed",
        over      ? "bad"
        : f.holds ? "one"
                  : "grey",
        x,
        y(f.close.rel_l2));
  }
  out += fmt::format(
      "<text class=\"soft\" x=\"{:.0f}\" y=\"{:.0f}\" font-size=\"12\">first "
      "completed in a run</text><text class=\"soft\" x=\"{:.0f}\" "
      "y=\"{:.0f}\" font-size=\"12\" text-anchor=\"end\">last \u2192</text>\n",
      kLeft,
      floor + 24,
      width - 10,
      floor + 24);
  out += fmt::format(
      "<circle class=\"one\" cx=\"{0:.0f}\" cy=\"{1:.0f}\" r=\"5\"/><text "
      "class=\"soft\" x=\"{2:.0f}\" y=\"{3:.0f}\" font-size=\"12\">relative L2 "
      "to the reference</text><line class=\"limit\" stroke-width=\"2\" "
      "x1=\"{4:.0f}\" x2=\"{5:.0f}\" y1=\"{1:.0f}\" y2=\"{1:.0f}\"/><text "
      "class=\"soft\" x=\"{6:.0f}\" y=\"{3:.0f}\" "
      "font-size=\"12\">tolerance</text>\n",
      kLeft + 6,
      floor + 44,
      kLeft + 16,
      floor + 48,
      kLeft + 190,
      kLeft + 210,
      kLeft + 216);
  return out + "</svg>\n";
}

std::string drift_text(const std::vector<Figure>& figures) {
  const auto first = [&](const auto& is) -> const Figure* {
    const auto it = std::find_if(figures.begin(), figures.end(), is);
    return it == figures.end() ? nullptr : &*it;
  };
  const Figure* differs =
      first([](const Figure& f) { return f.numeric && f.close.rel_l2 > 0; });
  const Figure* inexact =
      first([](const Figure& f) { return f.has_exact && f.exact > 0; });
  const Figure* over =
      first([](const Figure& f) { return f.numeric && used(f) > 1; });
  const Figure* most = nullptr;
  for (const Figure& f : figures) {
    if (f.numeric && (most == nullptr || used(f) > used(*most))) {
      most = &f;
    }
  }
  std::string out = "<ul id=\"drift\">\n";
  out += differs == nullptr
             ? "<li>No component differs from the reference at all.</li>\n"
             : fmt::format(
                   "<li>The first to differ at all, in the order of a run: {} "
                   "(relative L2 {}).</li>\n",
                   link(*differs),
                   figure(differs->close.rel_l2));
  out += inexact == nullptr
             ? "<li>Where the difference must be 0, it is.</li>\n"
             : fmt::format(
                   "<li>The first that differs where the difference must be 0: "
                   "{}. What comes after it may only pass its error "
                   "on.</li>\n",
                   link(*inexact));
  out += over == nullptr
             ? "<li>None is beyond its tolerance.</li>\n"
             : fmt::format(
                   "<li>The first beyond its tolerance: {} ({} of it).</li>\n",
                   link(*over),
                   percent(used(*over)));
  if (most != nullptr) {
    out += fmt::format(
        "<li>The nearest to its tolerance: {} ({} of it).</li>\n",
        link(*most),
        percent(used(*most)));
  }
  return out + "</ul>\n";
}

std::string heat_map(const std::vector<Figure>& figures) {
  std::string rows;
  for (const Figure& f : figures) {
    if (!f.numeric) {
      continue;
    }
    rows += fmt::format("<tr><td>{}</td>", link(f));
    const std::array<std::array<double, 2>, 3> cells = {{
        {f.close.max_abs, f.tolerance.max_abs},
        {f.close.rel_l2, f.tolerance.rel_l2},
        {f.close.norm_ratio, f.tolerance.norm_ratio},
    }};
    for (const auto& [got, may] : cells) {
      const double part = part_of(got, may);
      // A root, so that small parts can be told apart.
      const int strength =
          static_cast<int>(std::lround(70 * std::sqrt(std::min(part, 1.0))));
      rows += fmt::format(
          "<td class=\"cell\" data-value=\"{:.6g}\" style=\"background: "
          "color-mix(in srgb, var({}) {}%, transparent)\" title=\"{} of "
          "{}\">{}</td>",
          part,
          part > 1 ? "--bad" : "--one",
          strength,
          figure(got),
          figure(may),
          got == 0 ? "0" : percent(part));
    }
    rows += fmt::format(
        "<td class=\"cell\" data-value=\"{:.6g}\">{}</td></tr>\n",
        f.has_exact ? f.exact : -1,
        !f.has_exact   ? ""
        : f.exact == 0 ? "0"
                       : figure(f.exact));
  }
  if (rows.empty()) {
    return "<p class=\"soft\">No evidence with arrays yet.</p>\n";
  }
  return "<table class=\"heat\" id=\"heat\"><thead><tr><th "
         "data-sort>Component</th><th data-sort class=\"number\">Largest "
         "difference</th><th data-sort class=\"number\">Relative L2</th><th "
         "data-sort class=\"number\">Norm ratio</th><th data-sort "
         "class=\"number\">Exact grade</th></tr></thead>\n<tbody>\n" +
         rows + "</tbody></table>\n";
}

} // namespace portproof
