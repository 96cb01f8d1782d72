// What the page shows lives in the address: reload, share, back and forward all work.
import { useEffect, useState } from "preact/hooks";
import { DAY, HOUR } from "./format.js";

export const PRESETS = [
  { id: "24h", label: "24 h", name: "Last 24 hours", length: DAY },
  { id: "7d", label: "7 d", name: "Last 7 days", length: 7 * DAY },
  { id: "14d", label: "14 d", name: "Last 14 days", length: 14 * DAY },
  { id: "30d", label: "30 d", name: "Last 30 days", length: 30 * DAY },
];
export const FATES = ["stored", "duplicate", "rejected", "filtered"];
export const STEPS = ["auto", "hour", "3h", "6h", "12h", "day", "week"];
export const VIEWS = ["", "flows", "catalogue"];
export const KINDS = ["", "event", "type", "step"];
const SINGLE = {
  view: "", range: "7d", channel: "", fate: "stored", step: "auto", feed: "", type: "", reason: "", q: "", event: "",
  plan: "", outcome: "", kind: "", find: "", entry: "",
};
const CHOICES = {
  view: VIEWS, range: PRESETS.map((preset) => preset.id), fate: ["all", ...FATES], step: STEPS, feed: ["", ...FATES], kind: KINDS,
};

function parse(search) {
  const query = new URLSearchParams(search);
  const state = { hide: query.getAll("hide"), only: query.getAll("only") };
  for (const [name, standard] of Object.entries(SINGLE)) {
    const value = query.get(name) ?? standard;
    state[name] = CHOICES[name] && !CHOICES[name].includes(value) ? standard : value.slice(0, 200);
  }
  const since = Date.parse(query.get("since"));
  const until = Date.parse(query.get("until"));
  const fits = since >= 0 && until > since && until - since <= 800 * DAY;
  return { ...state, since: fits ? since : null, until: fits ? until : null };
}

function write(state) {
  const query = new URLSearchParams();
  for (const [name, standard] of Object.entries(SINGLE)) if (state[name] !== standard) query.set(name, state[name]);
  const stamp = (ms) => new Date(ms).toISOString().replace(/:00\.000Z$/, "Z");
  if (state.since !== null) {
    query.set("since", stamp(state.since));
    query.set("until", stamp(state.until));
  }
  for (const type of state.only) query.append("only", type);
  for (const type of state.hide) query.append("hide", type);
  const text = query.toString().replaceAll("%3A", ":");
  return text ? `?${text}` : location.pathname;
}

let current = parse(location.search);
const listeners = new Set();
const tell = () => listeners.forEach((listener) => listener(current));
addEventListener("popstate", () => {
  current = parse(location.search);
  tell();
});

// Change a part of the state; `replace` for changes that are not worth a step back.
export function go(change, { replace = false } = {}) {
  const before = write(current);
  current = { ...current, ...change };
  const after = write(current);
  if (after !== before) history[replace ? "replaceState" : "pushState"](null, "", after);
  tell();
}

// The address of a changed state, for links.
export const address = (change) => write({ ...current, ...change });

export function useAddress() {
  const [state, setState] = useState(current);
  useEffect(() => {
    listeners.add(setState);
    setState(current);
    return () => listeners.delete(setState);
  }, []);
  return state;
}

// The range in epoch ms, on whole hours; a preset ends with the hour under way.
export function bounds(state, now) {
  if (state.since !== null) return { since: state.since, until: state.until, fixed: true };
  const until = Math.ceil(now / HOUR) * HOUR;
  const { length } = PRESETS.find((preset) => preset.id === state.range);
  return { since: until - length, until, fixed: false };
}

export function isShown(state, type) {
  return state.only.length ? state.only.includes(type) : !state.hide.includes(type);
}
