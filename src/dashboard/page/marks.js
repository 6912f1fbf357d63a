// Drawn beside the layers: the expected band, incomplete windows, incidents, the chosen window.

import { colour } from "./theme.js";

const HATCH_STEP = 7;
/** So that a single window is seen as hatched in a day's worth of them. */
const NARROWEST_HATCH = 8;

/** Puts a path around the plot area, so that nothing is drawn over the axes. */
function inPlot(plot, draw) {
  const { ctx, bbox } = plot;
  ctx.save();
  ctx.beginPath();
  ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height);
  ctx.clip();
  draw(ctx, bbox);
  ctx.restore();
}

/** Background of incidents, below the layers. */
export function drawIncidents(plot, incidents, chosen) {
  inPlot(plot, (ctx, { top, height }) => {
    for (const incident of incidents) {
      const left = plot.valToPos(incident.opened, "x", true);
      const right = Math.max(left + 1, plot.valToPos(incident.resolved ?? incident.last, "x", true));
      ctx.globalAlpha = incident.id === chosen ? 0.2 : 0.1;
      ctx.fillStyle = colour(`level-${incident.level}`);
      ctx.fillRect(left, top, right - left, height);
    }
  });
}

/** The range that the detector expected of all requests. */
export function drawExpected(plot, series, bucketSize, [first, last]) {
  const ink = colour("expected");
  inPlot(plot, (ctx) => {
    ctx.strokeStyle = ink;
    ctx.lineWidth = 1.5 * uPlot.pxRatio;
    for (const end of ["upper", "lower"]) {
      ctx.setLineDash(end === "upper" ? [5, 3] : [2, 3]);
      ctx.beginPath();
      let isOpen = false;
      let before = 0;
      for (let index = Math.max(0, first); index <= last; index += 1) {
        const value = series[end][index];
        const begin = plot.valToPos(series.start[index], "x", true);
        if (value === null) {
          isOpen = false;
          continue;
        }
        const y = plot.valToPos(value, "y", true);
        if (isOpen && begin - before < 1) ctx.lineTo(begin, y);
        else ctx.moveTo(begin, y);
        before = plot.valToPos(series.start[index] + bucketSize, "x", true);
        ctx.lineTo(before, y);
        isOpen = true;
      }
      ctx.stroke();
    }
  });
}

/** Lines across windows that closed before every input had delivered: more may be missing there. */
export function drawIncomplete(plot, series, bucketSize, [first, last]) {
  inPlot(plot, (ctx, { top, height }) => {
    const step = HATCH_STEP * uPlot.pxRatio;
    ctx.strokeStyle = colour("hatch");
    ctx.lineWidth = Math.max(1, uPlot.pxRatio);
    for (let index = Math.max(0, first); index <= last; index += 1) {
      if (!series.incomplete[index]) continue;
      const left = plot.valToPos(series.start[index], "x", true);
      const width = plot.valToPos(series.start[index] + bucketSize, "x", true) - left;
      ctx.save();
      ctx.beginPath();
      ctx.rect(left, top, Math.max(NARROWEST_HATCH * uPlot.pxRatio, width), height);
      ctx.clip();
      ctx.beginPath();
      // Lines run on from one window to the next, because they are counted from the edge of the plot.
      const begin = Math.floor((left - height) / step) * step;
      for (let x = begin; x < left + Math.max(NARROWEST_HATCH * uPlot.pxRatio, width); x += step) {
        ctx.moveTo(x, top + height);
        ctx.lineTo(x + height, top);
      }
      ctx.stroke();
      ctx.restore();
    }
  });
}

/** A frame around the window whose figures are shown. */
export function drawChosen(plot, start, bucketSize) {
  if (start === null) return;
  inPlot(plot, (ctx, { top, height }) => {
    const left = plot.valToPos(start, "x", true);
    const width = Math.max(3, plot.valToPos(start + bucketSize, "x", true) - left);
    ctx.strokeStyle = colour("ink");
    ctx.lineWidth = 2 * uPlot.pxRatio;
    ctx.strokeRect(left, top, width, height);
  });
}
