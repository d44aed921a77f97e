// What must move: the links of AWS's denials, confirmations, and checks of policies as they are written.
"use strict";

const denial = /^#\/authorization-details\/([A-Za-z0-9_-]+)$/.exec(location.hash);
if (denial) location.replace(`/console/authorization-details/${denial[1]}`);

for (const form of document.querySelectorAll("form:has(button.danger)")) {
  form.addEventListener("submit", (event) => {
    if (!confirm(`${form.querySelector("button").textContent}?`)) event.preventDefault();
  });
}

for (const area of document.querySelectorAll("[data-check=policy]")) {
  const findings = document.createElement("ul");
  findings.className = "findings";
  findings.setAttribute("aria-live", "polite");
  area.after(findings);
  let waiting;
  const check = async () => {
    const form = new URLSearchParams({ csrf: area.form.elements.csrf.value, policy: area.value });
    const answer = await fetch("/console/check-policy", { method: "POST", body: form });
    if (!answer.ok) return;
    const found = await answer.json();
    findings.replaceChildren(...found.map((text) => Object.assign(document.createElement("li"), { textContent: text })));
  };
  area.addEventListener("input", () => {
    clearTimeout(waiting);
    waiting = setTimeout(check, 250);
  });
}
