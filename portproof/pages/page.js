"use strict";
(() => {
  const root = document.documentElement;
  const all = (selector, from = document) => [...from.querySelectorAll(selector)];

  // Colours: the system's, until the button says otherwise.
  const kept = { get: () => { try { return localStorage.getItem("portproof-theme"); } catch { return null; } },
    set: (value) => { try { localStorage.setItem("portproof-theme", value); } catch { /* a file without storage */ } } };
  const isDark = () => (root.dataset.theme || (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light")) === "dark";
  if (kept.get()) root.dataset.theme = kept.get();
  const theme = document.getElementById("theme");
  const name = () => { if (theme) theme.textContent = isDark() ? "Light" : "Dark"; };
  name();
  theme?.addEventListener("click", () => {
    root.dataset.theme = isDark() ? "light" : "dark";
    kept.set(root.dataset.theme);
    name();
  });

  // Search and filters: every word must be in the row.
  for (const box of all("[data-search]")) {
    const table = document.getElementById(box.dataset.search);
    const count = document.querySelector(`[data-count="${box.dataset.search}"]`);
    const buttons = all(`[data-filter-of="${box.dataset.search}"]`);
    const rows = all("tbody tr", table);
    const show = () => {
      const words = box.value.toLowerCase().split(/\s+/).filter(Boolean);
      const state = buttons.find((b) => b.getAttribute("aria-pressed") === "true")?.dataset.filter || "";
      let shown = 0;
      for (const row of rows) {
        const text = row.textContent.toLowerCase();
        row.hidden = !(words.every((w) => text.includes(w)) && (!state || row.dataset.state === state));
        shown += row.hidden ? 0 : 1;
      }
      if (count) count.textContent = `${shown} of ${rows.length}`;
    };
    box.addEventListener("input", show);
    for (const button of buttons) {
      button.addEventListener("click", () => {
        const on = button.getAttribute("aria-pressed") === "true";
        buttons.forEach((b) => b.setAttribute("aria-pressed", "false"));
        button.setAttribute("aria-pressed", String(!on));
        show();
      });
    }
    show();
  }

  // Sorting by a click, or Enter, on a heading.
  for (const head of all("th[data-sort]")) {
    head.tabIndex = 0;
    const sort = () => {
      const table = head.closest("table");
      const body = table.tBodies[0];
      const column = [...head.parentNode.children].indexOf(head);
      const down = head.getAttribute("aria-sort") === "ascending";
      all("th", table).forEach((th) => th.removeAttribute("aria-sort"));
      head.setAttribute("aria-sort", down ? "descending" : "ascending");
      const value = (row) => {
        const cell = row.children[column];
        const text = cell?.dataset.value ?? cell?.textContent.trim() ?? "";
        const number = Number(text);
        return text !== "" && !Number.isNaN(number) ? number : text.toLowerCase();
      };
      const rows = [...body.rows].sort((a, b) => {
        const [x, y] = [value(a), value(b)];
        if (typeof x !== typeof y) return typeof x === "number" ? -1 : 1;
        return x < y ? -1 : x > y ? 1 : 0;
      });
      body.append(...(down ? rows.reverse() : rows));
    };
    head.addEventListener("click", sort);
    head.addEventListener("keydown", (e) => { if (e.key === "Enter" || e.key === " ") { e.preventDefault(); sort(); } });
  }

  // A link to something folded away opens it.
  const reveal = () => {
    const target = location.hash ? document.getElementById(decodeURIComponent(location.hash.slice(1))) : null;
    for (let e = target; e; e = e.parentElement) if (e.tagName === "DETAILS") e.open = true;
    target?.scrollIntoView();
  };
  addEventListener("hashchange", reveal);
  reveal();
  for (const button of all("[data-open]")) {
    button.addEventListener("click", () => {
      const parts = all("details", document.getElementById(button.dataset.open));
      const open = parts.some((d) => !d.open);
      parts.forEach((d) => { d.open = open; });
      button.textContent = open ? "Close all" : "Open all";
    });
  }

  // Keys: / searches, j and k go from row to row, Enter follows, t changes colours.
  addEventListener("keydown", (e) => {
    if (e.ctrlKey || e.metaKey || e.altKey) return;
    const typing = /^(INPUT|TEXTAREA|SELECT)$/.test(document.activeElement?.tagName || "");
    if (e.key === "Escape" && typing) { document.activeElement.value = ""; document.activeElement.dispatchEvent(new Event("input")); document.activeElement.blur(); return; }
    if (typing) return;
    const rows = all("tr[tabindex]").filter((r) => !r.hidden && r.offsetParent !== null);
    const at = rows.indexOf(document.activeElement);
    if (e.key === "/") { e.preventDefault(); document.querySelector("[data-search]")?.focus(); }
    else if (e.key === "t") theme?.click();
    else if (e.key === "j" && rows.length) { rows[Math.min(at + 1, rows.length - 1)].focus(); }
    else if (e.key === "k" && rows.length) { rows[Math.max(at - 1, 0)].focus(); }
    else if (e.key === "Enter" && at >= 0) { rows[at].querySelector("a[href^='#']")?.click(); }
  });
})();
