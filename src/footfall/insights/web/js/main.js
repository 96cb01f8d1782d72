// The page: what is shown, in which order.
import { render } from "preact";
import { useEffect, useState } from "preact/hooks";
import { html } from "./html.js";
import { Bar } from "./bar.js";
import { Empty } from "./empty.js";
import { EventDrawer } from "./event.js";
import { FailedCard } from "./failed.js";
import { FeedCard, useFeed } from "./feed.js";
import { SeriesCard } from "./series.js";
import { query, useNow, usePoll, useTrouble } from "./server.js";
import { bounds, useAddress } from "./state.js";
import { Totals } from "./totals.js";

const icon = new URL("../icon.svg", import.meta.url).pathname;

function App() {
  const state = useAddress();
  const now = useNow(1);
  const { since, until } = bounds(state, now);
  const [paused, setPaused] = useState(false);
  const trouble = useTrouble();
  const { channel } = state;
  const { data: meta, refresh } = usePoll("/api/meta", 10);
  const fate = state.fate === "all" ? "" : state.fate;
  const { data: totals } = usePoll(`/api/totals${query({ since, until, channel, fate })}`, 3);
  const filter = { channel, fate: state.feed, type: state.type, reason: state.reason, text: state.q };
  const feed = useFeed(filter, paused);
  const isEmpty = meta !== null && meta.newest === null;
  useEffect(() => {
    if (isEmpty && feed.events.length) refresh();
  }, [isEmpty, feed.events.length]);
  const types = (totals?.types ?? []).map((type) => type.type);
  return html`
    <a class="skip" href="#content">Skip to the content</a>
    <${Bar} state=${state} meta=${meta} since=${since} until=${until} icon=${icon} />
    ${trouble && html`<p class="banner" role="alert">${trouble}</p>`}
    <main id="content">
      <h1 class="unseen">Events of this footfall server</h1>
      ${isEmpty
        ? html`<${Empty} keyless=${meta.keyless} />`
        : html`
            <${Totals} state=${state} data=${totals} />
            <${SeriesCard} state=${state} since=${since} until=${until} types=${totals?.types} newest=${meta?.newest} />
            <div class="columns">
              <${FeedCard} state=${state} feed=${feed} paused=${paused} onPause=${() => setPaused(!paused)} types=${types} now=${now} />
              <${FailedCard} state=${state} since=${since} until=${until} now=${now} />
            </div>
          `}
    </main>
    <footer><a href="/docs">Documentation</a><a href="/docs/reasons">Reasons</a><a href="/openapi.json">API</a><a href="/schemas">Schemas</a>
      <a href="/health">Health</a><span class="spring"></span><span>footfall ${meta?.release}</span></footer>
    <${EventDrawer} id=${state.event} />
  `;
}

render(html`<${App} />`, document.getElementById("app"));
