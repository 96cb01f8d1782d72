// The catalogue: everything that an event can be, what it means, and how much of it came.
import { useEffect, useState } from "preact/hooks";
import { html } from "./html.js";
import { CopyButton } from "./copy.js";
import { ago, count, HOUR, plural, share } from "./format.js";
import { Json, plainText } from "./json.js";
import { query, usePoll } from "./server.js";
import { go, KINDS } from "./state.js";

const NAMES = { "": "All", event: "Events", type: "Types", step: "Steps" };
const idOf = (entry) => `${entry.kind}:${entry.plan}:${entry.name}`;

function fits(entry, state) {
  if (state.kind && entry.kind !== state.kind) return false;
  const words = state.find.toLowerCase().split(/\s+/).filter(Boolean);
  const text = `${entry.name} ${entry.plan} ${entry.event} ${entry.meaning} ${entry.notes.join(" ")}`.toLowerCase();
  return words.every((word) => text.includes(word));
}

export function CataloguePage({ state, now }) {
  const { data, problem } = usePoll(`/api/catalogue${query({ channel: state.channel })}`, 30);
  if (problem) return html`<p class="problem" role="alert">${problem}</p>`;
  if (!data) return html`<p class="none">Loading …</p>`;
  const shown = data.entries.filter((entry) => fits(entry, state));
  const groups = [{ plan: "", title: "Events of Sunbird Telemetry V3", about: "" }, ...data.plans]
    .map((plan) => ({ plan, entries: shown.filter((entry) => entry.plan === plan.plan) }))
    .filter((group) => group.entries.length);
  return html`<div class="catalogue">
    <${Search} state=${state} found=${shown.length} all=${data.entries.length} />
    ${groups.map((group) => html`<${Group} key=${group.plan.plan} ...${group} open=${state.entry} now=${now} />`)}
    ${data.others.types > 0 && !state.find && !state.kind && html`<${Strangers} others=${data.others} />`}
    ${!groups.length && html`<p class="none">Nothing fits. <button class="plain" onClick=${() => go({ find: "", kind: "" })}>Show all</button></p>`}
  </div>`;
}

// What came that nobody described: usually a client that is out of date, or events that are made up.
function Strangers({ others }) {
  const see = () => go({ view: "", fate: "all", range: "7d", since: null, until: null, only: [], hide: [] });
  const said = `${plural(others.types, "other type")} of event came in the last 7 days, ${plural(others.week, "event")} in all.`;
  return html`<p class="none">${said} <button class="plain" onClick=${see}>See the most frequent</button></p>`;
}

function Search({ state, found, all }) {
  const [text, setText] = useState(state.find);
  useEffect(() => setText(state.find), [state.find]);
  useEffect(() => {
    const timer = setTimeout(() => text.trim() !== state.find && go({ find: text.trim() }, { replace: true }), 200);
    return () => clearTimeout(timer);
  }, [text]);
  return html`<div class="filters" role="search" aria-label="Search the catalogue">
    <div class="segments" role="group" aria-label="Kind">
      ${KINDS.map((kind) => html`<button key=${kind} aria-pressed=${state.kind === kind} onClick=${() => go({ kind })}>${NAMES[kind]}</button>`)}
    </div>
    <input type="search" class="search" placeholder="Search name or meaning" aria-label="Search name or meaning" maxlength="100"
      value=${text} onInput=${(event) => setText(event.target.value)} />
    <span class="note" role="status">${found === all ? count(all) : `${count(found)} of ${count(all)}`}</span>
  </div>`;
}

function Group({ plan, entries, open, now }) {
  const unit = entries[0].kind === "step" ? "flows" : "events";
  return html`<section class="card group" aria-labelledby=${`group-${plan.plan}`}>
    <header class="card-head"><h2 id=${`group-${plan.plan}`}>${plan.title}</h2>${plan.plan && html`<code class="note">${plan.plan}</code>`}</header>
    ${plan.about && html`<p class="about">${plan.about}</p>`}
    <div class="entry-head" aria-hidden="true"><span>name</span><span class="entry-says">meaning</span><span class="n day">${unit}, 24 h</span><span class="n">${unit}, 7 d</span><span class="n part">rejected</span><span class="n">last</span></div>
    <ul>${entries.map((entry) => html`<${Row} key=${idOf(entry)} entry=${entry} open=${open === idOf(entry)} now=${now} />`)}</ul>
  </section>`;
}

function Row({ entry, open, now }) {
  const id = idOf(entry);
  return html`<li class=${entry.week ? "" : "unused"}>
    <button class="entry" aria-expanded=${open} onClick=${() => go({ entry: open ? "" : id }, { replace: true })}>
      <span class="entry-name"><b>${entry.name}</b>${entry.kind !== "event" && html` <code>${entry.event}</code>`}</span>
      <span class="entry-says">${entry.meaning}</span>
      <span class="n day" title="in the last 24 hours">${count(entry.day)}</span>
      <span class="n" title="in the last 7 days">${count(entry.week)}</span>
      <span class="n part" title="rejected of those received in 7 days">${entry.rejected === null ? "–" : share(entry.rejected)}</span>
      <span class="n" title="last seen">${entry.last === null ? "never" : last(entry, now)}</span>
    </button>
    ${open && html`<${Details} entry=${entry} />`}
  </li>`;
}

function last(entry, now) {
  if (entry.kind === "step") return ago(entry.last, now);
  return now - entry.last < HOUR ? "this hour" : ago(entry.last, now);
}

function Details({ entry }) {
  const says = entry.fields.some((field) => field.about);
  return html`<div class="entry-details">
    <p>${entry.meaning}</p>
    ${entry.notes.length > 0 && html`<p class="note">${entry.notes.join(" · ")}</p>`}
    ${entry.fields.length > 0 && html`<table>
      <thead><tr><th scope="col">field</th><th scope="col">${entry.kind === "step" ? "holds" : "type"}</th><th scope="col">${entry.kind === "step" ? "recognised by" : "required"}</th>${says && html`<th scope="col">meaning</th>`}</tr></thead>
      <tbody>${entry.fields.map((field) => html`<tr key=${field.path}><th scope="row"><code>${field.path}</code></th><td>${field.kind.replaceAll("\`", "")}</td>
        <td>${field.required ? "yes" : ""}</td>${says && html`<td>${field.about.replaceAll("\`", "")}</td>`}</tr>`)}</tbody>
    </table>`}
    <div class="json-head"><h3>Sample</h3><span class="spring"></span><${CopyButton} text=${() => plainText(entry.sample)} label="Copy JSON" /></div>
    <${Json} text=${entry.sample} />
    <p class="note">Source: ${entry.source}${entry.kind === "event" ? html`, <a href=${`/schemas/v3/${entry.name.toLowerCase()}.json`}>JSON Schema</a>` : ""}</p>
  </div>`;
}
