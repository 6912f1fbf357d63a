// The first glance: whether something is wrong, what, since when, and what to do.

import { byId, element, quoted, replace } from "./dom.js";
import { duration, number, plural, timeElement } from "./format.js";

const SILENT_WINDOWS = 5;

/** Shows what is most urgent; `look(incident)` is called for the one that is named. */
export function showVerdict(knowledge, reports, look) {
  const running = knowledge.incidentsOf().filter(({ state }) => state === "open");
  const worst = running[0];
  const level = worst ? worst.level : trouble(knowledge) ? "trouble" : "fine";
  byId("verdict").className = `verdict level-${level}`;
  replace(byId("verdict-text"), worst ? incident(knowledge, worst, reports) : quiet(knowledge));
  // The button stays where it is: a click must not be lost because something was told meanwhile.
  byId("verdict-act").hidden = !worst;
  byId("verdict-open").onclick = () => look(worst);
  const others = running.length - 1;
  byId("verdict-others").textContent = others > 0 ? ` and ${plural(others, "other open incident")}` : "";
  document.title = worst ? `(${running.length}) ${worst.acl_name}: ${titleOf(worst)} – wafwatch` : "wafwatch";
}

/** An incident's cause in words, as a title. */
export function titleOf({ cause_title: title }) {
  const words = title ?? "not explained yet";
  return words.charAt(0).toUpperCase() + words.slice(1);
}

function incident(knowledge, worst, reports) {
  const now = knowledge.health?.mode === "watch" ? knowledge.health.now : worst.last;
  const step = reports.get(worst.id)?.firstStep;
  return [
    element(
      "p",
      { class: "headline" },
      element("span", { class: `badge level-${worst.level}` }, `${worst.level} ${worst.severity}`),
      " ",
      element("strong", {}, titleOf(worst)),
      " on ",
      quoted(worst.acl_name),
      element(
        "span",
        { class: "since" },
        " since ",
        timeElement(worst.opened),
        ", ",
        duration(now - worst.opened),
        " so far",
      ),
    ),
    worst.words[0] ? element("p", { class: "what" }, quoted(worst.words[0])) : null,
    step ? element("p", { class: "what" }, element("strong", {}, "First step: "), quoted(step)) : null,
  ];
}

function quiet(knowledge) {
  const wrong = trouble(knowledge);
  const acls = knowledge.acls.size;
  const through = knowledge.health?.store.closed_through;
  if (acls === 0) return element("p", { class: "headline" }, "Nothing to judge yet");
  const learning = [...knowledge.acls.values()].filter(({ stage }) => stage?.kind === "learning").length;
  return [
    element(
      "p",
      { class: "headline" },
      element("strong", {}, wrong ?? "Nothing unusual goes on"),
      element(
        "span",
        { class: "since" },
        ` in ${plural(acls, "Web ACL")}`,
        through ? [", judged through ", timeElement(through)] : null,
      ),
    ),
    learning > 0
      ? element(
          "p",
          { class: "what" },
          `${number(learning)} of them still learning what is usual: no findings there yet.`,
        )
      : null,
    wrong
      ? element(
          "p",
          { class: "what" },
          "Without records nothing is found. Check the source of the logs, and Health below.",
        )
      : null,
  ];
}

function trouble({ health, windowSize }) {
  if (health?.mode !== "watch" || health.close_lag_seconds === null) return null;
  const allowed = Math.max(SILENT_WINDOWS * windowSize, 300_000);
  const lag = health.close_lag_seconds * 1_000;
  return lag > allowed ? `No window has closed for ${duration(lag)}` : null;
}
