// What a bucket of windows is made of, and how it is stacked: blocked at the bottom, where its height can
// be read off the axis, and allowed on top. Counted requests are in another layer too, so they are a line.

import { COLUMNS } from "./knowledge.js";
import { indexAt } from "./viewport.js";

/** Layers from the top of the stack down, the order in which they are painted. */
export const LAYERS = [
  { key: "allowed", name: "Allowed", columns: ["allowed"] },
  { key: "other", name: "Other action", columns: ["other"] },
  { key: "challenged", name: "Challenged", columns: ["captcha", "challenge"] },
  { key: "blocked", name: "Blocked", columns: ["blocked"] },
];
export const COUNTED = { key: "counted", name: "Counted", columns: ["counted"] };

/** Requests of `layer` in bucket `index`. */
export function amount(layer, series, index) {
  return layer.columns.reduce((sum, column) => sum + series[column][index], 0);
}

/** Columns for the chart: starts, the heights of the layers that are shown, and counted requests. */
export function stacked(series, isShown) {
  const heights = LAYERS.map(() => new Array(series.start.length).fill(0));
  for (let index = 0; index < series.start.length; index += 1) {
    let height = 0;
    for (let layer = LAYERS.length - 1; layer >= 0; layer -= 1) {
      if (isShown(LAYERS[layer].key)) height += amount(LAYERS[layer], series, index);
      heights[layer][index] = height;
    }
  }
  const counted = isShown(COUNTED.key) ? [...series.counted] : series.counted.map(() => null);
  return [series.start, ...heights, counted];
}

/** The sum of every column over the buckets `first` to `last`. */
export function summed(series, first, last) {
  const sum = Object.fromEntries(COLUMNS.map((column) => [column, 0]));
  for (let index = Math.max(0, first); index <= last; index += 1) {
    for (const column of COLUMNS) sum[column] += series[column][index] ?? 0;
  }
  return sum;
}

/** The bucket that holds `time`, or -1. */
export function bucketAt(series, time, bucketSize) {
  const index = indexAt(series.start, time);
  return index >= 0 && time < series.start[index] + bucketSize ? index : -1;
}

/** Without any window. */
export const noSeries = (acl) => ({ acl, ...Object.fromEntries(COLUMNS.map((column) => [column, []])) });
