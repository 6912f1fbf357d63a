// The figures of the bucket under the cursor: beside it to see, in a live region to hear.

import { element, replace } from "./dom.js";
import { number, percent, plural, span, timeElement } from "./format.js";
import { COUNTED, LAYERS, amount } from "./layers.js";

export class Readout {
  #box = element("div", { class: "readout", hidden: true });
  #spoken;

  constructor(host, spoken) {
    host.append(this.#box);
    this.#spoken = spoken;
  }

  hide() {
    this.#box.hidden = true;
  }

  /** Shows bucket `index` beside its place in the plot. */
  show(plot, series, index, bucketSize, { isSpoken }) {
    if (index < 0 || index >= series.start.length) {
      this.hide();
      return;
    }
    const rows = figures(series, index);
    const from = series.start[index];
    replace(
      this.#box,
      element("p", {}, timeElement(from, span(from, from + bucketSize))),
      element(
        "dl",
        {},
        rows.map(({ key, name, value }) => [
          element("dt", { class: key && `swatch ${key}` }, name),
          element("dd", {}, value),
        ]),
      ),
      notes(series, index).map((note) => element("p", { class: "note" }, note)),
    );
    this.#box.hidden = false;
    this.#place(plot, from + bucketSize / 2);
    if (isSpoken) {
      const said = rows.map(({ name, value }) => `${name} ${value}`);
      this.#spoken.textContent = [span(from, from + bucketSize), ...said, ...notes(series, index)].join("; ");
    }
  }

  #place(plot, time) {
    const at = plot.valToPos(time, "x") + plot.over.offsetLeft;
    const width = this.#box.offsetWidth;
    const most = Math.max(0, this.#box.parentElement.clientWidth - width);
    const isRight = at + 14 + width <= this.#box.parentElement.clientWidth;
    this.#box.style.transform = `translate(${Math.min(most, Math.max(0, isRight ? at + 14 : at - 14 - width))}px, 28px)`;
  }
}

function figures(series, index) {
  const total = series.total[index];
  const layers = [...LAYERS].reverse().map((layer) => ({ ...layer, count: amount(layer, series, index) }));
  const shown = layers.filter(({ key, count }) => count > 0 || key === "blocked" || key === "allowed");
  const rows = [{ name: "Requests", value: number(total) }];
  for (const { key, name, count } of shown) {
    const share = total > 0 ? ` (${percent(count / total)})` : "";
    rows.push({ key, name, value: `${number(count)}${share}` });
  }
  if (series.counted[index] > 0)
    rows.push({ key: COUNTED.key, name: COUNTED.name, value: number(series.counted[index]) });
  const [lower, upper] = [series.lower[index], series.upper[index]];
  if (upper !== null)
    rows.push({
      key: "expected",
      name: "Expected",
      value: `${number(Math.round(lower))} to ${number(Math.round(upper))}`,
    });
  return rows;
}

function notes(series, index) {
  const notes = [];
  if (series.windows[index] > 1) notes.push(`${number(series.windows[index])} windows together`);
  if (series.findings[index])
    notes.push(
      series.windows[index] > 1
        ? `${plural(series.findings[index], "window")} out of the expected range`
        : "out of the expected range",
    );
  if (series.incomplete[index]) notes.push("incomplete: closed before all input had come");
  if (series.late[index]) notes.push(`${number(series.late[index])} came late`);
  if (series.upper[index] === null) notes.push("no expectation: still learning");
  return notes;
}
