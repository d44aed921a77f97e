// What must move on every page: the links of denials, and confirmations.
"use strict";

const denial = /^#\/authorization-details\/([A-Za-z0-9_-]+)$/.exec(location.hash);
if (denial) location.replace(`/console/authorization-details/${denial[1]}`);

for (const form of document.querySelectorAll("form:has(button.danger)")) {
  form.addEventListener("submit", (event) => {
    if (!confirm(`${form.querySelector("button").textContent}?`)) event.preventDefault();
  });
}
