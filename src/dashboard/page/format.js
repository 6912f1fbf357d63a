// Numbers, times and sizes for people. Times are UTC; the viewer's own time stands in the title.

import { element } from "./dom.js";

const WHOLE = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });
const ONE = new Intl.NumberFormat("en", { maximumFractionDigits: 1 });
const TWO = new Intl.NumberFormat("en", { maximumFractionDigits: 2 });
const COMPACT = new Intl.NumberFormat("en", { notation: "compact", maximumFractionDigits: 1 });
const LOCAL = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "long" });
const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** `12,345`; with decimals only below ten. */
export function number(value) {
  if (!Number.isFinite(value)) return "–";
  const size = Math.abs(value);
  if (size >= 9.95 || Number.isInteger(value)) return WHOLE.format(value);
  return (size >= 0.95 ? ONE : TWO).format(value);
}

/** `12.3K`, for axes and narrow places. */
export const compact = (value) => (Math.abs(value) < 1_000 ? number(value) : COMPACT.format(value));

/** A share of 0 to 1 as `12.3%`; small ones are not rounded to nothing. */
export function percent(share) {
  if (!Number.isFinite(share)) return "–";
  const value = share * 100;
  if (value > 0 && value < 0.01) return "<0.01%";
  return `${value >= 9.95 || Number.isInteger(value) ? WHOLE.format(value) : TWO.format(value)}%`;
}

/** `1 window`, `12 windows`. */
export const plural = (count, one, many = `${one}s`) => `${number(count)} ${count === 1 ? one : many}`;

const pad = (value) => String(value).padStart(2, "0");

/** `2026-01-05`. */
export function day(time) {
  const date = new Date(time);
  return `${date.getUTCFullYear()}-${pad(date.getUTCMonth() + 1)}-${pad(date.getUTCDate())}`;
}

/** `10:41`, with seconds where they say something. */
export function clock(time) {
  const date = new Date(time);
  const seconds = date.getUTCSeconds();
  const minutes = `${pad(date.getUTCHours())}:${pad(date.getUTCMinutes())}`;
  return seconds === 0 ? minutes : `${minutes}:${pad(seconds)}`;
}

/** `2026-01-05 10:41 UTC`. */
export const utc = (time) => `${day(time)} ${clock(time)} UTC`;

/** `2026-01-05 10:41 to 11:00 UTC`. */
export function span(from, to) {
  const end = day(from) === day(to) ? clock(to) : `${day(to)} ${clock(to)}`;
  return `${day(from)} ${clock(from)} to ${end} UTC`;
}

/** `23 min`, `2 h 5 min`, `3 d 4 h`. */
export function duration(milliseconds) {
  const time = Math.max(0, milliseconds);
  if (time < MINUTE) return `${Math.round(time / SECOND)} s`;
  if (time < HOUR) return `${Math.floor(time / MINUTE)} min`;
  if (time < DAY) return joined(time, HOUR, "h", MINUTE, "min");
  return joined(time, DAY, "d", HOUR, "h");
}

function joined(time, large, largeName, small, smallName) {
  const rest = Math.floor((time % large) / small);
  return `${Math.floor(time / large)} ${largeName}${rest ? ` ${rest} ${smallName}` : ""}`;
}

/** `1.5 MB`. */
export function bytes(count) {
  const units = ["B", "kB", "MB", "GB", "TB"];
  let size = count;
  let unit = 0;
  while (size >= 1_000 && unit < units.length - 1) {
    size /= 1_000;
    unit += 1;
  }
  return `${number(size)} ${units[unit]}`;
}

/** A time as an element: UTC to read, local time on hover. */
export function timeElement(time, text = utc(time)) {
  const date = new Date(time);
  return element(
    "time",
    { datetime: date.toISOString(), title: `${utc(time)}, here ${LOCAL.format(date)}` },
    text,
  );
}
