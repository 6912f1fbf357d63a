// The chart of one Web ACL over time: uPlot draws layers and axes, marks.js what lies beside them,
// gestures.js says what is wanted.

import { byId, drawing, element, replace } from "./dom.js";
import { clock, compact, day, span } from "./format.js";
import { followGestures, followKeys } from "./gestures.js";
import { COUNTED, LAYERS, noSeries, stacked } from "./layers.js";
import { drawChosen, drawExpected, drawIncidents, drawIncomplete } from "./marks.js";
import { Readout } from "./readout.js";
import { steps } from "./steps.js";
import { colour } from "./theme.js";
import { indexAt, indices, within } from "./viewport.js";

const HEIGHTS = { wide: 300, narrow: 240 };
const NARROW = 640;
const MOST_MARKS = 60;
const HEADROOM = 1.08;
/** How far above the highest bar the expected range may pull the axis. */
const MOST_EXPECTED = 1.6;

export class Chart {
  #host;
  #told;
  #plot = null;
  #series = noSeries(null);
  #bucketSize = { current: 60_000 };
  #incidents = [];
  #chosen = { window: null, incident: null };
  #bounds = { from: 0, to: 60_000 };
  #range = { from: 0, to: 60_000 };
  #hidden = new Set();
  #stepped = -1;
  #readout;

