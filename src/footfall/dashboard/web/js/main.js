// The page: what is shown, in which order.
import { render } from "preact";
import { html } from "./html.js";
import { Bar } from "./bar.js";
import { CataloguePage } from "./catalogue.js";
import { EventDrawer } from "./event.js";
import { EventsPage } from "./events.js";
import { FlowsPage } from "./flows.js";
import { useNow, usePoll, useRemarks, useTrouble } from "./server.js";
import { bounds, useAddress } from "./state.js";

const icon = new URL("../icon.svg", import.meta.url).pathname;
const PAGES = { "": EventsPage, flows: FlowsPage, catalogue: CataloguePage };
const TITLES = { "": "Events of this footfall server", flows: "Flows", catalogue: "Catalogue of events" };

function Remarks({ remarks }) {
  const files = remarks.length === 1 ? "A file" : `${remarks.length} files`;
  return html`<div class="banner" role="status">
    <details>
      <summary>${files} of the lake cannot be read. The numbers here are without what is in them.</summary>
      <ul>${remarks.map((remark) => html`<li>${remark}.</li>`)}</ul>
      <p>On the server, <code>footfall lake check</code> tells what can be done.</p>
    </details>
  </div>`;
}

function App() {
  const state = useAddress();
  const now = useNow(1);
  const { since, until } = bounds(state, now);
  const trouble = useTrouble();
  const remarks = useRemarks();
  const { data: meta, refresh } = usePoll("/api/meta", 10);
  const Page = PAGES[state.view];
  return html`
    <a class="skip" href="#content">Skip to the content</a>
    <${Bar} state=${state} meta=${meta} since=${since} until=${until} icon=${icon} />
    ${trouble && html`<p class="banner" role="alert">${trouble}</p>`}
    ${remarks.length > 0 && html`<${Remarks} remarks=${remarks} />`}
    <main id="content">
      <h1 class="unseen">${TITLES[state.view]}</h1>
      <${Page} key=${state.view} state=${state} meta=${meta} since=${since} until=${until} now=${now} refresh=${refresh} />
    </main>
    <footer><a href="/docs">Documentation</a><a href="/docs/reasons">Reasons</a><a href="/openapi.json">API</a><a href="/schemas">Schemas</a>
      <a href="/health">Health</a><span class="spring"></span><span>footfall ${meta?.release}</span></footer>
    <${EventDrawer} id=${state.event} />
  `;
}

render(html`<${App} />`, document.getElementById("app"));
