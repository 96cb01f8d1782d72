// A type keeps its colour for as long as the page is open, whatever is filtered or hidden.
const SLOTS = 8;
const PREFERRED = {
  INTERACT: 0, IMPRESSION: 1, START: 2, END: 3, LOG: 4, ERROR: 5, ASSESS: 6, RESPONSE: 7,
  SEARCH: 6, AUDIT: 7, FEEDBACK: 3, SHARE: 4, INTERRUPT: 5, HEARTBEAT: 2, METRICS: 6, SUMMARY: 0, EXDATA: 1,
};
const taken = new Map();

// Give colours to the types on the chart, the most frequent first. Only as many as there are colours keep one.
export function assign(types) {
  for (const type of taken.keys()) if (taken.size > SLOTS - 1 && !types.includes(type)) taken.delete(type);
  for (const type of types) {
    if (taken.has(type)) continue;
    const used = new Set([...types].map((other) => taken.get(other)));
    const order = [PREFERRED[type] ?? hash(type), ...Array(SLOTS).keys()];
    taken.set(type, order.find((slot) => !used.has(slot)) ?? order[0]);
  }
}

export function colorOf(type) {
  const slot = taken.get(type);
  return slot === undefined ? "var(--c-other)" : `var(--c${slot})`;
}

// The colour itself, for canvas.
export function paint(color) {
  const name = color.slice(4, -1);
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}

function hash(text) {
  let value = 0;
  for (const char of text) value = (value * 31 + char.codePointAt(0)) >>> 0;
  return value % SLOTS;
}
