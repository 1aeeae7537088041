// SPDX-License-Identifier: MIT
#include <algorithm>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "mlxaudio/error.h"
#include "portproof/html.h"
#include "portproof/map.h"

namespace portproof {
namespace {

using mlxaudio::Json;

// \unit pixels
constexpr double kLeaf = 40;    // height of a box without calls inside
constexpr double kTitle = 40;   // height of the title of one with calls
constexpr double kGap = 20;     // between boxes, for the arrow
constexpr double kEdge = 14;    // between a box and what is inside it
constexpr double kLane = 9;     // between arrows beside each other
constexpr double kLetter = 7.3; // average width of a letter of a name
constexpr double kSmall = 6.2;  // the same of a line of shapes

/// One box of the drawing.
struct Box {
  std::string name, shapes, tip;
  bool loop = false;
  std::vector<Box> inside;
  /// Which boxes beside it an array comes from; -1 is what the box around it
  /// was given.
  std::vector<int> from;
  double x = 0, y = 0, width = 0, height = 0;
  double lane = 0; ///< room for arrows at the right of what is inside
};

std::string with_times(const Json& call, const std::string& name) {
  const auto it = call.find("times");
  if (it == call.end()) {
    return name;
  }
  return fmt::format(
      "{} \u00d7 {}",
      name,
      it->is_string() ? it->get<std::string>() : it->dump());
}

std::vector<Box> boxes(
    const Json& calls, const std::string& around, int depth) {
  std::vector<Box> out;
  std::vector<int> place(calls.size(), -1); // of a call among the boxes
  for (std::size_t i = 0; i < calls.size(); ++i) {
    const Json& call = calls[i];
    if (!has_arrays(call)) {
      continue;
    }
    Box box;
    box.loop = call.contains("loop");
    const std::string name = box.loop ? "loop" : call.at("name");
    box.name = with_times(call, short_name(name, around));
    box.tip = name;
    box.shapes = box.loop ? std::string() : arrays_text(call);
    box.shapes.erase(0, box.shapes.find_first_not_of(' '));
    if (depth > 1) {
      box.inside = boxes(
          box.loop ? call.at("loop") : call.value("calls", Json::array()),
          box.loop ? around : name,
          depth - 1);
    }
    for (const Json& from : call.value("from", Json::array())) {
      if (from.is_string()) {
        box.from.push_back(-1);
      } else if (const int k = place[from.get<std::size_t>()]; k >= 0) {
        box.from.push_back(k);
      }
    }
    place[i] = static_cast<int>(out.size());
    out.push_back(std::move(box));
  }
  return out;
}

/// Letters of a text, not bytes.
double letters(const std::string& text) {
  return static_cast<double>(
      std::count_if(text.begin(), text.end(), [](char c) {
        return (static_cast<unsigned char>(c) & 0xc0u) != 0x80;
      }));
}

std::string shortened(const std::string& text, std::size_t most) {
  if (text.size() <= most) {
    return text;
  }
  std::size_t end = most;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xc0u) == 0x80) {
    --end;
  }
  return text.substr(0, end) + "\u2026";
}

/// Gives sizes, from the innermost outwards, and places within the box around.
void lay_out(Box& box) {
  constexpr std::size_t kLongest = 96;
  box.shapes = shortened(box.shapes, kLongest);
  box.width = std::max(
      {130.0,
       letters(box.name) * kLetter + 24,
       letters(box.shapes) * kSmall + 24});
  box.height = kLeaf;
  if (box.inside.empty()) {
    return;
  }
  double y = kTitle + kEdge / 2;
  double widest = 0;
  int far = 0;
  for (std::size_t i = 0; i < box.inside.size(); ++i) {
    Box& b = box.inside[i];
    lay_out(b);
    b.y = y;
    y += b.height + kGap;
    widest = std::max(widest, b.width);
    for (const int from : b.from) {
      far += from >= 0 && from + 1 < static_cast<int>(i) ? 1 : 0;
    }
  }
  const double left = kEdge + 2 * kLane;
  for (Box& b : box.inside) {
    b.x = left;
    if (!b.inside.empty() || box.inside.size() > 1) {
      b.width = std::max(b.width, std::min(widest, b.width + 80));
    }
  }
  box.lane = static_cast<double>(std::min(far, 8)) * kLane + kLane;
  box.width = std::max(box.width, left + widest + box.lane + kEdge);
  box.height = y - kGap + kEdge;
}