  /** `told.range(range)`, `told.reset()`, `told.window(start)`, `told.incident(id)`. */
  constructor(host, told) {
    this.#host = host;
    this.#told = told;
    this.#readout = new Readout(host, byId("chart-spoken"));
    followKeys(host, this);
    host.addEventListener("blur", () => this.#readout.hide());
    new ResizeObserver(() => this.#resize()).observe(host);
  }

  /**
   * Shows `series` in buckets of `bucketSize` with its incidents, within `bounds` of time. Series grow in
   * place: `isStale` says that this one may have done so.
   */
  setData(series, bucketSize, bounds, incidents, isStale) {
    const isSame = this.#plot && series === this.#series && !isStale;
    this.#series = series;
    this.#bucketSize.current = bucketSize;
    this.#bounds = bounds;
    this.#incidents = incidents;
    this.#range = within(this.#range, bounds, bucketSize);
    if (!this.#plot) this.#make();
    if (!isSame) this.#plot.setData(this.#columns(), false);
  }

  setRange(range) {
    this.#range = within(range, this.#bounds, this.#bucketSize.current);
    this.#apply();
  }

  setChosen(chosen) {
    this.#chosen = chosen;
    this.#plot?.redraw(false);
  }

  /** Shows or hides a layer. */
  toggle(key) {
    if (!this.#hidden.delete(key)) this.#hidden.add(key);
    this.#plot?.setData(this.#columns(), false);
    this.#apply();
    return !this.#hidden.has(key);
  }

  /** Draws again in the colours of the theme. */
  restyle() {
    if (!this.#plot) return;
    this.#plot.destroy();
    this.#plot = null;
    this.#make();
    this.#apply();
  }

  range = () => this.#range;
  timeAt = (pixel) => this.#plot.posToVal(pixel, "x");
  reset = () => this.#told.reset();

  /** Says that `range` is wanted; it is shown when it comes back with `setRange`, once a frame. */
  show(range) {
    this.#range = within(range, this.#bounds, this.#bucketSize.current);
    this.#told.range(this.#range);
  }

  /** Chooses the window at `time`, or none. */
  choose(time) {
    const index = time === null ? -1 : indexAt(this.#series.start, time);
    const start = index < 0 ? null : this.#series.start[index];
    const isIn = start !== null && time < start + this.#bucketSize.current;
    this.#told.window(isIn && start !== this.#chosen.window ? start : null);
  }

  chooseStepped() {
    const start = this.#series.start[this.#stepped];
    if (start !== undefined) this.#told.window(start === this.#chosen.window ? null : start);
  }

  /** Goes by `count` windows with the keyboard, and reads the window out. */
  step(count) {
    const [first, last] = indices(this.#series.start, this.#range);
    if (last < first) return;
    const isSeen = this.#stepped >= first && this.#stepped <= last;
    const wanted = isSeen ? this.#stepped + count : last;
    this.#go(Math.min(Math.max(wanted, 0), this.#series.start.length - 1));
  }

  edge(isFirst) {
    const [first, last] = indices(this.#series.start, this.#range);
    if (last >= first) this.#go(isFirst ? first : last);
  }

  #go(index) {
    this.#stepped = index;
    const middle = this.#series.start[index] + this.#bucketSize.current / 2;
    if (middle < this.#range.from || middle > this.#range.to) {
      const by = middle < this.#range.from ? middle - this.#range.from : middle - this.#range.to;
      this.show({ from: this.#range.from + by * 1.2, to: this.#range.to + by * 1.2 });
      this.#apply();
    }
    this.#readout.show(this.#plot, this.#series, index, this.#bucketSize.current, { isSpoken: true });
  }

  #columns() {
    return stacked(this.#series, (key) => !this.#hidden.has(key));
  }

  #apply() {
    if (!this.#plot) return;
    this.#plot.setScale("x", { min: this.#range.from, max: this.#range.to });
    this.#host.setAttribute("aria-label", `Requests over time, ${span(this.#range.from, this.#range.to)}`);
  }

  #resize() {
    if (this.#plot && this.#host.clientWidth > 0) this.#plot.setSize(this.#size());
  }

  #size() {
    const width = Math.max(240, this.#host.clientWidth);
    return { width, height: width < NARROW ? HEIGHTS.narrow : HEIGHTS.wide };
  }

  #visible(plot) {
    const [first, last] = indices(this.#series.start, { from: plot.scales.x.min, to: plot.scales.x.max });
    return [first - 1, last];
  }

  /** The expected range speaks of all requests, so it is shown where all are. */
  #isExpectedShown() {
    return LAYERS.every((layer) => !this.#hidden.has(layer.key));
  }

  #highest(plot, most) {
    if (!this.#isExpectedShown()) return Math.max(1, most) * HEADROOM;
    const [first, last] = this.#visible(plot);
    let expected = 0;
    for (let index = Math.max(0, first); index <= last; index += 1) {
      expected = Math.max(expected, this.#series.upper[index] ?? 0);
    }
    return Math.max(1, most, Math.min(expected, most * MOST_EXPECTED)) * HEADROOM;
  }

  #make() {
    const paths = steps(this.#bucketSize);
    const layer = ({ key, name }) => ({
      label: name,
      fill: colour(key),
      stroke: colour(key),
      width: 0,
      paths,
      points: { show: false },
    });
    const line = {
      label: COUNTED.name,
      stroke: colour("counted"),
      width: 1.5,
      paths,
      points: { show: false },
    };
    const axis = {
      stroke: colour("muted"),
      font: "12px system-ui, sans-serif",
      ticks: { show: false },
      grid: { stroke: colour("grid"), width: 1 },
    };
    const chart = this;
    const options = {
      ...this.#size(),
      ms: 1,
      tzDate: (time) => uPlot.tzDate(new Date(time), "Etc/UTC"),
      padding: [24, 22, 0, 0],
      legend: { show: false },
      scales: { x: { time: true }, y: { range: (plot, _, most) => [0, chart.#highest(plot, most ?? 0)] } },
      axes: [
        {
          ...axis,
          size: 42,
          space: 70,
          values: (_, times) => times.map((time, index) => axisTime(time, times[index - 1])),
        },
        {
          ...axis,
          size: 52,
          values: (_, values) => values.map((value) => (Number.isInteger(value) ? compact(value) : "")),
        },
      ],
      series: [{}, ...LAYERS.map(layer), line],
      cursor: {
        y: false,
        points: { show: false },
        drag: { x: true, y: false, setScale: false, dist: 5 },
        bind: {
          dblclick: () => () => chart.reset(),
          mousedown: (_, __, handle) => (event) =>
            event.button === 0 && !event.shiftKey ? handle(event) : null,
        },
      },
      hooks: {
        ready: [(plot) => followGestures(plot.over, chart)],
        drawAxes: [(plot) => drawIncidents(plot, this.#incidents, this.#chosen.incident)],
        draw: [(plot) => this.#drawMarks(plot)],
        setSelect: [(plot) => this.#select(plot)],
        setCursor: [(plot) => this.#hover(plot)],
      },
    };
    this.#plot = new uPlot(options, this.#columns(), this.#host);
    this.#plot.over.append(element("div", { class: "marks" }));
  }

  #drawMarks(plot) {
    const size = this.#bucketSize.current;
    const visible = this.#visible(plot);
    drawIncomplete(plot, this.#series, size, visible);
    if (this.#isExpectedShown()) drawExpected(plot, this.#series, size, visible);
    drawChosen(plot, this.#chosen.window, size);
    this.#placeMarks(plot);
  }

  // Buttons for the mouse; with the keyboard the same incidents are reached in their list.
  #placeMarks(plot) {
    const { min, max } = plot.scales.x;
    const seen = this.#incidents.filter(
      ({ opened, resolved, last }) => opened < max && (resolved ?? last) > min,
    );
    const marks = seen.slice(0, MOST_MARKS).map((incident) => {
      const left = Math.max(0, plot.valToPos(incident.opened, "x"));
      const right = Math.min(plot.over.clientWidth, plot.valToPos(incident.resolved ?? incident.last, "x"));
      const title = `${incident.level}: ${incident.cause_title ?? "incident"}, from ${clock(incident.opened)} UTC`;
      const mark = element(
        "button",
        {
          type: "button",
          class: `mark level-${incident.level}`,
          tabindex: "-1",
          title,
          "aria-label": title,
          onclick: () => this.#told.incident(incident.id),
        },
        drawing(
          "svg",
          { viewBox: "0 0 10 10", "aria-hidden": "true" },
          drawing("path", { d: "M5 1 9.5 9h-9z" }),
        ),
      );
      mark.style.left = `${left}px`;
      mark.style.width = `${Math.max(18, right - left)}px`;
      return mark;
    });
    replace(plot.over.querySelector(".marks") ?? element("div"), marks);
  }

  #select(plot) {
    const { left, width } = plot.select;
    if (width < 5) return;
    const range = { from: plot.posToVal(left, "x"), to: plot.posToVal(left + width, "x") };
    plot.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
    this.show(range);
  }

  #hover(plot) {
    const { left } = plot.cursor;
    if (left === null || left < 0) {
      this.#readout.hide();
      return;
    }
    const index = indexAt(this.#series.start, plot.posToVal(left, "x"));
    this.#readout.show(plot, this.#series, index, this.#bucketSize.current, { isSpoken: false });
  }
}

function axisTime(time, before) {
  const isNewDay = before === undefined || day(time) !== day(before);
  return isNewDay ? `${clock(time)}\n${day(time)}` : clock(time);
}
