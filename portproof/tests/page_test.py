# SPDX-License-Identifier: MIT
"""Looks at the pages that portproof writes of this project's own port.

    page_test.py PORTPROOF PROJECT BUILD [--browser]

Without a browser the HTML is parsed: rows, links, figures, nothing from
elsewhere. With `--browser` headless Chromium opens the page without a network,
runs its script, and works the search, the filters, the sorting, the keys and
the colours; the pictures that it takes are kept in /tmp/test.
"""

import functools
import html.parser
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

MODEL = "whisper"
VOID = {"meta", "link", "input", "br", "hr", "img", "path", "circle", "line", "rect"}
KEPT = pathlib.Path("/tmp/test")


class Page(html.parser.HTMLParser):
    """What tests ask of a page."""

    def __init__(self, text):
        super().__init__()
        self.open, self.ids, self.targets, self.rows, self.wrong = [], [], [], {}, []
        self.outside = []
        self.tables = []
        self.feed(text)
        if self.open:
            self.wrong.append(f"left open: {self.open}")

    def handle_starttag(self, tag, attrs):
        attrs = dict(attrs)
        if "id" in attrs:
            self.ids.append(attrs["id"])
        target = attrs.get("href", "")
        if target.startswith("#"):
            self.targets.append(target[1:])
        loads = tag in ("script", "img", "iframe", "link") and (attrs.get("src") or target)
        if loads and not loads.startswith("data:"):
            self.outside.append(loads)
        if tag == "table":
            self.tables.append(attrs.get("id", ""))
        if tag == "tr" and "tbody" in self.open and self.tables:
            self.rows[self.tables[-1]] = self.rows.get(self.tables[-1], 0) + 1
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        if tag not in VOID:
            self.wrong.append(f"<{tag}/>")
        self.handle_starttag(tag, attrs)

    def handle_endtag(self, tag):
        if not self.open or self.open[-1] != tag:
            self.wrong.append(f"</{tag}> closes {self.open[-1:]} at {self.getpos()}")
        else:
            self.open.pop()


@functools.cache
def written(kind):
    out = pathlib.Path(SCRATCH.name) / f"{kind}.html"
    where = ["--out", str(out), "--build", BUILD] if kind == "report" else ["--html", str(out)]
    subprocess.run(
        [PORTPROOF, "--root", PROJECT, kind, MODEL, *where], check=True, capture_output=True
    )
    return out


def components():
    path = pathlib.Path(PROJECT) / "port" / MODEL / "inventory.json"
    return [c["name"] for c in json.loads(path.read_text())["components"]]


class Html(unittest.TestCase):
    def test_pages_are_whole_and_need_nothing_else(self):
        for kind in ("report", "map"):
            page = Page(written(kind).read_text(encoding="utf-8"))
            self.assertEqual(page.wrong[:3], [], kind)
            self.assertEqual(page.outside, [], kind)

    def test_ids_are_one_each_and_links_lead_somewhere(self):
        for kind in ("report", "map"):
            page = Page(written(kind).read_text(encoding="utf-8"))
            self.assertEqual(len(page.ids), len(set(page.ids)), kind)
            self.assertEqual(sorted(set(page.targets) - set(page.ids)), [], kind)

    def test_the_table_has_every_component(self):
        text = written("report").read_text(encoding="utf-8")
        page = Page(text)
        names = components()
        self.assertEqual(page.rows["components"], len(names))
        for name in names:
            self.assertIn(f'id="c-{name}"', text)
        self.assertGreater(page.rows["heat"], 20)
        self.assertGreater(page.rows["waiver-table"], 5)
        self.assertGreater(page.rows["deviation-table"], 5)
        self.assertGreater(page.rows["audit-table"], 5)
        self.assertIn('id="error-plot"', text)


# Puts what it finds into the page, where --dump-dom shows it.
DRIVER = """
<script>
const seen = {};
addEventListener("error", (e) => { seen.error = String(e.message); });
addEventListener("load", () => {
  const shown = () => [...document.querySelectorAll("#components tbody tr")].filter((r) => !r.hidden).length;
  const press = (key) => document.activeElement.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true }));
  const box = document.querySelector("[data-search]");
  seen.rows = shown();
  press("/");
  seen.focus = document.activeElement === box;
  box.value = "beam function"; box.dispatchEvent(new Event("input"));
  seen.nothing = shown();
  box.value = "BeamSearch"; box.dispatchEvent(new Event("input"));
  seen.found = shown();
  seen.count = document.querySelector("[data-count]").textContent;
  press("Escape");
  seen.again = shown();
  const waived = document.querySelector('[data-filter="waived"]');
  waived.click(); seen.waived = shown(); waived.click();
  const head = document.querySelectorAll("#components th[data-sort]")[5];
  const column = () => [...document.querySelectorAll("#components tbody tr")].map((r) => Number(r.children[5].dataset.value));
  const sorted = (list, sign) => list.every((v, i) => i === 0 || sign * (v - list[i - 1]) >= 0);
  head.click(); seen.up = sorted(column(), 1);
  head.dispatchEvent(new KeyboardEvent("keydown", { key: "Enter", bubbles: true })); seen.down = sorted(column(), -1);
  press("j"); press("j"); press("k");
  const rows = [...document.querySelectorAll("#components tbody tr")];
  seen.row = rows.indexOf(document.activeElement);
  const link = document.activeElement.querySelector("a").getAttribute("href");
  press("Enter");
  setTimeout(() => {
    const target = document.getElementById(link.slice(1));
    seen.opened = target.open === true && location.hash === link;
    const paper = () => getComputedStyle(document.body).backgroundColor;
    const before = paper(); press("t"); const after = paper();
    seen.colours = before !== after;
    const sized = (e) => { const r = e?.getBoundingClientRect(); return Boolean(r && r.width > 40 && r.height > 40); };
    seen.visible = ["#components", "#error-plot", "#heat", "#drift", "#evidence-table"].filter((s) => !sized(document.querySelector(s)));
    // What sticks out, but for what scrolls by itself.
    const scrolls = (e) => { for (; e; e = e.parentElement) if (/auto|scroll|hidden/.test(getComputedStyle(e).overflowX) && e !== document.documentElement) return true; return false; };
    const sticks = (e) => e.getBoundingClientRect().right > document.documentElement.clientWidth + 1 && !scrolls(e.parentElement);
    seen.wider = document.documentElement.scrollWidth > document.documentElement.clientWidth + 1
      ? [...document.querySelectorAll("body *")].filter(sticks).slice(0, 5).map((e) => e.tagName + "#" + e.id + "." + String(e.className.baseVal ?? e.className)) : [];
    document.body.setAttribute("data-seen", JSON.stringify(seen));
  }, 50);
});
</script>
"""


