// A path for uPlot: one step for each window, exactly as wide as the window is long, and nothing
// where there is no window.

/** The path builder for windows of `sizes.current` milliseconds. */
export function steps(sizes) {
  return (plot, series, first, last) => {
    const [starts, values] = [plot.data[0], plot.data[series]];
    const stroke = new Path2D();
    const fill = new Path2D();
    const floor = plot.valToPos(0, "y", true);
    const x = (time) => plot.valToPos(time, "x", true);
    let open = null;
    let left = 0;
    const close = () => {
      if (open === null) return;
      fill.lineTo(open, floor);
      fill.lineTo(left, floor);
      fill.closePath();
      open = null;
    };
    for (let index = Math.max(0, first - 1); index <= last; index += 1) {
      const value = values[index];
      if (value === null || value === undefined) {
        close();
        continue;
      }
      const begin = x(starts[index]);
      const end = x(starts[index] + sizes.current);
      const y = plot.valToPos(value, "y", true);
      // Windows side by side make one outline; a missing one between them ends it.
      if (open !== null && begin - open > 1) close();
      if (open === null) {
        left = begin;
        fill.moveTo(begin, y);
        stroke.moveTo(begin, y);
      } else {
        fill.lineTo(begin, y);
        stroke.lineTo(begin, y);
      }
      fill.lineTo(end, y);
      stroke.lineTo(end, y);
      open = end;
    }
    close();
    return { stroke, fill, clip: null, band: null, gaps: null, flags: 1 };
  };
}
