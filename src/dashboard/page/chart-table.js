// The chart as a table, for whoever reads rather than looks.

import { byId, element, replace } from "./dom.js";
import { number, timeElement } from "./format.js";
import { indices } from "./viewport.js";

const MOST_ROWS = 200;
const HEADS = ["Begins", "Requests", "Blocked", "Allowed", "Challenged", "Counted", "Expected", "Notes"];

/** Shows the windows of the range, newest first; at most 200, which it says. */
export function showTable(series, range) {
  const [first, last] = indices(series.start, range);
  const rows = [];
  for (let index = last; index >= Math.max(0, first) && rows.length < MOST_ROWS; index -= 1)
    rows.push(row(series, index));
  const count = Math.max(0, last - first + 1);
  const about =
    count > rows.length
      ? `The newest ${number(rows.length)} of ${number(count)} rows: zoom in for others.`
      : `${number(count)} rows, newest first.`;
  replace(
    byId("chart-table"),
    element(
      "table",
      {},
      element("caption", {}, about),
      element(
        "thead",
        {},
        element(
          "tr",
          {},
          HEADS.map((head) => element("th", { scope: "col" }, head)),
        ),
      ),
      element("tbody", {}, rows),
    ),
  );
}

function row(series, index) {
  const notes = [
    series.findings[index] ? "unusual" : "",
    series.incomplete[index] ? "incomplete" : "",
    series.late[index] ? `${number(series.late[index])} late` : "",
  ];
  const upper = series.upper[index];
  const cells = [
    number(series.total[index]),
    number(series.blocked[index]),
    number(series.allowed[index]),
    number(series.captcha[index] + series.challenge[index]),
    number(series.counted[index]),
    upper === null ? "–" : `${number(Math.round(series.lower[index]))} to ${number(Math.round(upper))}`,
    notes.filter(Boolean).join(", "),
  ];
  return element(
    "tr",
    {},
    element("th", { scope: "row" }, timeElement(series.start[index])),
    cells.map((cell) => element("td", {}, cell)),
  );
}
