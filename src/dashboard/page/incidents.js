// The incidents of a Web ACL: one line each, and the chosen one in full below its line.

import { byId, element, quoted, replace } from "./dom.js";
import { duration, plural, timeElement } from "./format.js";
import { titleOf } from "./verdict.js";

const MOST_LISTED = 50;
const JUDGED = { relevant: "relevant", irrelevant: "irrelevant", expected: "expected" };

/** Shows the list; `open(incident)` is called for a line, and `detail` is the element of the chosen one. */
export function showIncidents(incidents, chosen, detail, open) {
  // The detail leaves its place for a moment, and the focus would be lost with it.
  const list = byId("incidents");
  const focused = list.contains(document.activeElement) ? document.activeElement.id : "";
  const listed = incidents.slice(0, MOST_LISTED);
  if (chosen && !listed.some(({ id }) => id === chosen))
    listed.push(...incidents.filter(({ id }) => id === chosen));
  const running = incidents.filter(({ state }) => state === "open").length;
  const cut = incidents.length > listed.length ? `, the first ${listed.length} are listed` : "";
  byId("incidents-about").textContent =
    incidents.length > 0 ? `${plural(incidents.length, "incident")}, ${running} open${cut}` : "";
  const isElsewhere = chosen !== null && !listed.some(({ id }) => id === chosen);
  replace(
    list,
    isElsewhere ? element("li", { class: "incident level-info" }, detail) : null,
    listed.map((incident) => entry(incident, incident.id === chosen, detail, open)),
    listed.length === 0
      ? element("li", { class: "muted none" }, "None so far. What leaves its expected range appears here.")
      : null,
  );
  if (focused) byId(focused)?.focus({ preventScroll: true });
}

function entry(incident, isChosen, detail, open) {
  const end = incident.resolved ?? incident.last;
  const state = incident.state === "open" ? "goes on" : "resolved";
  return element(
    "li",
    { class: `incident level-${incident.level}` },
    element(
      "button",
      {
        type: "button",
        class: "line",
        id: `incident-${incident.id}`,
        "aria-expanded": String(isChosen),
        "aria-controls": isChosen ? "incident-detail" : null,
        onclick: () => open(incident),
      },
      element("span", { class: `badge level-${incident.level}` }, `${incident.level} ${incident.severity}`),
      element("span", { class: "title" }, titleOf(incident)),
      element("span", { class: `state ${incident.state}` }, state),
      incident.judgement
        ? element("span", { class: "judged" }, JUDGED[incident.judgement] ?? incident.judgement)
        : null,
      element(
        "span",
        { class: "muted when" },
        timeElement(incident.opened),
        `, ${duration(end - incident.opened)}`,
      ),
      incident.words[0] ? element("span", { class: "muted words" }, quoted(incident.words[0])) : null,
    ),
    isChosen ? detail : null,
  );
}
