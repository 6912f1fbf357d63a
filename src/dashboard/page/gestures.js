// Mouse, finger and keyboard on the chart, told as what is wanted of the range.

import { moved, zoomed } from "./viewport.js";

const STEP = 0.25;
const NEARER = 0.5;
const CLICK_PIXELS = 4;

/** `chart` has `range()`, `show(range)`, `reset()`, `step(count)`, `choose(time)`, `timeAt(pixel)`, `edge(first)`. */
export function followGestures(surface, chart) {
  followMouse(surface, chart);
  followTouch(surface, chart);
}

/** Keys on the focused chart; the same as the buttons beside it. */
export function followKeys(host, chart) {
  const actions = {
    ArrowLeft: (event) => (event.shiftKey ? chart.show(moved(chart.range(), -STEP)) : chart.step(-1)),
    ArrowRight: (event) => (event.shiftKey ? chart.show(moved(chart.range(), STEP)) : chart.step(1)),
    PageUp: () => chart.show(moved(chart.range(), -1)),
    PageDown: () => chart.show(moved(chart.range(), 1)),
    Home: () => chart.edge(true),
    End: () => chart.edge(false),
    "+": () => chart.show(zoomed(chart.range(), NEARER)),
    "=": () => chart.show(zoomed(chart.range(), NEARER)),
    "-": () => chart.show(zoomed(chart.range(), 1 / NEARER)),
    0: () => chart.reset(),
    Enter: () => chart.chooseStepped(),
    Escape: () => chart.choose(null),
  };
  host.addEventListener("keydown", (event) => {
    const action =
      event.target === host && !event.ctrlKey && !event.metaKey && !event.altKey && actions[event.key];
    if (!action) return;
    event.preventDefault();
    action(event);
  });
}

function followMouse(surface, chart) {
  let pressed = null;
  const place = (event) => event.clientX - surface.getBoundingClientRect().left;
  surface.addEventListener(
    "wheel",
    (event) => {
      const isSideways = Math.abs(event.deltaX) > Math.abs(event.deltaY) || event.shiftKey;
      // A plain wheel scrolls the page: the chart must not be a trap on the way down.
      if (!isSideways && !event.ctrlKey && !event.metaKey) return;
      event.preventDefault();
      const range = chart.range();
      const turned = isSideways ? event.deltaX || event.deltaY : event.deltaY;
      if (isSideways) chart.show(moved(range, turned / surface.clientWidth));
      else chart.show(zoomed(range, Math.exp(turned / 300), chart.timeAt(place(event))));
    },
    { passive: false },
  );
  surface.addEventListener("pointerdown", (event) => {
    if (event.pointerType === "mouse" && event.button === 0)
      pressed = { x: event.clientX, range: chart.range(), isPan: event.shiftKey };
  });
  addEventListener("pointermove", (event) => {
    if (!pressed?.isPan) return;
    chart.show(moved(pressed.range, (pressed.x - event.clientX) / surface.clientWidth));
  });
  addEventListener("pointerup", (event) => {
    const start = pressed;
    pressed = null;
    if (
      !start ||
      start.isPan ||
      Math.abs(event.clientX - start.x) > CLICK_PIXELS ||
      !surface.contains(event.target)
    )
      return;
    chart.choose(chart.timeAt(place(event)));
  });
}

function followTouch(surface, chart) {
  const fingers = new Map();
  let begin = null;
  const restart = () => {
    begin =
      fingers.size === 0 ? null : { range: chart.range(), ...spread(), hasMoved: begin?.hasMoved ?? false };
  };
  const spread = () => {
    const places = [...fingers.values()].sort((left, right) => left - right);
    return { left: places[0], right: places.at(-1), isPinch: places.length > 1 };
  };
  surface.addEventListener("pointerdown", (event) => {
    if (event.pointerType === "mouse") return;
    if (fingers.size === 0) begin = null;
    fingers.set(event.pointerId, event.clientX);
    restart();
  });
  surface.addEventListener("pointermove", (event) => {
    if (!fingers.has(event.pointerId)) return;
    fingers.set(event.pointerId, event.clientX);
    const now = spread();
    const box = surface.getBoundingClientRect();
    const perPixel = (begin.range.to - begin.range.from) / box.width;
    if (Math.abs(now.left - begin.left) + Math.abs(now.right - begin.right) > CLICK_PIXELS)
      begin.hasMoved = true;
    if (!begin.hasMoved) return;
    if (!now.isPinch) {
      chart.show(moved(begin.range, (begin.left - now.left) / box.width));
      return;
    }
    // The times that were under the fingers stay under them.
    const [first, second] = [begin.left, begin.right].map(
      (x) => begin.range.from + (x - box.left) * perPixel,
    );
    const scale = (second - first) / Math.max(8, now.right - now.left);
    const from = first - (now.left - box.left) * scale;
    chart.show({ from, to: from + box.width * scale });
  });
  const lifted = (event) => {
    if (!fingers.delete(event.pointerId)) return;
    const isTap = event.type === "pointerup" && fingers.size === 0 && !begin.hasMoved;
    if (isTap) chart.choose(chart.timeAt(event.clientX - surface.getBoundingClientRect().left));
    restart();
  };
  surface.addEventListener("pointerup", lifted);
  surface.addEventListener("pointercancel", lifted);
}
