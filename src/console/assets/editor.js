// Policies as they are written: line numbers, colours, checks, and what changes. Without it, the text is plain, and a
// button of the editor checks and compares.
"use strict";

const pieces = /("(?:[^"\\\n]|\\.)*"?)(\s*:)?|\b(?:true|false|null)\b|-?\d[\d.eE+-]*|[{}[\],:]/g;

/** The text in pieces, each an element with the class of its colour. */
function painted(text) {
  const out = document.createDocumentFragment();
  let end = 0;
  for (const found of text.matchAll(pieces)) {
    out.append(text.slice(end, found.index));
    const [whole, quoted, colon] = found;
    const kind = quoted ? (colon ? "key" : "string") : /^[{}[\],:]$/.test(whole) ? "mark" : "word";
    const piece = Object.assign(document.createElement("span"), { className: kind, textContent: quoted ?? whole });
    out.append(piece, colon ?? "");
    end = found.index + whole.length;
  }
  // A line that is empty at the end has a height, too.
  out.append(`${text.slice(end)}\n`);
  return out;
}

function element(name, className, text = "") {
  return Object.assign(document.createElement(name), { className, textContent: text });
}

/** Puts line numbers and colours behind a text field; what it returns marks lines. */
function colour(area) {
  const [frame, numbers, sheet, paint] = ["editor", "numbers", "sheet", "paint"].map((name) => element("span", name));
  for (const decoration of [numbers, paint]) decoration.setAttribute("aria-hidden", "true");
  area.before(frame);
  sheet.append(paint, area);
  frame.append(numbers, sheet);
  area.wrap = "off";
  let marked = new Map();
  const draw = () => {
    paint.replaceChildren(painted(area.value));
    const lines = area.value.split("\n").map((_, index) => element("span", marked.get(index + 1) ?? "", `${index + 1}\n`));
    numbers.replaceChildren(...lines);
    follow();
  };
  const follow = () => {
    paint.style.transform = `translate(${-area.scrollLeft}px, ${-area.scrollTop}px)`;
    for (const line of numbers.children) line.style.transform = `translateY(${-area.scrollTop}px)`;
  };
  area.addEventListener("input", draw);
  area.addEventListener("scroll", follow);
  area.form?.addEventListener("reset", () => setTimeout(draw));
  draw();
  return (findings) => {
    marked = new Map(findings.map((one) => [one.line, one.class]));
    draw();
  };
}

/** A finding: its place leads to it. */
function shown(area, one) {
  const item = element("li", one.class);
  const place = Object.assign(element("button", "place", `Line ${one.line}, column ${one.column}`), { type: "button" });
  place.addEventListener("click", () => {
    const start = area.value.split("\n").slice(0, one.line - 1).join("\n").length + (one.line > 1 ? 1 : 0) + one.column - 1;
    area.focus();
    area.setSelectionRange(start, start + 1);
  });
  item.append(place, " ", element("strong", "", one.severity), ` ${one.sentence}`);
  if (one.suggestion) item.append(". ", element("em", "", one.suggestion));
  item.append(" ", element("code", "", one.code));
  return item;
}

/** What changes, line by line. */
function compare(view, changes) {
  const kinds = { "+": "ins", "-": "del", " ": "span" };
  const lines = changes.map(({ sign, text }) => element(kinds[sign], "", `${sign} ${text}`));
  view.replaceChildren(...(lines.length ? lines : ["Nothing changes."]));
}

for (const area of document.querySelectorAll("[data-check=policy]")) {
  const form = area.form;
  let findings = form.querySelector(".findings");
  if (!findings || form.querySelectorAll("[data-check=policy]").length > 1) {
    findings = element("ul", "findings");
    findings.setAttribute("aria-live", "polite");
    area.closest("label").after(findings);
  }
  const mark = colour(area);
  const before = form.querySelector("textarea.before");
  const view = before ? document.querySelector("pre.diff") : null;
  let waiting, number = 0;
  const check = async () => {
    const own = ++number;
    const fields = { csrf: form.elements.csrf.value, policy: area.value, before: before?.value ?? "", kind: area.dataset.kind ?? "" };
    const answer = await fetch("/console/check-policy", { method: "POST", body: new URLSearchParams(fields) });
    if (!answer.ok || own !== number) return;
    const found = await answer.json();
    findings.replaceChildren(...found.findings.map((one) => shown(area, one)));
    mark(found.findings);
    if (view) compare(view, found.changes);
  };
  area.addEventListener("input", () => {
    clearTimeout(waiting);
    waiting = setTimeout(check, 250);
  });
  if (!before) continue;
  const tidy = Object.assign(element("button", "second", "Format"), { type: "button" });
  tidy.addEventListener("click", () => {
    try {
      area.value = JSON.stringify(JSON.parse(area.value), null, 2);
    } catch {
      // The checks say what is wrong with it.
    }
    area.dispatchEvent(new Event("input"));
  });
  form.querySelector("p.links").append(tidy);
  check();
}
