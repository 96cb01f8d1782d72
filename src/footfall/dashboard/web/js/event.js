// One event in a drawer: its fate, why, where it stands, and its whole JSON.
import { useEffect, useRef, useState } from "preact/hooks";
import { html } from "./html.js";
import { CopyButton } from "./copy.js";
import { exact, typeName } from "./format.js";
import { Json, plainText } from "./json.js";
import { ask, Refused } from "./server.js";
import { go } from "./state.js";

const CLOCKS = {
  corrected: "the sender's clock was off; corrected",
  ahead: "the sender's clock is ahead; not trusted",
  behind: "the sender's clock is behind; not trusted",
  unreadable: "no readable time",
};

export function EventDrawer({ id }) {
  const dialog = useRef(null);
  const [state, setState] = useState({ id: null, data: null, problem: null });
  useEffect(() => {
    if (!id) {
      dialog.current?.close();
      return undefined;
    }
    if (!dialog.current.open) dialog.current.showModal();
    const control = new AbortController();
    ask(`/api/events/${encodeURIComponent(id)}`, control.signal)
      .then((data) => setState({ id, data, problem: null }))
      .catch((error) => {
        if (control.signal.aborted) return;
        setState({ id, data: null, problem: error instanceof Refused ? error.message : "The event could not be loaded." });
      });
    return () => control.abort();
  }, [id]);
  const close = () => go({ event: "" });
  const outside = (event) => event.target === dialog.current && close();
  const isReady = state.id === id;
  return html`<dialog class="drawer" ref=${dialog} aria-labelledby="drawer-title" onClose=${() => id && close()} onClick=${outside}>
    <div class="drawer-body">
      <header class="card-head">
        <h2 id="drawer-title">${isReady && state.data ? typeName(state.data.event.event_type) : "Event"}</h2>
        ${isReady && state.data && html`<span class="fate ${state.data.event.fate}">${state.data.event.fate}</span>`}
        <span class="spring"></span>
        <button class="close" aria-label="Close" onClick=${close}>✕</button>
      </header>
      ${!isReady && html`<p class="none">Loading …</p>`}
      ${isReady && state.problem && html`<p class="problem" role="alert">${state.problem}</p>`}
      ${isReady && state.data && html`<${Details} event=${state.data.event} others=${state.data.same_place} />`}
    </div>
  </dialog>`;
}

function Details({ event, others }) {
  return html`
    ${event.findings.length > 0 && html`<${Findings} event=${event} />`}
    <dl class="facts">
      <${Fact} name="mid" value=${event.mid} code />
      <${Fact} name="received" value=${exact(event.received_at)} />
      <${Fact} name="happened" value=${event.occurred_at === null ? null : exact(event.occurred_at)} note=${CLOCKS[event.clock]} />
      <${Fact} name="channel" value=${event.channel} />
      <${Fact} name="client" value=${event.agent} />
      <${Fact} name="derived from" value=${event.derived_from} code />
      <${Fact} name="journal" value=${`${event.journal}, record ${event.record}, event ${event.idx + 1} of ${event.of}`} />
    </dl>
    <div class="json-head">
      <h3>Event${event.fate === "rejected" ? html` <small>strings are masked unless the channel keeps them</small>` : ""}</h3>
      <span class="spring"></span>
      ${event.event && html`<${CopyButton} text=${() => plainText(event.event)} label="Copy JSON" />`}
    </div>
    ${event.event ? html`<${Json} text=${event.event} />` : html`<p class="none">The text could not be read as JSON and was not kept.</p>`}
    ${others.length > 0 && html`<h3>Derived from it</h3>
      <ul class="others">${others.map((other) => html`<li key=${other.id}>
        <button class="plain" onClick=${() => go({ event: other.id })}>${typeName(other.event_type)} <code>${other.mid}</code></button></li>`)}</ul>`}
  `;
}

function Findings({ event }) {
  return html`<ul class="findings ${event.fate}">
    ${event.findings.map((finding, index) => html`<li key=${index}>
      <p><b>${finding.message}</b></p>
      <p class="place"><code>${finding.path}</code>${finding.found && html` <span>found: ${finding.found}</span>`}</p>
      ${finding.hint && html`<p>${finding.hint}</p>`}
      <p><a href=${finding.docs}>${finding.code}</a></p>
    </li>`)}
  </ul>`;
}

function Fact({ name, value, code, note }) {
  if (value === null || value === undefined || value === "") return null;
  return html`<div><dt>${name}</dt><dd>${code ? html`<code>${value}</code>` : value}${note && html` <small>${note}</small>`}</dd></div>`;
}
