// Completes actions from the reference.
"use strict";

for (const area of document.querySelectorAll("[data-complete=actions]")) {
  const label = Object.assign(document.createElement("label"), { className: "field wide" });
  const input = Object.assign(document.createElement("input"), { type: "text", autocomplete: "off", spellcheck: false, placeholder: "iam:" });
  const list = Object.assign(document.createElement("datalist"), { id: "known-actions" });
  const name = Object.assign(document.createElement("span"), { className: "label", textContent: "Add an action" });
  const hint = Object.assign(document.createElement("span"), { className: "hint", textContent: "choose one, or press Enter" });
  input.setAttribute("list", list.id);
  input.autocapitalize = "none";
  label.append(name, input, hint);
  area.closest("label").before(label, list);
  const add = () => {
    if (!input.value.includes(":") || input.value.endsWith(":")) return;
    const start = area.value.trim();
    area.value = `${start}${start ? "\n" : ""}${input.value.trim()}\n`;
    input.value = "";
    list.replaceChildren();
  };
  let number = 0, waiting;
  const complete = async () => {
    const own = ++number;
    const answer = await fetch(`/console/actions?q=${encodeURIComponent(input.value.trim())}`);
    if (!answer.ok || own !== number) return;
    const found = await answer.json();
    list.replaceChildren(...found.map((value) => Object.assign(document.createElement("option"), { value })));
  };
  input.addEventListener("input", (event) => {
    const chosen = [...list.children].some((option) => option.value === input.value);
    if (chosen && event.inputType !== "insertText") return add();
    clearTimeout(waiting);
    waiting = setTimeout(complete, 150);
  });
  input.addEventListener("keydown", (event) => {
    if (event.key !== "Enter") return;
    event.preventDefault();
    add();
  });
}
