// SPDX-License-Identifier: MIT
#include "portproof/report.h"

#include <gtest/gtest.h>

#include "core/sha256.h"
#include "portproof/tests/project.h"
#include "portproof/verify.h"

namespace portproof {
namespace {

using mlxaudio::Json;
using test::FakeProject;
using test::port_of;

/// Runs the fake probes, so that there is evidence.
void verified(const FakeProject& fake) {
  fake.build();
  Port port = port_of(fake);
  VerifyOptions options;
  options.command = {fake.program().string()};
  verify(port, options);
}

Workplace nowhere(const FakeProject& fake) {
  return {fake.path("no-references")};
}

std::string page(const FakeProject& fake) {
  return report_html(port_of(fake), {}, Json::object(), nowhere(fake));
}

int count(const std::string& text, const std::string& what) {
  int n = 0;
  for (std::size_t at = text.find(what); at != std::string::npos;
       at = text.find(what, at + 1)) {
    ++n;
  }
  return n;
}

bool has(const std::string& text, const std::string& what) {
  return text.find(what) != std::string::npos;
}

/// A component with figures of its own.
struct Drawn {
  Drawn(const char* name, double error, double tolerance) {
    component.name = name;
    figure.component = &component;
    figure.holds = figure.numeric = true;
    figure.close = {error, error, 0};
    figure.tolerance = {tolerance, tolerance, tolerance, "a test"};
  }
  Component component;
  Figure figure;
};

TEST(Report, HasARowForEachComponentAndItsState) {
  const FakeProject fake;
  const std::string before = page(fake);
  EXPECT_EQ(count(before, "<tr tabindex"), 3);
  EXPECT_EQ(count(before, ">not verified</span></td>"), 2);
  EXPECT_EQ(count(before, ">waived</span></td>"), 1);
  EXPECT_TRUE(has(before, "<b>0 / 2</b><span>components verified"));
  verified(fake);
  const std::string after = page(fake);
  EXPECT_EQ(count(after, ">verified</span></td>"), 2);
  EXPECT_TRUE(has(after, "<b>2 / 2</b><span>components verified")) << after;
  fake.replace("src/math.cpp", "return 2 * x;", "return x + x;");
  EXPECT_EQ(count(page(fake), ">expired</span></td>"), 4)
      << "in the table of components and in that of evidence";
}

TEST(Report, NeedsNothingElse) {
  const FakeProject fake;
  const std::string text = page(fake);
  for (const char* from :
       {"src=\"",
        "<link rel=\"stylesheet\"",
        "@import",
        "url(http",
        "fetch("}) {
    EXPECT_FALSE(has(text, from)) << from;
  }
}

TEST(Report, ShowsThePortsSourceWithItsComment) {
  const FakeProject fake;
  const std::string text = page(fake);
  EXPECT_TRUE(has(text, "<i>3</i>  return 2 * x; // exact"));
  EXPECT_TRUE(has(text, "\\port fake.math.Counter"));
  EXPECT_TRUE(has(text, "`portproof fetch fake` gets it"));
}

TEST(Report, ShowsTheReferencesSourceIfItIsTheOneThatWasListed) {
  const FakeProject fake;
  const std::string source = "def double(x):\n    return 2 * x\n";
  fake.write("work/src/torch/fake/math.py", source);
  fake.write("work/fetch.json", "{}");
  const Workplace work{fake.path("work")};
  Port port = port_of(fake);
  const Component& c = *port.inventory.find("fake.math.double");
  EXPECT_TRUE(has(side_by_side(port, c, work), "is not the file that"));
  port.inventory.references["torch"]["files"]["fake/math.py"] =
      mlxaudio::sha256(source);
  const std::string shown = side_by_side(port, c, work);
  EXPECT_TRUE(has(shown, "<i>1</i>def double(x):")) << shown;
}

TEST(Report, PlotsEachComponentAndItsTolerance) {
  const Drawn a("a.one", 1e-7, 1e-5), b("a.two", 2e-5, 1e-5),
      c("a.three", 0, 0);
  const std::string svg = error_plot({a.figure, b.figure, c.figure});
  EXPECT_EQ(count(svg, "<circle class=\"one\""), 3) << "two and the legend's";
  EXPECT_EQ(count(svg, "<circle class=\"bad\""), 1);
  EXPECT_EQ(count(svg, "class=\"limit\""), 3) << "two and the legend's";
  EXPECT_EQ(
      error_plot({}),
      "<p class=\"soft\">No evidence with arrays yet.</p>\n");
}

TEST(Report, SaysWhereDriftBegins) {
  const Drawn a("a.one", 0, 1e-5), b("a.two", 2e-6, 1e-5),
      c("a.three", 3e-5, 1e-5);
  Figure exact = b.figure;
  exact.has_exact = true;
  exact.exact = 1e-9;
  const std::string text = drift_text({a.figure, exact, c.figure});
  EXPECT_TRUE(
      has(text,
          "first to differ at all, in the order of a run: <a "
          "href=\"#c-a.two\">"))
      << text;
  EXPECT_TRUE(has(text, "must be 0: <a href=\"#c-a.two\">"));
  EXPECT_TRUE(has(text, "beyond its tolerance: <a href=\"#c-a.three\">"));
  EXPECT_TRUE(has(text, "(300 % of it)"));
  const std::string well = drift_text({a.figure});
  EXPECT_TRUE(has(well, "No component differs"));
  EXPECT_TRUE(has(well, "None is beyond"));
}

TEST(Report, TheHeatMapShowsThePartOfTheToleranceThatIsUsed) {
  const Drawn a("a.one", 5e-6, 1e-5), b("a.two", 2e-5, 1e-5);
  const std::string table = heat_map({a.figure, b.figure});
  EXPECT_EQ(count(table, "<tr><td>"), 2);
  EXPECT_EQ(count(table, ">50 %</td>"), 2);
  EXPECT_EQ(count(table, ">200 %</td>"), 2);
  EXPECT_EQ(count(table, "var(--bad)"), 2);
}

TEST(Report, OrdersComponentsAsARunCompletesThem) {
  const FakeProject fake;
  const Port port = port_of(fake);
  const Json map = Json::parse(R"j({"references": {"torch": {
    "modules": {"name": "", "class": "fake.math.Counter", "children": []},
    "calls": [{"name": "fake.math.Counter.add"}, {"loop": [{"name": "(model)", "calls": [{"name": "fake.math.double"}]}, {"name": "other"}]}]}}})j");
  const auto order = [&](const Json& json) {
    return completion_order(port.inventory, json, "torch");
  };
  using Names = std::vector<std::string>;
  EXPECT_EQ(order(map), (Names{"fake.math.double", "fake.math.Counter"}))
      << "when the module itself is done";
  Json methods = map;
  methods["references"]["torch"]["modules"]["class"] = "other";
  EXPECT_EQ(order(methods), (Names{"fake.math.Counter", "fake.math.double"}));
  EXPECT_TRUE(order(Json::object()).empty());
  EXPECT_TRUE(completion_order(port.inventory, map, "mlx").empty());
}

