// What became of everything that was received, against the period before. A tile picks what the chart shows.
import { html } from "./html.js";
import { change, count, range, share as percentage, short } from "./format.js";
import { go } from "./state.js";

const TILES = [
  { fate: "stored", label: "Stored", good: 1, about: "judged, on disk, in the lake once" },
  { fate: "duplicate", label: "Duplicates", good: 0, about: "resends that were recognised" },
  { fate: "rejected", label: "Rejected", good: -1, about: "kept aside, with the reason" },
  { fate: "filtered", label: "Filtered", good: 0, about: "left out by policy" },
];
const NONE = { now: 0, settled: 0, before: 0 };

export function Totals({ state, data }) {
  const received = data?.received ?? NONE;
  const tiles = TILES.filter((tile) => tile.fate !== "filtered" || data?.fates.filtered || state.fate === "filtered");
  const before = data && range(data.since_before, data.since);
  return html`<section class="totals" aria-label="Totals">
    <${Tile} chosen=${state.fate === "all"} fate="all" label="Received" value=${received} known=${data}
      about="everything that was sent here" good=${1} before=${before} past=${received.before} />
    ${tiles.map(
      (tile) => html`<${Tile} key=${tile.fate} ...${tile} chosen=${state.fate === tile.fate} known=${data}
        value=${data?.fates[tile.fate] ?? NONE} share=${received.now} before=${before} past=${received.before} />`,
    )}
  </section>`;
}

function Tile({ fate, label, value, known, about, good, share, chosen, before, past }) {
  const difference = known && change(value, past > 0);
  const meaning = difference ? ["worse", "", "better"][1 + Math.sign(difference.direction * good)] : "";
  const part = share ? value.now / share : 0;
  return html`<button class="tile ${fate}" aria-pressed=${chosen} onClick=${() => go({ fate })}
    title=${known ? `${count(value.now)}: ${about}. Previous period: ${before}` : about}>
    <span class="tile-label">${label}</span>
    <span class="tile-value">${known ? short(value.now) : "–"}</span>
    <span class="tile-foot">
      ${difference && html`<span class="delta ${meaning}">${arrow(difference)} ${difference.text}</span>`}
      ${share !== undefined && known && html`<span>${percentage(part)} of received</span>`}
      ${share === undefined && known && html`<span>${past ? `vs ${count(value.before)} before` : "nothing before to compare with"}</span>`}
    </span>
  </button>`;
}

const arrow = ({ direction }) => (direction > 0 ? "↑" : direction < 0 ? "↓" : "=");
