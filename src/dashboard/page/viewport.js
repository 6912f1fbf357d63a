// Which stretch of time is seen: plain arithmetic on `{ from, to }` in milliseconds.

const FEWEST_WINDOWS = 5;

/** `range` moved and cut so that it lies within `bounds` and shows a few windows at least. */
export function within(range, bounds, windowSize) {
  const whole = bounds.to - bounds.from;
  const least = Math.min(whole, FEWEST_WINDOWS * windowSize);
  const length = Math.min(whole, Math.max(least, range.to - range.from));
  const middle = (range.from + range.to) / 2;
  const wanted = range.to - range.from < length ? middle - length / 2 : range.from;
  const from = Math.min(Math.max(wanted, bounds.from), bounds.to - length);
  return { from, to: from + length };
}

/** `range` made longer (`factor` above 1) or shorter around `centre`, which stays where it is seen. */
export function zoomed(range, factor, centre = (range.from + range.to) / 2) {
  return { from: centre - (centre - range.from) * factor, to: centre + (range.to - centre) * factor };
}

/** `range` moved by a part of its length. */
export function moved(range, part) {
  const by = (range.to - range.from) * part;
  return { from: range.from + by, to: range.to + by };
}

/** Indices `[first, last]` of the windows that begin in `range`, of sorted `starts`; first > last where none does. */
export function indices(starts, range) {
  return [lowerBound(starts, range.from), lowerBound(starts, range.to) - 1];
}

/** The index of the window that holds `time`, or of the last one that begins before it; -1 before the first. */
export const indexAt = (starts, time) => lowerBound(starts, time + 1) - 1;

function lowerBound(starts, time) {
  let low = 0;
  let high = starts.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (starts[middle] < time) low = middle + 1;
    else high = middle;
  }
  return low;
}