TEST(Report, ShowsEveryLogOfRecords) {
  const FakeProject fake;
  EXPECT_TRUE(has(page(fake), "No rounds, readings or follow-ups"));
  fake.write(
      "port/fake/readings.jsonl",
      R"({"component": "fake.math.double", "reader": "r<1>", "right": true, "sha256": "00"})"
      "\n"
      R"({"component": "fake.math.Counter", "caught": ["a", "b"]})"
      "\nnot JSON\n");
  const std::string text = page(fake);
  EXPECT_TRUE(has(text, "<h3>readings.jsonl</h3>"));
  EXPECT_TRUE(has(text, "<td>r&lt;1&gt;</td>"));
  EXPECT_TRUE(has(text, "[&quot;a&quot;,&quot;b&quot;]"));
  EXPECT_FALSE(has(text, "<th data-sort>sha256</th>"));
  EXPECT_TRUE(has(text, "1 lines cannot be read"));
}

TEST(Report, ShowsWhatTheAuditFinds) {
  const FakeProject fake;
  EXPECT_TRUE(has(page(fake), "20 checks over 2 files: 0 open, 0 answered"));
  fake.write("src/noise.cpp", "void f() { mx::random::seed(1); }\n");
  const std::string text = page(fake);
  EXPECT_TRUE(has(text, "3 files: 1 open"));
  EXPECT_TRUE(has(text, "<code>src/noise.cpp:1</code>"));
}

TEST(Report, TellsWhatMustBeMended) {
  const FakeProject fake;
  fake.replace(
      "src/math.h",
      "\\port fake.math.double",
      "\\port fake.math.<gone>");
  const std::string text = page(fake);
  EXPECT_TRUE(has(text, "to be mended"));
  EXPECT_TRUE(has(text, "<ul id=\"wrong\">"));
  EXPECT_FALSE(has(text, "<gone>"));
}

} // namespace
} // namespace portproof
