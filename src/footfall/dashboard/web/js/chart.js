// Events by type over time: stacked bars, a crosshair with values, and a brush that zooms.
import uPlot from "uplot";
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import { html } from "./html.js";
import { axisCount, bucket, count, plural, typeName } from "./format.js";
import { OTHER, plotData, plotSeries } from "./stack.js";
import { paint } from "./colors.js";

const HEIGHT = 320;
const GUTTER = 56;

export const lineName = (line) => (line.type === OTHER ? plural(line.types, "other type") : typeName(line.type));

function useTheme() {
  const [theme, setTheme] = useState(document.documentElement.dataset.theme);
  useEffect(() => {
    const changed = (event) => setTheme(event.detail);
    addEventListener("themechange", changed);
    return () => removeEventListener("themechange", changed);
  }, []);
  return theme;
}

function useWidth(element) {
  const [width, setWidth] = useState(0);
  useLayoutEffect(() => {
    const observer = new ResizeObserver(([entry]) => setWidth(Math.floor(entry.contentRect.width)));
    observer.observe(element.current);
    return () => observer.disconnect();
  }, []);
  return width;
}

function axes() {
  const common = {
    stroke: paint("var(--ink-3)"),
    font: "12px system-ui, sans-serif",
    ticks: { show: false },
    border: { show: false },
  };
  const grid = { stroke: paint("var(--grid)"), width: 1 };
  return [
    { ...common, grid: { show: false }, space: 72, gap: 8, size: 34, values: timeLabels() },
    { ...common, grid, size: GUTTER, gap: 8, space: 48, incrs: wholeSteps(), values: (_, ticks) => ticks.map(axisCount) },
  ];
}

const wholeSteps = () => Array.from({ length: 13 }, (_, power) => [1, 2, 5].map((n) => n * 10 ** power)).flat();

function timeLabels() {
  const hour = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
  const day = new Intl.DateTimeFormat(undefined, { month: "short", day: "numeric" });
  return (_, ticks) =>
    ticks.map((seconds) => {
      const at = new Date(seconds * 1000);
      return at.getHours() || at.getMinutes() ? hour.format(at) : day.format(at);
    });
}

export function Chart({ data, lines, until, label, onZoom }) {
  const box = useRef(null);
  const plot = useRef(null);
  const zoom = useRef(onZoom);
  const [hover, setHover] = useState(null);
  const theme = useTheme();
  const width = useWidth(box);
  const { buckets } = data;
  const end = Math.max(until, buckets.at(-1) + 1);
  const span = useRef(null);
  span.current = { buckets, end };
  zoom.current = onZoom;
  const shape = `${theme}|${width}|${buckets.length}|${lines.map((line) => line.type + line.color).join("|")}`;

  useLayoutEffect(() => {
    if (!width) return undefined;
    const barWidth = (width - GUTTER) / Math.max(1, buckets.length);
    const paths = uPlot.paths.bars({ size: [barWidth < 4 ? 1 : 0.84, 64], align: 1, radius: barWidth > 14 ? 0.12 : 0 });
    const made = new uPlot(
      {
        width,
        height: HEIGHT,
        padding: [12, 4, 0, 0],
        legend: { show: false },
        cursor: { y: false, points: { show: false }, drag: { x: true, y: false, setScale: false, dist: 6 } },
        select: { show: true },
        scales: {
          x: { time: true, range: () => [span.current.buckets[0] / 1000, span.current.end / 1000] },
          y: { range: (_, __, max) => [0, Math.max(1, max * 1.08)] },
        },
        axes: axes(),
        series: [{}, ...plotSeries(lines, barWidth, paths)],
        hooks: {
          setCursor: [(u) => setHover(at(u, span.current))],
          setSelect: [(u) => select(u, span.current, zoom.current)],
        },
      },
      plotData(lines, buckets),
      box.current,
    );
    plot.current = made;
    return () => {
      made.destroy();
      plot.current = null;
    };
  }, [shape]);

  useLayoutEffect(() => plot.current?.setData(plotData(lines, buckets)), [data, lines]);

  return html`<figure class="chart">
    <div class="plot" ref=${box} role="img" tabindex="0" aria-label=${label} aria-describedby="chart-keys"
      onKeyDown=${(event) => step(event, plot.current, hover, span.current, zoom.current)}
      onBlur=${() => setHover(null)}></div>
    <span id="chart-keys" class="unseen">Left and right arrow keys move through time, Enter zooms in.</span>
    ${hover && buckets[hover.index] !== undefined &&
    html`<i class="column" style=${{ left: `${GUTTER + hover.from}px`, width: `${hover.width}px` }}></i>
      <${Values} hover=${hover} lines=${lines} start=${buckets[hover.index]}
      end=${buckets[hover.index + 1] ?? end} width=${width} />`}
  </figure>`;
}

// The bucket under the cursor; bars begin where their bucket does.
function at(u, { buckets, end }) {
  const { left } = u.cursor;
  if (left === null || left === undefined || left < 0) return null;
  const seconds = u.posToVal(left, "x");
  let index = buckets.findIndex((start) => start / 1000 > seconds);
  index = index < 0 ? buckets.length - 1 : Math.max(0, index - 1);
  const from = u.valToPos(buckets[index] / 1000, "x");
  const to = u.valToPos((buckets[index + 1] ?? end) / 1000, "x");
  return { index, left, from, width: to - from };
}

function select(u, { buckets, end }, onZoom) {
  const { left, width } = u.select;
  if (width < 6) return;
  const from = u.posToVal(left, "x") * 1000;
  const to = u.posToVal(left + width, "x") * 1000;
  u.setSelect({ left: 0, width: 0, top: 0, height: 0 }, false);
  onZoom(buckets.findLast((start) => start <= from) ?? buckets[0], buckets.find((start) => start >= to) ?? end);
}

function step(event, u, hover, { buckets, end }, onZoom) {
  if (!u) return;
  if (event.key === "Enter" && hover) {
    onZoom(buckets[Math.max(0, hover.index - 3)], buckets[hover.index + 4] ?? end);
    return;
  }
  const move = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
  if (!move) return;
  event.preventDefault();
  const index = Math.min(buckets.length - 1, Math.max(0, (hover ? hover.index : buckets.length) + move));
  const middle = (buckets[index] + (buckets[index + 1] ?? end)) / 2000;
  u.setCursor({ left: u.valToPos(middle, "x"), top: 10 });
}

function Values({ hover, lines, start, end, width }) {
  const rows = lines.map((line) => ({ line, n: line.counts[hover.index] })).filter((row) => row.n);
  const total = rows.reduce((sum, row) => sum + row.n, 0);
  const isLeft = hover.left + GUTTER > width / 2;
  const place = isLeft ? { right: `${width - hover.left - GUTTER + 14}px` } : { left: `${hover.left + GUTTER + 14}px` };
  return html`<div class="values" style=${place} role="status">
    <div class="values-head"><span>${bucket(start, end)}</span><b>${count(total)}</b></div>
    ${rows.map(
      ({ line, n }) => html`<div class="values-row" key=${line.type}>
        <i class="swatch" style=${{ background: line.color }}></i><span>${lineName(line)}</span><b>${count(n)}</b>
      </div>`,
    )}
    ${!rows.length && html`<div class="values-row none">no events</div>`}
  </div>`;
}
