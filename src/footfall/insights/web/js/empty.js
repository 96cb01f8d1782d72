// What a new house shows: the exact command that puts the first event on the chart.
import { html } from "./html.js";
import { CopyButton } from "./copy.js";

export function snippet(origin, keyless) {
  const key = keyless ? "" : " \\\n  -H 'Authorization: Bearer YOUR_KEY'";
  const event =
    `{"eid":"IMPRESSION","ets":'$(date +%s)000',"ver":"3.0","mid":"hello-'$(date +%s)'",` +
    `"actor":{"id":"me","type":"User"},` +
    `"context":{"channel":"dev","env":"try","pdata":{"id":"curl"}},` +
    `"edata":{"type":"view","pageid":"hello","uri":"/hello"}}`;
  return `curl ${origin}/v1/telemetry${key} \\\n  -H 'Content-Type: application/json' \\\n  -d '[${event}]'`;
}

export function Empty({ keyless }) {
  const text = snippet(location.origin, keyless);
  return html`<section class="card empty" aria-labelledby="empty-title">
    <h2 id="empty-title">Waiting for the first event</h2>
    <p>Send one from a terminal. It shows up here about a second later.</p>
    <div class="snippet">
      <pre tabindex="0">${text}</pre>
      <${CopyButton} text=${() => text} />
    </div>
    ${!keyless && html`<p class="note">A key comes with a channel: <code>footfall channel add NAME</code></p>`}
    <p class="note">Sunbird clients work unchanged: point their <code>host</code> at <code>${location.origin}</code>.
      More: <a href="/docs">documentation</a>, <a href="/openapi.json">OpenAPI</a>, <a href="/schemas">schemas</a>.</p>
  </section>`;
}
