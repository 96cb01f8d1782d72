// Rejected events by reason: how many, what is wrong, what to do, and one to look at.
import { html } from "./html.js";
import { ago, count, plural, typeName } from "./format.js";
import { query, usePoll } from "./server.js";
import { go } from "./state.js";

export function FailedCard({ state, since, until, now }) {
  const end = Math.max(until, since + 1);
  const { data, problem } = usePoll(`/api/failed${query({ since, until: end, channel: state.channel })}`, 5);
  const groups = data?.groups ?? [];
  const more = (data?.group_count ?? 0) - groups.length;
  return html`<section class="card failed" aria-labelledby="failed-title" aria-busy=${!data}>
    <header class="card-head">
      <h2 id="failed-title">Rejected, by reason</h2>
      <span class="spring"></span>
      <a class="note" href="/docs/reasons">All reasons</a>
    </header>
    ${problem && html`<p class="problem" role="alert">${problem}</p>`}
    ${data && !groups.length && html`<p class="none good">Nothing was rejected in this range.</p>`}
    <ol class="groups">
      ${groups.map((group) => html`<${Group} key=${group.code} group=${group} most=${groups[0].n} now=${now} chosen=${state.reason === group.code} />`)}
    </ol>
    ${more > 0 && html`<p class="none">And ${plural(more, "rarer reason")}.</p>`}
  </section>`;
}

function Group({ group, most, now, chosen }) {
  return html`<li class=${chosen ? "chosen" : ""}>
    <div class="group-head">
      <a href=${group.docs}><code>${group.code}</code></a>
      <span class="spring"></span>
      <b>${count(group.n)}</b>
    </div>
    <div class="meter" aria-hidden="true"><i style=${{ width: `${Math.max(1, (group.n / most) * 100)}%` }}></i></div>
    <p>${group.sentence}</p>
    ${group.places.length > 0 && html`<ul class="places">
      ${group.places.map((place) => html`<li key=${place.event_type + place.path}>
        <span class="place-name">${typeName(place.event_type)} <code>${place.path}</code></span>
        <span class="place-says">${place.message}</span>
      </li>`)}
    </ul>`}
    <p class="hint">${group.hint}</p>
    <p class="actions">
      <button class="plain" onClick=${() => go({ event: group.sample })}>Newest sample</button>
      <button class="plain" aria-pressed=${chosen}
        onClick=${() => go(chosen ? { reason: "" } : { reason: group.code, feed: "", type: "" })}>
        ${chosen ? "Show all in feed" : "Show in feed"}</button>
      <span class="note">${ago(group.newest, now)}</span>
    </p>
  </li>`;
}