class Browser(unittest.TestCase):
    def chromium(self, url, *options, size="1360,2600"):
        with tempfile.TemporaryDirectory() as profile:
            return subprocess.run(
                [BROWSER, "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
                 "--host-resolver-rules=MAP * ~NOTFOUND", f"--user-data-dir={profile}",
                 "--enable-logging=stderr", "--v=0", f"--window-size={size}",
                 "--virtual-time-budget=20000", *options, url],
                capture_output=True, text=True, timeout=240, check=True,
                env={**os.environ, "HOME": profile},
            )

    def picture(self, source, name):
        KEPT.mkdir(parents=True, exist_ok=True)
        path = KEPT / name
        path.unlink(missing_ok=True)
        done = self.chromium(source.as_uri(), f"--screenshot={path}")
        self.assertNotIn("CONSOLE", done.stderr, "the page's script complains")
        size = path.read_bytes()[16:24]  # a PNG's width and height
        self.assertEqual(
            (int.from_bytes(size[:4], "big"), int.from_bytes(size[4:], "big")), (1360, 2600)
        )
        self.assertGreater(path.stat().st_size, 40_000, "the picture is nearly empty")

    def test_it_is_drawn_without_complaint(self):
        self.picture(written("report"), "portproof-report.png")
        self.picture(written("map"), "portproof-map.png")

    def driven(self, size):
        """What the driver's script saw in a window of a size."""
        text = written("report").read_text(encoding="utf-8")
        page = pathlib.Path(SCRATCH.name) / "driven.html"
        page.write_text(text.replace("</body>", DRIVER + "</body>"), encoding="utf-8")
        dom = self.chromium(page.as_uri(), "--dump-dom", size=size).stdout
        found = re.search(r'data-seen="([^"]*)"', dom)
        self.assertIsNotNone(found, "the script did not come to its end")
        return json.loads(html.unescape(found[1]))

    def test_it_fits_a_narrow_window(self):
        seen = self.driven("500,1200")
        self.assertEqual(seen["wider"], [], "what makes the page scroll sideways")

    def test_everything_on_it_works(self):
        seen = self.driven("1360,2600")
        names = components()
        beams = [n for n in names if "beamsearch" in n.lower()]
        self.assertNotIn("error", seen)
        self.assertEqual(seen["rows"], len(names))
        self.assertTrue(seen["focus"], "/ goes to the search")
        self.assertEqual(seen["nothing"], 0, "every word must be in the row")
        self.assertGreaterEqual(seen["found"], len(beams))
        self.assertLess(seen["found"], len(names))
        self.assertEqual(seen["count"], f"{seen['found']} of {len(names)}")
        self.assertEqual(seen["again"], len(names), "Escape shows all again")
        self.assertTrue(0 < seen["waived"] < len(names))
        self.assertTrue(seen["up"] and seen["down"], "sorting by a number")
        self.assertEqual(seen["row"], 0, "j, j, k ends on the first row")
        self.assertTrue(seen["opened"], "Enter opens the source")
        self.assertTrue(seen["colours"], "t changes the colours")
        self.assertEqual(seen["visible"], [], "parts that cannot be seen")
        self.assertEqual(seen["wider"], [], "what makes the page scroll sideways")


if __name__ == "__main__":
    PORTPROOF, PROJECT, BUILD = sys.argv[1:4]
    BROWSER = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    wanted = Html
    if "--browser" in sys.argv:
        wanted = Browser
        if BROWSER is None:
            print("no browser here: install chromium")
            sys.exit(0)
    with tempfile.TemporaryDirectory() as folder:
        SCRATCH = type("Scratch", (), {"name": folder})
        suite = unittest.defaultTestLoader.loadTestsFromTestCase(wanted)
        sys.exit(not unittest.TextTestRunner().run(suite).wasSuccessful())