/// Draws what is inside a box whose corner is at (x, y), and its arrows.
void draw(
    const Box& box,
    double x,
    double y,
    const std::string& id,
    std::string& out) {
  out += fmt::format(
      "<g><title>{}\n{}</title><rect class=\"{}\" x=\"{:.0f}\" y=\"{:.0f}\" "
      "width=\"{:.0f}\" height=\"{:.0f}\" rx=\"6\"{}/>"
      "<text x=\"{:.0f}\" y=\"{:.0f}\" font-size=\"13\" "
      "font-weight=\"600\">{}</text>"
      "<text class=\"soft\" x=\"{:.0f}\" y=\"{:.0f}\" "
      "font-size=\"11\">{}</text></g>\n",
      html(box.tip),
      html(box.shapes),
      box.inside.empty() ? "box" : "group",
      x,
      y,
      box.width,
      box.height,
      box.loop ? " stroke-dasharray=\"5 4\"" : "",
      x + 12,
      y + 17,
      html(box.name),
      x + 12,
      y + 32,
      html(box.shapes));
  const auto arrow = [&](const std::string& path) {
    out += fmt::format(
        "<path class=\"flow\" d=\"{}\" marker-end=\"url(#{}-head)\"/>\n",
        path,
        id);
  };
  int lane = 0;
  double right = 0;
  for (const Box& b : box.inside) {
    right = std::max(right, b.width);
  }
  for (std::size_t i = 0; i < box.inside.size(); ++i) {
    const Box& b = box.inside[i];
    draw(b, x + b.x, y + b.y, id, out);
    const double top = y + b.y;
    for (const int from : b.from) {
      if (from < 0) {
        const double at = x + b.x - kLane;
        arrow(
            i == 0 ? fmt::format(
                         "M{:.0f} {:.0f}V{:.0f}",
                         x + b.x + 30,
                         top - kEdge / 2,
                         top - 1)
                   : fmt::format(
                         "M{:.0f} {:.0f}V{:.0f}H{:.0f}",
                         at - kLane / 2,
                         y + kTitle,
                         top + 12,
                         x + b.x - 1));
      } else if (from + 1 == static_cast<int>(i)) {
        arrow(fmt::format(
            "M{:.0f} {:.0f}V{:.0f}",
            x + b.x + 60,
            top - kGap,
            top - 1));
      } else {
        const Box& s = box.inside[static_cast<std::size_t>(from)];
        const double at = x + b.x + right + kLane * (1 + lane++ % 8);
        arrow(fmt::format(
            "M{:.0f} {:.0f}H{:.0f}V{:.0f}H{:.0f}",
            x + s.x + s.width,
            y + s.y + s.height - 12,
            at,
            top + 12,
            x + b.x + b.width + 1));
      }
    }
  }
}

constexpr const char* kAlone =
    "<style>text{fill:#1d2228;font-family:system-ui,'DejaVu "
    "Sans',sans-serif}.soft{fill:#5d6771}.box{fill:#fff;stroke:#7d8894}"
    ".group{fill:#f4f5f6;stroke:#cfd4da}.flow{stroke:#2f6fb5;fill:none}"
    ".head{fill:#2f6fb5}</style><rect width=\"100%\" height=\"100%\" "
    "fill=\"#fbfaf8\"/>";

std::string times_of(const Json& node) {
  const auto it = node.find("times");
  return it == node.end() ? std::string()
                          : fmt::format(" \u00d7 {}", it->dump());
}

void modules(const Json& node, int level, int depth, std::string& out) {
  std::string own;
  for (const char* kind : {"parameters", "buffers"}) {
    for (const Json& p : node.value(kind, Json::array())) {
      own += fmt::format(
          " <span class=\"soft mono\">{}{} {}</span>",
          kind[0] == 'b' ? "buffer " : "",
          html(p.at(0).get<std::string>()),
          shape_text(p.at(1)));
    }
  }
  const std::string line = fmt::format(
      "<b>{}</b>{} <code>{}</code> {}{}",
      level == 0 ? "(model)" : html(node.at("name").get<std::string>()),
      times_of(node),
      html(node.at("class").get<std::string>()),
      grouped(node.at("count").get<std::int64_t>()),
      own);
  const Json children = node.value("children", Json::array());
  if (children.empty() || level + 1 >= depth) {
    out += "<li>" + line + "</li>\n";
    return;
  }
  out += fmt::format(
      "<li><details{}><summary>{}</summary><ul>\n",
      level < 2 ? " open" : "",
      line);
  for (const Json& child : children) {
    modules(child, level + 1, depth, out);
  }
  out += "</ul></details></li>\n";
}

