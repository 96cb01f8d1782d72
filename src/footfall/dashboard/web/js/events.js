// The page of events: totals, the chart, the newest events and the rejected ones.
import { useEffect, useState } from "preact/hooks";
import { html } from "./html.js";
import { Empty } from "./empty.js";
import { FailedCard } from "./failed.js";
import { FeedCard, useFeed } from "./feed.js";
import { SeriesCard } from "./series.js";
import { query, usePoll } from "./server.js";
import { Totals } from "./totals.js";

export function EventsPage({ state, meta, since, until, now, refresh }) {
  const [paused, setPaused] = useState(false);
  const { channel } = state;
  const fate = state.fate === "all" ? "" : state.fate;
  const { data: totals } = usePoll(`/api/totals${query({ since, until, channel, fate })}`, 3);
  const feed = useFeed({ channel, fate: state.feed, type: state.type, reason: state.reason, text: state.q }, paused);
  const isEmpty = meta !== null && meta.newest === null;
  useEffect(() => {
    if (isEmpty && feed.events.length) refresh();
  }, [isEmpty, feed.events.length]);
  const types = (totals?.types ?? []).map((type) => type.type);
  const more = (totals?.type_count ?? 0) - types.length;
  if (isEmpty) return html`<${Empty} keyless=${meta.keyless} />`;
  return html`
    <${Totals} state=${state} data=${totals} />
    <${SeriesCard} state=${state} since=${since} until=${until} types=${totals?.types} newest=${meta?.newest} />
    <div class="columns">
      <${FeedCard} state=${state} feed=${feed} paused=${paused} onPause=${() => setPaused(!paused)} types=${types} more=${more} now=${now} />
      <${FailedCard} state=${state} since=${since} until=${until} now=${now} />
    </div>
  `;
}
