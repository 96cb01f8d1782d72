// Numbers and times as people read them, in their own language and time zone.
const whole = new Intl.NumberFormat();
const compact = new Intl.NumberFormat(undefined, { notation: "compact", maximumFractionDigits: 1 });
const percent = new Intl.NumberFormat(undefined, { style: "percent", maximumFractionDigits: 1, signDisplay: "exceptZero" });
const clock = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" });
const dayClock = new Intl.DateTimeFormat(undefined, {
  month: "short", day: "numeric", hour: "2-digit", minute: "2-digit", hourCycle: "h23",
});
const fullClock = new Intl.DateTimeFormat(undefined, {
  year: "numeric", month: "short", day: "numeric", hour: "2-digit", minute: "2-digit", second: "2-digit",
  fractionalSecondDigits: 3, hourCycle: "h23", timeZoneName: "short",
});
const weekday = new Intl.DateTimeFormat(undefined, { weekday: "short", month: "short", day: "numeric" });
const hourOnly = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit", hourCycle: "h23" });

export const HOUR = 3_600_000;
export const DAY = 24 * HOUR;
export const zone = Intl.DateTimeFormat().resolvedOptions().timeZone || "UTC";

export const count = (n) => whole.format(n);
export const short = (n) => (Math.abs(n) < 100_000 ? whole.format(n) : compact.format(n));
export const axisCount = (n) => (n % 1 ? "" : compact.format(n));

// The zone with its distance from UTC, as in "Asia/Kolkata, UTC+05:30".
export function zoneName(name, at) {
  const offset = zoneOffset(at);
  return name === offset ? name : `${name.replaceAll("_", " ")}, ${offset}`;
}

function zoneOffset(at = Date.now()) {
  const minutes = -new Date(at).getTimezoneOffset();
  const pad = (n) => String(Math.floor(n)).padStart(2, "0");
  return minutes ? `UTC${minutes < 0 ? "−" : "+"}${pad(Math.abs(minutes) / 60)}:${pad(Math.abs(minutes) % 60)}` : "UTC";
}

// How a count differs from that of the period before; null where nothing can be said.
export function change({ settled, before }, wasAnything = true) {
  if (!before) return settled && wasAnything ? { text: "new", direction: 1 } : null;
  const ratio = settled / before - 1;
  const text = ratio >= 10 ? `×${compact.format(ratio + 1)}` : percent.format(ratio);
  return { text, direction: Math.abs(ratio) < 0.0005 ? 0 : Math.sign(ratio) };
}

export const time = (ms) => clock.format(ms);
export const moment = (ms) => dayClock.format(ms);
export const exact = (ms) => fullClock.format(ms);

const isToday = (ms) => new Date(ms).toDateString() === new Date().toDateString();
export const when = (ms) => (isToday(ms) ? clock.format(ms) : dayClock.format(ms));

// How long ago, in one unit.
export function ago(ms, now = Date.now()) {
  const seconds = Math.max(0, Math.round((now - ms) / 1000));
  if (seconds < 2) return "just now";
  if (seconds < 60) return `${seconds} s ago`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ago`;
  if (seconds < 86_400) return `${Math.floor(seconds / 3600)} h ago`;
  return `${Math.floor(seconds / 86_400)} d ago`;
}

// A bucket's label: from–to within a day, or the day itself.
export function bucket(start, end) {
  if (end - start > 25 * HOUR) return `${weekday.format(start)} – ${weekday.format(end - HOUR)}`;
  if (end - start > 12 * HOUR) return weekday.format(start);
  return `${weekday.format(start)}, ${hourOnly.format(start)}–${hourOnly.format(end)}`;
}

export function range(since, until) {
  return `${dayClock.format(since)} – ${dayClock.format(until)}`;
}

// A part of a whole.
export function share(part) {
  if (part > 0 && part < 0.0005) return "< 0.1 %";
  return `${(part * 100).toFixed(part === 1 || part === 0 ? 0 : 1)} %`;
}

// How long something took.
export function lasting(ms) {
  if (ms === null || ms === undefined) return "–";
  if (ms < 1000) return `${Math.round(ms)} ms`;
  if (ms < 60_000) return `${(ms / 1000).toFixed(1)} s`;
  if (ms < 3_600_000) return `${Math.floor(ms / 60_000)} min ${Math.round((ms % 60_000) / 1000)} s`;
  return `${Math.floor(ms / 3_600_000)} h ${Math.round((ms % 3_600_000) / 60_000)} min`;
}

export const typeName = (type) => type || "(no type)";
export const plural = (n, one, many = `${one}s`) => `${whole.format(n)} ${n === 1 ? one : many}`;
