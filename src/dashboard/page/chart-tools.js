// Beside the chart: which layers it shows, and lengths of time to choose from.

import { byId, element, replace } from "./dom.js";
import { COUNTED, LAYERS } from "./layers.js";

const HOUR = 3_600_000;
const PRESETS = [
  ["1 h", HOUR],
  ["6 h", 6 * HOUR],
  ["24 h", 24 * HOUR],
  ["7 d", 168 * HOUR],
  ["All", Infinity],
];

/** Buttons that show and hide layers, and what the other marks mean. */
export function showLegend(chart) {
  const toggle = ({ key, name }) =>
    element(
      "button",
      {
        type: "button",
        class: `swatch ${key}`,
        "aria-pressed": "true",
        id: `layer-${key}`,
        onclick: (event) => event.currentTarget.setAttribute("aria-pressed", String(chart.toggle(key))),
      },
      name,
    );
  const sign = (key, text) => element("span", { class: `sign ${key}` }, text);
  replace(
    byId("legend"),
    [...LAYERS].reverse().map(toggle),
    toggle(COUNTED),
    sign("expected", "expected range"),
    sign("hatch", "incomplete"),
    sign("incidents-sign", "incident"),
  );
}

/** Lengths up to now; `choose(length)` is called with milliseconds. */
export function showPresets(choose) {
  replace(
    byId("presets"),
    PRESETS.map(([name, length]) =>
      element(
        "button",
        {
          type: "button",
          "aria-label": length === Infinity ? "All that is stored" : `The last ${name}`,
          onclick: () => choose(length),
        },
        name,
      ),
    ),
  );
}