void calls(
    const Json& list,
    const std::string& around,
    int level,
    const MapView& view,
    std::string& out) {
  for (const Json& call : list) {
    if (!view.all && !has_arrays(call)) {
      continue;
    }
    const bool loop = call.contains("loop");
    const std::string name = loop ? "loop" : call.at("name");
    const std::string from = sources_text(call, list, around);
    const std::string line = fmt::format(
        "<b>{}</b> <span class=\"soft mono\">{}</span>{}",
        html(with_times(call, short_name(name, around))),
        loop ? "" : html(arrays_text(call)),
        from.empty()
            ? ""
            : " <span class=\"soft\">\u2190 " + html(from) + "</span>");
    const Json inside =
        loop ? call.at("loop") : call.value("calls", Json::array());
    const bool any =
        std::any_of(inside.begin(), inside.end(), [&](const Json& c) {
          return view.all || has_arrays(c);
        });
    if (!any || level + 1 >= view.depth) {
      out += "<li>" + line + "</li>\n";
      continue;
    }
    out += fmt::format(
        "<li><details{}><summary>{}</summary><ul>\n",
        level < 4 ? " open" : "",
        line);
    calls(inside, loop ? around : name, level + 1, view, out);
    out += "</ul></details></li>\n";
  }
}

} // namespace

std::string map_svg(
    const Map& map, const std::string& key, int depth, bool alone) {
  const Json& references = map.json.at("references");
  const auto it = references.find(key);
  if (it == references.end()) {
    throw mlxaudio::ConfigError(
        fmt::format("[portproof] the map has no reference `{}`", key));
  }
  Box whole;
  whole.name = fmt::format(
      "{} {}",
      it->at("package").get<std::string>(),
      it->at("version").get<std::string>());
  whole.shapes = map.json.value("about", "");
  whole.tip = whole.name;
  whole.inside = boxes(it->at("calls"), {}, depth);
  lay_out(whole);
  const std::string id = "flow-" + key;
  std::string out = fmt::format(
      "<svg class=\"drawing\" xmlns=\"http://www.w3.org/2000/svg\" "
      "role=\"img\" "
      "aria-label=\"{}\" viewBox=\"0 0 {:.0f} {:.0f}\" width=\"{:.0f}\" "
      "height=\"{:.0f}\">{}<defs><marker id=\"{}-head\" viewBox=\"0 0 8 8\" "
      "refX=\"7\" refY=\"4\" markerWidth=\"7\" markerHeight=\"7\" "
      "orient=\"auto\"><path class=\"one head\" d=\"M0 "
      "0L8 4L0 8z\"/></marker></defs>\n",
      html("Calls of " + whole.name),
      whole.width + 20,
      whole.height + 20,
      whole.width + 20,
      whole.height + 20,
      alone ? kAlone : "",
      id);
  draw(whole, 10, 10, id, out);
  return out + "</svg>\n";
}

std::string map_html(const Map& map, const MapView& view) {
  std::string nav;
  std::string body;
  for (const auto& [key, one] : map.json.at("references").items()) {
    if (!view.reference.empty() && view.reference != key) {
      continue;
    }
    nav += fmt::format("<a href=\"#{0}\">{0}</a>", html(key));
    body += fmt::format(
        "<h2 id=\"{0}\">{1} {2}</h2>\n<p class=\"soft\">{3} parameters, {4} "
        "calls recorded.</p>\n<h3>Modules</h3>\n<div class=\"panel\"><ul "
        "class=\"tree\">\n",
        html(key),
        html(one.at("package").get<std::string>()),
        html(one.at("version").get<std::string>()),
        grouped(one.at("modules").at("count").get<std::int64_t>()),
        grouped(one.value("recorded", std::int64_t{0})));
    modules(one.at("modules"), 0, view.depth, body);
    body +=
        "</ul></div>\n<h3>Calls, in order</h3>\n<div class=\"panel\"><ul "
        "class=\"tree\">\n";
    calls(one.at("calls"), {}, 0, view, body);
    body += fmt::format(
        "</ul></div>\n<h3>Data flow</h3>\n<div class=\"panel\">{}</div>\n",
        map_svg(map, key, std::min(view.depth, 9), false));
  }
  const std::string title =
      fmt::format("Map of {}", map.json.at("model").get<std::string>());
  return html_page(
      title,
      fmt::format(
          "<a class=\"skip\" href=\"#main\">To the content</a>\n<header "
          "class=\"top\"><strong>{0}</strong><nav>{1}</nav><div "
          "class=\"right\"><button id=\"theme\" "
          "type=\"button\">Dark</button></div></header>\n<main "
          "id=\"main\">\n<h1>{0}</h1>\n<p>{2}</p>\n{3}</main>",
          html(title),
          nav,
          html(map.json.value("about", "")),
          body));
}

} // namespace portproof
