// What a new house shows: the exact command that puts the first event on the chart, or into the first flow.
import { html } from "./html.js";
import { CopyButton } from "./copy.js";

function command(origin, keyless, event) {
  const key = keyless ? "" : " \\\n  -H 'Authorization: Bearer YOUR_KEY'";
  return `curl ${origin}/v1/telemetry${key} \\\n  -H 'Content-Type: application/json' \\\n  -d '[${event}]'`;
}

const who = `"actor":{"id":"anonymous","type":"User"}`;

export function snippet(origin, keyless) {
  const event =
    `{"eid":"IMPRESSION","ets":'$(date +%s)000',"ver":"3.0","mid":"hello-'$(date +%s)'",` +
    `"actor":{"id":"me","type":"User"},` +
    `"context":{"channel":"dev","env":"try","pdata":{"id":"curl"}},` +
    `"edata":{"type":"view","pageid":"hello","uri":"/hello"}}`;
  return command(origin, keyless, event);
}

// The first step of a sign-up.
export function flowSnippet(origin, keyless) {
  const event =
    `{"eid":"START","ets":'$(date +%s)000',"ver":"3.0","mid":"start-'$(date +%s)'",${who},` +
    `"context":{"channel":"dev","env":"signup","pdata":{"id":"curl"},"sid":"s1","did":"d1",` +
    `"cdata":[{"type":"signup","id":"flow-'$(date +%s)'"}]},` +
    `"edata":{"type":"signup","pageid":"signup","mode":"self"}}`;
  return command(origin, keyless, event);
}

export function Snippet({ text }) {
  return html`<div class="snippet">
    <pre tabindex="0">${text}</pre>
    <${CopyButton} text=${() => text} />
  </div>`;
}

export function Empty({ keyless }) {
  return html`<section class="card empty" aria-labelledby="empty-title">
    <h2 id="empty-title">Waiting for the first event</h2>
    <p>Send one from a terminal. It shows up here about a second later.</p>
    <${Snippet} text=${snippet(location.origin, keyless)} />
    ${!keyless && html`<p class="note">A key comes with a channel: <code>footfall channel add NAME</code></p>`}
    <p class="note">Sunbird clients work unchanged: point their <code>host</code> at <code>${location.origin}</code>.
      More: <a href="/docs">documentation</a>, <a href="/openapi.json">OpenAPI</a>, <a href="/schemas">schemas</a>.</p>
  </section>`;
}

export function NoFlows({ keyless }) {
  return html`<section class="card empty" aria-labelledby="empty-title">
    <h2 id="empty-title">No flows yet</h2>
    <p>A flow is made of events that belong together: a sign-up, a visit, a run of an app. This one begins a sign-up; it
      shows up here a few seconds after it was sent.</p>
    <${Snippet} text=${flowSnippet(location.origin, keyless)} />
    ${!keyless && html`<p class="note">A key comes with a channel: <code>footfall channel add NAME</code></p>`}
    <p class="note">What each plan expects: <code>footfall plan show signup</code>. A plan of your own goes into
      ${" "}<code>plans</code> in the data folder.</p>
  </section>`;
}

export function Building() {
  return html`<section class="card empty" aria-labelledby="empty-title" role="status">
    <h2 id="empty-title">Flows are being put together</h2>
    <p>There are events whose flows are not known yet. They are folded when the processors have time, the oldest first, and
      show up here as that goes on.</p>
  </section>`;
}
