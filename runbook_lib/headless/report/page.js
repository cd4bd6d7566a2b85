"use strict";
// Without this script every table is whole and every link works; it makes long tables handy.
const FIRST = 50;
const SAID = document.documentElement.lang === "ko"
  ? {
    found: (matching, total, shown) => `${total}행 중 ${matching}행을 찾음, ${shown}행 표시`,
    shown: (shown, total) => `${total}행 중 ${shown}행 표시`,
    all: (matching) => `${matching}행 모두 보기`,
    filter: "찾기", right: "오른쪽에 더 있음", fold: "모두 접기", unfold: "모두 펼치기",
  }
  : {
    found: (matching, total, shown) => `${matching} of ${total} rows found, ${shown} shown`,
    shown: (shown, total) => `${shown} of ${total} rows shown`,
    all: (matching) => `Show all ${matching} rows`,
    filter: "Filter", right: "more to the right", fold: "Fold all", unfold: "Unfold all",
  };
const FEW = 8;
const order = new Intl.Collator(undefined, { numeric: true });

function element(tag, properties, ...children) {
  const made = Object.assign(document.createElement(tag), properties);
  made.append(...children);
  return made;
}

function enhance(table) {
  const body = table.tBodies[0];
  const heads = table.tHead ? [...table.tHead.rows[0].cells] : [];
  const original = [...table.tBodies].flatMap((part) => [...part.rows]);
  if (original.length < 2 || heads.length < 2 || heads[0].tagName !== "TH") return;
  body.append(...original);
  const texts = new Map();
  let rows = original;
  let all = false;

  const filter = element("input", { type: "search", autocomplete: "off" });
  const status = element("span", { role: "status" });
  const more = element("button", { type: "button", className: "more" });

  function text(row) {
    if (!texts.has(row)) texts.set(row, row.textContent.toLowerCase());
    return texts.get(row);
  }

  function show() {
    const words = filter.value.toLowerCase().split(/\s+/).filter(Boolean);
    let found = 0;
    for (const row of rows) {
      const wanted = words.every((word) => text(row).includes(word));
      found += wanted;
      row.classList.toggle("filtered", !wanted);
      row.classList.toggle("later", wanted && !all && found > FIRST);
    }
    const hidden = all ? 0 : Math.max(0, found - FIRST);
    const [shown, matching, total] = [found - hidden, found, rows.length].map((n) => n.toLocaleString("en"));
    status.textContent = words.length
      ? SAID.found(matching, total, shown)
      : SAID.shown(shown, total);
    more.hidden = !hidden;
    more.textContent = SAID.all(matching);
  }

  function sort(head, column) {
    const next = { ascending: "descending", descending: "" }[head.ariaSort] ?? "ascending";
    for (const one of heads) one.removeAttribute("aria-sort");
    rows = original;
    if (next) {
      head.setAttribute("aria-sort", next);
      const way = next === "ascending" ? 1 : -1;
      const keys = new Map(original.map((row) => [row, row.cells[column].textContent]));
      rows = [...original].sort((a, b) => way * order.compare(keys.get(a), keys.get(b)));
    }
    body.append(...rows);
    show();
  }

  heads.forEach((head, column) => {
    const button = element("button", { type: "button", title: "Sort" }, ...head.childNodes);
    button.addEventListener("click", () => sort(head, column));
    head.append(button);
  });
  if (original.length <= FEW) return;
  filter.addEventListener("input", show);
  more.addEventListener("click", () => {
    all = true;
    show();
  });
  const frame = table.closest(".scroll") ?? table;
  frame.before(element("div", { className: "tools" }, element("label", {}, SAID.filter, filter), status));
  frame.after(more);
  show();
}

function reachable(frame) {
  // Whoever uses the keyboard must be able to scroll what is wider than the page.
  const wider = frame.scrollWidth > frame.clientWidth;
  frame.toggleAttribute("tabindex", false);
  if (!wider) return;
  let before = frame;
  while (before && !/^H[1-6]$/.test(before.tagName)) before = before.previousElementSibling;
  frame.tabIndex = 0;
  frame.role = "group";
  const kind = frame.querySelector("img") ? "Picture" : "Table";
  frame.ariaLabel = `${kind}: ${before ? before.textContent : SAID.right}`;
}

document.querySelectorAll("table.runbook").forEach(enhance);
const frames = [...document.querySelectorAll(".scroll")];
const watch = () => frames.forEach(reachable);
watch();
addEventListener("resize", watch);

// A link to what is folded unfolds it; paper gets the parts that it should have.
function unfold(id) {
  const found = document.getElementById(id);
  for (let part = found; part; part = part.parentElement) if (part.tagName === "DETAILS") part.open = true;
  found?.scrollIntoView();
}
const arrive = () => unfold(decodeURIComponent(location.hash.slice(1)));
addEventListener("hashchange", arrive);
document.addEventListener("click", (event) => {
  const link = event.target.closest("a[href^='#']");
  if (link?.hash === location.hash && link.hash) arrive();
});
if (location.hash) arrive();

const parts = [...document.querySelectorAll("main section > details")];
const all = element("button", { type: "button", className: "more" });
const name = () => {
  all.textContent = parts.every((part) => part.open) ? SAID.fold : SAID.unfold;
};
all.addEventListener("click", () => {
  const open = !parts.every((part) => part.open);
  for (const part of parts) part.open = open;
});
for (const part of parts) part.addEventListener("toggle", name);
document.querySelector("#sections > p")?.after(all);
name();

let printed = [];
addEventListener("beforeprint", () => {
  printed = parts.filter((part) => part.className === "paper" && !part.open);
  for (const part of printed) part.open = true;
});
addEventListener("afterprint", () => {
  for (const part of printed) part.open = false;
});
