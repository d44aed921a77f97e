// What must move on every page: the links of denials, and confirmations.
"use strict";

const denial = /^#\/authorization-details\/([A-Za-z0-9_-]+)$/.exec(location.hash);
if (denial) location.replace(`/console/authorization-details/${denial[1]}`);

for (const form of document.querySelectorAll("form:has(button.danger)")) {
  form.addEventListener("submit", (event) => {
    if (!confirm(`${form.querySelector("button").textContent}?`)) event.preventDefault();
  });
}

// The access map: who is pointed at, or has the focus, is shown with all paths from and to it.
for (const map of document.querySelectorAll("[data-map]")) {
  const ways = [...map.querySelectorAll("[data-from]")];
  const follow = (start, near, far) => {
    const known = new Set([start]);
    for (let size = 0; size !== known.size; ) {
      size = known.size;
      for (const { dataset } of ways) if (known.has(dataset[near])) known.add(dataset[far]);
    }
    return known;
  };
  const choose = (start) => {
    map.classList.toggle("chosen", start !== undefined);
    if (start === undefined) return;
    const [ahead, behind] = [follow(start, "from", "to"), follow(start, "to", "from")];
    for (const way of ways) way.classList.toggle("on", ahead.has(way.dataset.from) || behind.has(way.dataset.to));
    for (const node of map.querySelectorAll("[data-node]")) {
      node.classList.toggle("on", ahead.has(node.dataset.node) || behind.has(node.dataset.node));
    }
  };
  for (const node of map.querySelectorAll("[data-node]")) {
    for (const event of ["pointerenter", "focus"]) node.addEventListener(event, () => choose(node.dataset.node));
    for (const event of ["pointerleave", "blur"]) node.addEventListener(event, () => choose());
  }
}
