// The figures of the chosen window or the range that is seen.

import { byId, element, replace } from "./dom.js";
import { number, percent, plural } from "./format.js";
import { bucketAt, summed } from "./layers.js";
import { indices } from "./viewport.js";

/** Shows the sums of what is looked at, and what one window of it held. */
export function showFigures(series, bucketSize, range, window) {
  const chosen = window === null ? -1 : bucketAt(series, window, bucketSize);
  const [first, last] = chosen >= 0 ? [chosen, chosen] : indices(series.start, range);
  const sum = summed(series, first, last);
  const share = (count) => (sum.total > 0 ? `${percent(count / sum.total)} of all` : "");
  const challenged = sum.captcha + sum.challenge;
  const perWindow = sum.windows > 1 ? `${number(sum.total / sum.windows)} per window` : "";
  const expected =
    chosen >= 0 && series.expected[chosen] !== null
      ? `expected ${number(Math.round(series.lower[chosen]))} to ${number(Math.round(series.upper[chosen]))}`
      : perWindow;
  replace(
    byId("figures"),
    figure("Requests", number(sum.total), expected),
    figure("Blocked", number(sum.blocked), share(sum.blocked), "blocked"),
    figure("Allowed", number(sum.allowed), share(sum.allowed), "allowed"),
    figure("Challenged", number(challenged), share(challenged), "challenged"),
    figure("Counted", number(sum.counted), "in another figure too", "counted"),
    figure("Windows", number(sum.windows), windowsNote(sum)),
  );
}

function windowsNote(sum) {
  if (sum.incomplete > 0) return `${number(sum.incomplete)} incomplete`;
  return sum.findings > 0 ? `${plural(sum.findings, "window")} unusual` : "none unusual";
}

function figure(name, value, note, key) {
  return element(
    "div",
    {},
    element("dt", { class: key ? `swatch ${key}` : null }, name),
    element("dd", { class: "big" }, value),
    element("dd", { class: "muted" }, note || "\u00a0"),
  );
}
