// What people say of an incident, and how it is taken back.

import { byId, element, replace } from "./dom.js";
import { plural, timeElement } from "./format.js";
import { ServerError, server } from "./server.js";

const SAYINGS = [
  ["relevant", "Relevant", "It was worth a message: the next one like it opens one level earlier"],
  ["irrelevant", "Irrelevant", "It was not: what is like it is muted"],
  ["expected", "Expected", "It is the new normal: it is learnt, and what is like it is muted"],
];

/** The element for incident `id`, about which `mark` was said so far; `changed(mark)` is called after each change. */
export function feedbackOf(id, mark, changed) {
  const box = element("div", { class: "feedback", role: "group", "aria-label": "What do you say of it?" });
  show(box, id, mark, "", changed);
  return box;
}

function show(box, id, mark, trouble, changed) {
  const act = async (call) => {
    try {
      const answer = await call();
      const mark = answer.judgement ? answer : null;
      changed(mark);
      show(box, id, mark, "", changed);
    } catch (error) {
      if (!(error instanceof ServerError)) throw error;
      show(box, id, mark, `Not saved: ${error.message}`, changed);
    }
  };
  const focused = document.activeElement?.id;
  replace(
    box,
    element("span", { class: "question" }, "Was this"),
    SAYINGS.map(([judgement, name, title]) =>
      element(
        "button",
        {
          type: "button",
          title,
          id: `say-${judgement}`,
          "aria-pressed": String(mark?.judgement === judgement),
          onclick: () => act(() => server.say(id, judgement)),
        },
        name,
      ),
    ),
    mark
      ? element(
          "button",
          { type: "button", id: "take-back", class: "quiet", onclick: () => act(() => server.takeBack(id)) },
          "Undo",
        )
      : null,
    element("p", { role: "status", class: trouble ? "error" : "muted" }, trouble || (mark ? said(mark) : "")),
  );
  // "Undo" goes with its mark; the focus goes to the first answer then.
  if (focused === "take-back" && !mark) byId("say-relevant")?.focus();
}

function said(mark) {
  const muted = mark.muted_windows > 0 ? `; so far in ${plural(mark.muted_windows, "window")}` : "";
  return [`Saved: ${mark.effect}${muted}. `, element("span", {}, "Said ", timeElement(mark.made))];
}
