// Shows events as they come.
"use strict";

const MAX_ROWS = 500;
const outcomes = { "OK": ["allowed", "allows"], "DENIED": ["denied", "denies"], "WOULD-DENY": ["would be denied", "denies"], "REFUSED": ["refused", "silent"] };

for (const view of document.querySelectorAll("[data-live]")) {
  const [rows, state, button] = [view.querySelector("tbody"), view.querySelector(".state"), view.querySelector("button")];
  const seen = new Set();
  let waiting = [], paused = false;

  const cell = (...content) => {
    const out = document.createElement("td");
    out.append(...content);
    return out;
  };
  const link = (text, place) => Object.assign(document.createElement("a"), { textContent: text, href: place });

  const row = (event) => {
    const out = document.createElement("tr");
    const [word, className] = outcomes[event.outcome] ?? [event.outcome, "silent"];
    const pill = Object.assign(document.createElement("span"), { className: `pill ${className}`, textContent: word });
    const why = event.outcome === "REFUSED" && event.error ? ` ${event.error}` : "";
    const place = event.authorizationId
      ? `/console/authorization-details/${encodeURIComponent(event.authorizationId)}`
      : `/console/events?${new URLSearchParams({ by: "EventId", value: event.id, region: event.region })}`;
    out.append(cell(event.time), cell(pill, why), cell(link(event.action, place)), cell(event.caller), cell(event.address));
    return out;
  };

  const show = (events) => {
    rows.prepend(...events.map(row).reverse());
    while (rows.children.length > MAX_ROWS) rows.lastChild.remove();
  };
  const say = (text) => (state.textContent = text);

  button.hidden = false;
  button.addEventListener("click", () => {
    paused = !paused;
    button.textContent = paused ? "Go on" : "Pause";
    if (!paused) show(waiting.splice(0));
    say(paused ? "Paused." : "Following.");
  });

  const source = new EventSource(view.dataset.live);
  source.addEventListener("open", () => !paused && say("Following."));
  source.addEventListener("call", ({ data }) => {
    const event = JSON.parse(data);
    if (seen.has(event.id)) return;
    seen.add(event.id);
    if (seen.size > 10 * MAX_ROWS) seen.delete(seen.values().next().value);
    if (!paused) return show([event]);
    waiting.push(event);
    waiting = waiting.slice(-MAX_ROWS);
    button.textContent = `Go on (${waiting.length} new)`;
  });
  source.addEventListener("skipped", ({ data }) => say(`${JSON.parse(data).skipped} events were lost.`));
  for (const end of ["dismissed", "failed", "end"]) {
    source.addEventListener(end, () => {
      source.close();
      say(end === "failed" ? "The events cannot be read." : "You may no longer follow the events. Load the page again.");
    });
  }
  source.addEventListener("error", () => say(source.readyState === EventSource.CLOSED ? "The server ended the connection. Load the page again." : "The connection is lost; trying again."));
}
