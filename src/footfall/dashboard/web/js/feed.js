// The newest events, whatever became of them.
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { html } from "./html.js";
import { colorOf } from "./colors.js";
import { ago, count, exact, moment, typeName, when } from "./format.js";
import { ask, query, Refused } from "./server.js";
import { FATES, go } from "./state.js";

const KEPT = 100;
const FATE_LABELS = { stored: "stored", duplicate: "duplicate", rejected: "rejected", filtered: "filtered" };

// Follows the feed once a second; while paused it only counts what is new.
export function useFeed(filter, paused) {
  const [feed, setFeed] = useState({ events: [], version: null, searchedFrom: null, waiting: 0, problem: null, loaded: false });
  const key = query(filter);
  const hold = useRef(paused);
  hold.current = paused;
  const wake = useRef(() => {});
  useEffect(() => {
    const control = new AbortController();
    let known = { cursor: null, version: null, events: [] };
    let timer = null;
    const turn = async () => {
      clearTimeout(timer);
      try {
        const after = known.cursor === null ? {} : { after: known.cursor, version: known.version };
        const answer = await ask(`/api/feed${query({ ...filter, ...after, limit: KEPT })}`, control.signal);
        if (control.signal.aborted) return;
        const events = merge(answer.events, known.events);
        known = { cursor: Math.max(answer.cursor, known.cursor ?? 0), version: answer.version, events };
        setFeed((old) => show(old, known, answer, hold.current));
      } catch (error) {
        if (control.signal.aborted) return;
        if (error instanceof Refused) setFeed((old) => ({ ...old, problem: error.message, loaded: true }));
      }
      if (!document.hidden && !control.signal.aborted) timer = setTimeout(turn, 1000);
    };
    wake.current = () => known.version !== null && setFeed((old) => show(old, known, { version: known.version }, false));
    const seen = () => !document.hidden && turn();
    document.addEventListener("visibilitychange", seen);
    setFeed((old) => ({ ...old, events: [], loaded: false, waiting: 0, problem: null }));
    turn();
    return () => {
      control.abort();
      clearTimeout(timer);
      document.removeEventListener("visibilitychange", seen);
    };
  }, [key]);
  useEffect(() => {
    if (!paused) wake.current();
  }, [paused]);
  return feed;
}

function merge(fresh, old) {
  const ids = new Set(fresh.map((event) => event.id));
  return [...fresh, ...old.filter((event) => !ids.has(event.id))]
    .sort((a, b) => b.received_at - a.received_at)
    .slice(0, KEPT);
}

function show(old, known, answer, held) {
  const searchedFrom = answer.searched_from ?? old.searchedFrom;
  const base = { ...old, version: answer.version, problem: null, loaded: true };
  if (!held || !old.loaded) return { ...base, events: known.events, searchedFrom: old.loaded ? old.searchedFrom : searchedFrom, waiting: 0 };
  const seen = new Set(old.events.map((event) => event.id));
  return { ...base, waiting: known.events.filter((event) => !seen.has(event.id)).length };
}

export function FeedCard({ state, feed, paused, onPause, types, more, now }) {
  const filtered = state.feed || state.type || state.reason || state.q;
  const born = useBorn(feed);
  const head = feed.events[0]?.received_at;
  return html`<section class="card feed" aria-labelledby="feed-title">
    <header class="card-head">
      <h2 id="feed-title">Live events</h2>
      ${head && html`<span class="note"><i class="pulse ${now - head < 5000 && !paused ? "on" : ""}"></i>newest ${ago(head, now)}</span>`}
      <span class="spring"></span>
      <button class="soft" aria-pressed=${paused} onClick=${onPause}>
        ${paused ? html`▶ Resume${feed.waiting ? html`<b class="badge">${feed.waiting}${feed.waiting >= KEPT ? "+" : ""}</b>` : ""}` : "❚❚ Pause"}
      </button>
    </header>
    <${Filters} state=${state} types=${types} more=${more} filtered=${filtered} />
    ${feed.problem && html`<p class="problem" role="alert">${feed.problem}</p>`}
    <div class="feed-rows" role="list" aria-label="Newest events">
      ${feed.events.map((event) => html`<${Row} key=${event.id} event=${event} open=${state.event === event.id} isNew=${born.has(event.id)} />`)}
      ${feed.loaded && !feed.events.length && html`<p class="none">${filtered ? "No event fits this filter" : "No events yet"}${
        feed.searchedFrom ? ` (looked back to ${moment(feed.searchedFrom)})` : ""}.</p>`}
      ${!feed.loaded && html`<p class="none">Loading …</p>`}
    </div>
  </section>`;
}

// The ids that came since the first answer; they are shown with a short glow.
function useBorn(feed) {
  const first = useRef(null);
  return useMemo(() => {
    if (!feed.loaded) first.current = null;
    else if (!first.current) first.current = new Set(feed.events.map((event) => event.id));
    return new Set(feed.events.map((event) => event.id).filter((id) => first.current && !first.current.has(id)));
  }, [feed.events, feed.loaded]);
}

function Filters({ state, types, more, filtered }) {
  const [text, setText] = useState(state.q);
  useEffect(() => setText(state.q), [state.q]);
  useEffect(() => {
    const timer = setTimeout(() => text !== state.q && go({ q: text.trim() }, { replace: true }), 300);
    return () => clearTimeout(timer);
  }, [text]);
  const names = [...new Set([...types, ...(state.type ? [state.type] : [])])];
  return html`<div class="filters" role="search" aria-label="Filter the events">
    <label class="select"><span class="unseen">Fate</span>
      <select value=${state.feed} onChange=${(event) => go({ feed: event.target.value })}>
        <option value="">Any fate</option>
        ${FATES.map((fate) => html`<option key=${fate} value=${fate}>${FATE_LABELS[fate]}</option>`)}
      </select>
    </label>
    <label class="select"><span class="unseen">Type</span>
      <select value=${state.type} onChange=${(event) => go({ type: event.target.value })}>
        <option value="">Any type</option>
        ${names.map((name) => html`<option key=${name} value=${name}>${typeName(name)}</option>`)}
        ${more > 0 && html`<option disabled>and ${count(more)} less frequent ones</option>`}
      </select>
    </label>
    <input type="search" class="search" placeholder="Search mid or content" aria-label="Search mid or content" maxlength="200"
      value=${text} onInput=${(event) => setText(event.target.value)} />
    ${state.reason && html`<button class="chip" onClick=${() => go({ reason: "" })} aria-label=${`Remove filter: reason ${state.reason}`}>
      ${state.reason} <span aria-hidden="true">×</span></button>`}
    ${filtered && html`<button class="plain" onClick=${() => go({ feed: "", type: "", reason: "", q: "" })}>Clear</button>`}
  </div>`;
}

function Row({ event, open, isNew }) {
  const codes = [...event.reasons, ...event.warnings];
  return html`<div role="listitem" class="${open ? "chosen" : ""} ${isNew ? "born" : ""}">
    <button class="row" aria-haspopup="dialog" onClick=${() => go({ event: event.id })}>
      <time datetime=${new Date(event.received_at).toISOString()} title=${exact(event.received_at)}>${when(event.received_at)}</time>
      <span class="fate ${event.fate}">${event.fate}</span>
      <span class="type"><i class="swatch" style=${{ background: colorOf(event.event_type ?? "") }}></i>${typeName(event.event_type)}</span>
      <span class="subject">${codes.length ? html`<code>${codes.join(", ")}</code>` : event.subject}</span>
      <span class="where">${event.channel}</span>
      <code class="mid">${event.mid}</code>
    </button>
  </div>`;
}
