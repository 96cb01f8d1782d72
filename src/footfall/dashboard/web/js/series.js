// The card with the chart: legend, length of the bars, zoom.
import { useMemo } from "preact/hooks";
import { html } from "./html.js";
import { assign } from "./colors.js";
import { Chart, lineName } from "./chart.js";
import { change, count, plural, range, zone, zoneName } from "./format.js";
import { query, usePoll } from "./server.js";
import { go, isShown, STEPS } from "./state.js";
import { allLines, OTHER } from "./stack.js";

const STEP_NAMES = { auto: "Auto", hour: "Hour", "3h": "3 hours", "6h": "6 hours", "12h": "12 hours", day: "Day", week: "Week" };
const EACH = { hour: "per hour", "3h": "per 3 hours", "6h": "per 6 hours", "12h": "per 12 hours", day: "per day", week: "per week" };
const FATE_NAMES = { all: "received", stored: "stored", duplicate: "duplicate", rejected: "rejected", filtered: "filtered" };

// A bar should be wide enough to point at.
function fitting(step, since, until) {
  if (step !== "auto") return step;
  const most = Math.max(24, Math.min(360, (Math.min(innerWidth, 1400) - 120) / 3.5));
  const hours = (until - since) / 3_600_000;
  const lengths = { hour: 1, "3h": 3, "6h": 6, "12h": 12, day: 24 };
  return Object.keys(lengths).find((name) => hours / lengths[name] <= most) ?? "week";
}

export function SeriesCard({ state, since, until, types, newest }) {
  const step = fitting(state.step, since, until);
  const fate = state.fate === "all" ? "" : state.fate;
  const { data, problem, stale } = usePoll(
    `/api/series${query({ since, until, step, fate, channel: state.channel, zone })}`, 3,
  );
  const lines = useMemo(() => {
    if (!data) return [];
    assign(data.series.map((line) => line.type));
    return allLines(data);
  }, [data]);
  const shown = useMemo(() => lines.filter((line) => isShown(state, line.type)), [lines, state.only, state.hide]);
  const title = `Events by type ${EACH[data?.step ?? step]}`;
  const zoomed = state.since !== null;
  return html`<section class="card series" aria-labelledby="series-title" aria-busy=${!data || stale}>
    <header class="card-head">
      <h2 id="series-title">${title}</h2>
      <span class="note">${range(since, until)} · ${zoneName(data?.step === "hour" ? zone : (data?.zone ?? zone), until)}</span>
      <span class="spring"></span>
      ${zoomed && html`<button class="plain" onClick=${() => go({ since: null, until: null })}>Reset zoom</button>`}
      <label class="select"><span class="unseen">Length of a bar</span>
        <select value=${state.step} onChange=${(event) => go({ step: event.target.value })}>
          ${STEPS.map((name) => html`<option value=${name} key=${name}>${STEP_NAMES[name]}</option>`)}
        </select>
      </label>
    </header>
    ${problem && html`<p class="problem" role="alert">${problem}</p>`}
    <div class="series-body ${stale ? "stale" : ""}">
      <div class="series-plot">
        ${data && html`<${Chart} data=${data} lines=${shown} until=${data.until}
          label=${`${title}: ${count(data.total)} ${FATE_NAMES[state.fate]}. ${lines.map((line) => `${lineName(line)} ${count(line.total)}`).join(", ")}`}
          onZoom=${(from, to) => go({ since: from, until: to })} />`}
        ${data && !data.total && html`<${Nothing} state=${state} newest=${newest} />`}
      </div>
      <${Legend} state=${state} lines=${lines} types=${types} />
    </div>
  </section>`;
}

function Nothing({ state, newest }) {
  const jump = () => go({ since: Math.floor(newest / 3_600_000 - 24) * 3_600_000, until: Math.ceil(newest / 3_600_000) * 3_600_000 });
  return html`<div class="nothing">
    <p>No ${state.fate === "all" ? "" : FATE_NAMES[state.fate]} events in this range.</p>
    ${newest && html`<button class="soft" onClick=${jump}>Go to the newest event</button>`}
  </div>`;
}

function Legend({ state, lines, types }) {
  const wasAnything = (types ?? []).some((type) => type.before > 0);
  const changes = new Map((types ?? []).map((type) => [type.type, change(type, wasAnything)]));
  const all = lines.map((line) => line.type);
  const solo = (type) => go({ only: state.only.length === 1 && state.only[0] === type ? [] : [type], hide: [] });
  const toggle = (type) => {
    const hidden = state.only.length ? all.filter((name) => !state.only.includes(name)) : state.hide;
    const hide = hidden.includes(type) ? hidden.filter((name) => name !== type) : [...hidden, type];
    go({ hide: hide.length < all.length ? hide : [], only: [] });
  };
  return html`<div class="legend-box">
    <ul class="legend" aria-label="Event types">
      ${lines.map((line) => {
        const on = isShown(state, line.type);
        const difference = line.type === OTHER ? null : changes.get(line.type);
        return html`<li key=${line.type} class=${on ? "" : "off"}>
          <button class="tick" role="checkbox" aria-checked=${on} aria-label=${`Show ${lineName(line)}`}
            title=${on ? "Hide" : "Show"} onClick=${() => toggle(line.type)}>
            <i class="swatch" style=${{ background: on ? line.color : "transparent", borderColor: line.color }}></i>
          </button>
          <button class="name" title=${`Show only ${lineName(line)}`} aria-pressed=${state.only.includes(line.type)}
            onClick=${() => solo(line.type)}>${lineName(line)}</button>
          <span class="n">${count(line.total)}</span>
          <span class="delta ${tone(difference)}">${difference ? difference.text : ""}</span>
        </li>`;
      })}
    </ul>
    ${(state.only.length > 0 || state.hide.length > 0) &&
    html`<button class="plain" onClick=${() => go({ only: [], hide: [] })}>Show all ${plural(lines.length, "type")}</button>`}
  </div>`;
}

const tone = (difference) => (!difference || !difference.direction ? "flat" : difference.direction > 0 ? "up" : "down");
