// The bar on top: channel, range, theme, and who is logged in.
import { useEffect, useRef, useState } from "preact/hooks";
import { html } from "./html.js";
import { count, DAY } from "./format.js";
import { address, go, PRESETS } from "./state.js";

const PAGES = [["", "Events"], ["flows", "Flows"], ["catalogue", "Catalogue"]];

function Pages({ view }) {
  const turn = (event, name) => {
    if (event.button || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    go({ view: name, event: "" });
    scrollTo(0, 0);
  };
  return html`<nav class="pages" aria-label="Pages">
    ${PAGES.map(([name, label]) => html`<a key=${name} href=${address({ view: name, event: "" })} aria-current=${view === name ? "page" : null}
      onClick=${(event) => turn(event, name)}>${label}</a>`)}
  </nav>`;
}

export function Bar({ state, meta, since, until, icon }) {
  const channels = (meta?.channels ?? []).map((entry) => entry.channel).filter(Boolean);
  const names = state.channel && !channels.includes(state.channel) ? [state.channel, ...channels] : channels;
  const more = (meta?.channel_count ?? 0) - (meta?.channels.length ?? 0);
  return html`<header class="bar">
    <a class="brand" href="/" aria-label="footfall, start page"><img src=${icon} alt="" width="26" height="26" /><span>footfall</span></a>
    <${Pages} view=${state.view} />
    ${names.length > 0 && html`<label class="select"><span class="unseen">Channel</span>
      <select value=${state.channel} onChange=${(event) => go({ channel: event.target.value })}>
        <option value="">All channels</option>
        ${names.map((name) => html`<option key=${name} value=${name}>${name}</option>`)}
        ${more > 0 && html`<option disabled>and ${count(more)} less busy ones</option>`}
      </select>
    </label>`}
    <span class="spring"></span>
    ${state.view !== "catalogue" && html`<${Range} state=${state} since=${since} until=${until} />`}
    <${Theme} />
    ${meta?.login && html`<form method="post" action="/logout"><button class="soft" title=${`Logged in as ${meta.login}`}>Log out</button></form>`}
  </header>`;
}

function Range({ state, since, until }) {
  const [open, setOpen] = useState(false);
  const box = useRef(null);
  const isFixed = state.since !== null;
  useEffect(() => {
    if (!open) return undefined;
    const away = (event) => !box.current.contains(event.target) && setOpen(false);
    const escape = (event) => event.key === "Escape" && setOpen(false);
    addEventListener("pointerdown", away);
    addEventListener("keydown", escape);
    return () => {
      removeEventListener("pointerdown", away);
      removeEventListener("keydown", escape);
    };
  }, [open]);
  const pick = (id) => go({ range: id, since: null, until: null });
  return html`<div class="range" ref=${box}>
    <div class="segments" role="group" aria-label="Range">
      ${PRESETS.map((preset) => html`<button key=${preset.id} title=${preset.name} aria-pressed=${!isFixed && state.range === preset.id}
        onClick=${() => pick(preset.id)}>${preset.label}</button>`)}
      <button aria-pressed=${isFixed} aria-expanded=${open} aria-haspopup="dialog" onClick=${() => setOpen(!open)}>Custom</button>
    </div>
    ${open && html`<${Custom} since=${since} until=${until} onDone=${() => setOpen(false)} />`}
  </div>`;
}

// The form that datetime-local inputs want: local time without a zone.
function local(ms) {
  const at = new Date(ms);
  return new Date(ms - at.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
}

function Custom({ since, until, onDone }) {
  const [from, setFrom] = useState(local(since));
  const [to, setTo] = useState(local(until));
  const start = Date.parse(from);
  const end = Date.parse(to);
  const problem = !(start >= 0 && end > start) ? "From must be before to." : end - start > 800 * DAY ? "At most 800 days." : "";
  const apply = (event) => {
    event.preventDefault();
    if (problem) return;
    go({ since: start, until: end });
    onDone();
  };
  return html`<form class="popover" role="dialog" aria-label="Custom range" onSubmit=${apply}>
    <label>From <input type="datetime-local" required value=${from} onInput=${(event) => setFrom(event.target.value)} /></label>
    <label>To <input type="datetime-local" required value=${to} onInput=${(event) => setTo(event.target.value)} /></label>
    ${problem && html`<p class="problem" role="alert">${problem}</p>`}
    <button class="solid" disabled=${Boolean(problem)}>Show</button>
  </form>`;
}

function Theme() {
  const [theme, setTheme] = useState(document.documentElement.dataset.theme);
  useEffect(() => {
    const changed = (event) => setTheme(event.detail);
    addEventListener("themechange", changed);
    return () => removeEventListener("themechange", changed);
  }, []);
  const isDark = theme === "dark";
  return html`<button class="soft square" aria-label=${isDark ? "Light theme" : "Dark theme"} title=${isDark ? "Light theme" : "Dark theme"}
    onClick=${() => window.footfallTheme.toggle()}>
    <svg viewBox="0 0 20 20" width="16" height="16" aria-hidden="true">
      ${isDark
        ? html`<g fill="none" stroke="currentColor" stroke-width="1.6" stroke-linecap="round"><circle cx="10" cy="10" r="3.6" />
            <path d="M10 1.8v2M10 16.2v2M1.8 10h2M16.2 10h2M4.2 4.2l1.4 1.4M14.4 14.4l1.4 1.4M4.2 15.8l1.4-1.4M14.4 5.6l1.4-1.4" /></g>`
        : html`<path fill="none" stroke="currentColor" stroke-width="1.6" stroke-linejoin="round" d="M16.5 11.8A7 7 0 0 1 8.2 3.5a7 7 0 1 0 8.3 8.3z" />`}
    </svg>
  </button>`;
}
