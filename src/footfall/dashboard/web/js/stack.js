// From counts by type to what the chart draws: each series on top of the sum of those below it.
import { colorOf, paint } from "./colors.js";

export const OTHER = "~other";

// The lines of an answer, the most frequent type first; all types without a line of their own come last, as one.
export function allLines(data) {
  const lines = data.series.map((line) => ({ ...line, color: colorOf(line.type) }));
  return data.other ? [...lines, { ...data.other, type: OTHER, color: "var(--c-other)" }] : lines;
}

function stack(lines, length) {
  const sums = new Array(length).fill(0);
  return lines.map((line) => {
    line.counts.forEach((n, index) => (sums[index] += n));
    return sums.slice();
  });
}

// uPlot draws later series over earlier ones, so the highest sums come first.
export function plotData(lines, buckets) {
  return [buckets.map((ms) => ms / 1000), ...stack(lines, buckets.length).reverse()];
}

export function plotSeries(lines, barWidth, paths) {
  const edge = paint("var(--surface)");
  const edged = barWidth > 9 ? { stroke: edge, width: 1 } : { width: 0 };
  const shapes = lines.map((line) => ({ fill: paint(line.color), paths, points: { show: false }, ...edged }));
  return shapes.reverse();
}
