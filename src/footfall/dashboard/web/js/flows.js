// The page of flows: each plan with how its flows ended; of one of them how far they came, and some to look at.
import { html } from "./html.js";
import { Building, NoFlows } from "./empty.js";
import { count, exact, lasting, plural, range, share, when } from "./format.js";
import { query, usePoll } from "./server.js";
import { go } from "./state.js";

const tone = (result, outcome) =>
  result === "success" || outcome === "complete" ? "well" : result === "failed" || outcome === "broken" ? "bad" : "open";

const BEHIND = 15_000; // in ms: less than that goes without saying

export function FlowsPage({ state, meta, since, until }) {
  const { channel, plan, outcome } = state;
  const { data, problem, stale } = usePoll(`/api/flows${query({ since, until, channel, plan, outcome })}`, 5);
  if (problem) return html`<p class="problem" role="alert">${problem}</p>`;
  if (!data) return html`<p class="none">Loading …</p>`;
  if (!data.plans.some((entry) => entry.total) && !plan) {
    if (data.behind_ms > BEHIND) return html`<${Building} />`;
    return meta?.newest === null || !meta?.channels?.length || state.range === "30d"
      ? html`<${NoFlows} keyless=${meta?.keyless ?? true} />`
      : html`<${NoFlows} keyless=${meta.keyless} /><p class="none">None began in this range: ${range(since, until)}.</p>`;
  }
  const { detail } = data;
  return html`${data.behind_ms > BEHIND && html`<p class="none" role="status">Flows are ${lasting(data.behind_ms)} behind:
    they are put together when the processors have time.</p>`}
  <div class="flows ${stale ? "stale" : ""}">
    <${Plans} plans=${data.plans} chosen=${detail?.plan} />
    ${detail
      ? html`<div class="flow-detail">
          <${Head} detail=${detail} plan=${data.plans.find((entry) => entry.plan === detail.plan)} outcome=${outcome} />
          ${detail.steps.length > 0 && html`<${Funnel} detail=${detail} />`}
          <${Remarks} detail=${detail} />
          <${Examples} detail=${detail} outcome=${outcome} />
        </div>`
      : html`<p class="none">There is no plan ${plan}.</p>`}
  </div>`;
}

function Plans({ plans, chosen }) {
  return html`<nav class="card plans" aria-label="Plans">
    ${["flow", "workflow"].map((kind) => html`<h2 key=${kind}>${kind === "flow" ? "Flows" : "Workflows"}</h2>
      <ul>${plans.filter((plan) => plan.kind === kind).map((plan) => html`<li key=${plan.plan}>
        <button class="plan" aria-current=${plan.plan === chosen ? "true" : null} onClick=${() => go({ plan: plan.plan, outcome: "" })}>
          <span class="plan-name">${plan.title}</span><b>${count(plan.total)}</b>
          <${Split} plan=${plan} />
        </button></li>`)}</ul>`)}
  </nav>`;
}

// How flows ended, as one bar.
function Split({ plan }) {
  const parts = { well: 0, open: 0, bad: 0 };
  for (const one of plan.outcomes) parts[tone(one.result, one.outcome)] += one.n;
  const total = plan.total || 1;
  return html`<span class="split" aria-hidden="true">
    ${Object.entries(parts).map(([name, n]) => html`<i key=${name} class=${name} style=${{ width: `${(n / total) * 100}%` }}></i>`)}
  </span>`;
}

function Head({ detail, plan, outcome }) {
  const well = plan.outcomes.filter((one) => tone(one.result, one.outcome) === "well").reduce((sum, one) => sum + one.n, 0);
  return html`<section class="card flow-head" aria-labelledby="flow-title">
    <header class="card-head"><h2 id="flow-title">${detail.title}</h2><code class="note">${detail.plan}</code></header>
    <p class="about">${detail.about}</p>
    <dl class="figures">
      <div><dt>${detail.kind === "flow" ? "Flows" : "Runs"}</dt><dd>${count(detail.total)}</dd></div>
      ${!outcome && html`<div><dt>Went well</dt><dd>${plan.total ? share(well / plan.total) : "–"}</dd></div>`}
      <div><dt>Median time</dt><dd>${lasting(detail.median_ms)}</dd></div>
      <div><dt>Slowest tenth, from</dt><dd>${lasting(detail.slow_ms)}</dd></div>
    </dl>
    <div class="outcomes" role="group" aria-label="Outcomes">
      ${plan.outcomes.map((one) => html`<button key=${one.outcome} class="outcome ${tone(one.result, one.outcome)}" title=${one.when}
        aria-pressed=${outcome === one.outcome} onClick=${() => go({ outcome: outcome === one.outcome ? "" : one.outcome, plan: plan.plan })}>
        <span>${one.outcome.replaceAll("_", " ")}</span><b>${count(one.n)}</b></button>`)}
      ${!plan.outcomes.length && html`<p class="none">None in this range.</p>`}
    </div>
  </section>`;
}

function Funnel({ detail }) {
  return html`<section class="card" aria-labelledby="funnel-title">
    <header class="card-head"><h2 id="funnel-title">How far they came</h2>
      <span class="note">share of ${plural(detail.total, "flow")}; steps aside are those that most do without</span></header>
    <ol class="funnel">
      ${detail.steps.map((step) => html`<li key=${step.step} class=${step.main ? "main" : "aside"}>
        <span class="funnel-name" title=${step.when}>${step.step.replaceAll("_", " ")}</span>
        <span class="funnel-bar" aria-hidden="true"><i style=${{ width: `${step.share * 100}%` }}></i></span>
        <span class="funnel-n">${count(step.n)}</span>
        <span class="funnel-share">${share(step.share)}</span>
        <span class="funnel-lost">${step.lost > 0.0005 ? `−${share(step.lost)}` : ""}</span>
      </li>`)}
    </ol>
  </section>`;
}

function Remarks({ detail }) {
  if (!detail.remarks.length) return null;
  return html`<section class="card" aria-labelledby="remarks-title">
    <header class="card-head"><h2 id="remarks-title">What is remarkable</h2><span class="note">in how many of them</span></header>
    <ul class="remarks">
      ${detail.remarks.map((one) => html`<li key=${one.code + one.rule + one.path}>
        <span class="mark ${one.severity}">${one.rule || one.severity}</span>
        <div><p>${one.message} <code>${one.code}</code></p>${one.hint && html`<p class="note">${one.hint}</p>`}</div>
        <b>${count(one.n)}</b>
      </li>`)}
    </ul>
  </section>`;
}

function Examples({ detail, outcome }) {
  return html`<section class="card" aria-labelledby="examples-title">
    <header class="card-head"><h2 id="examples-title">Newest${outcome ? `: ${outcome.replaceAll("_", " ")}` : ""}</h2></header>
    ${!detail.examples.length && html`<p class="none">None in this range.</p>`}
    <ul class="examples">
      ${detail.examples.map((one) => html`<${Example} key=${one.channel + one.id + one.began_at} one=${one} />`)}
    </ul>
  </section>`;
}

function Example({ one }) {
  const misplaced = new Set(one.out_of_order);
  const search = one.id.startsWith("session:") && one.sid ? one.sid : one.id;
  return html`<li><details>
    <summary>
      <time datetime=${new Date(one.began_at).toISOString()} title=${exact(one.began_at)}>${when(one.began_at)}</time>
      <span class="outcome ${tone(one.result, one.outcome)}">${one.outcome.replaceAll("_", " ")}</span>
      <span class="example-steps">${plural(one.events, "event")}, ${lasting(one.duration_ms)}</span>
      <code class="mid">${one.id}</code>
      <span class="where">${one.channels.join(", ")}</span>
    </summary>
    <div class="example">
      <ol class="path" aria-label="Steps">${one.steps.map((step, index) => html`<li key=${index} class=${misplaced.has(step) ? "off" : ""}>${step.replaceAll("_", " ")}</li>`)}
        ${one.missing.map((step) => html`<li key=${`missing ${step}`} class="missing" title="missing">${step.replaceAll("_", " ")}</li>`)}</ol>
      ${one.remarks.length > 0 && html`<ul class="remarks">${one.remarks.slice(0, 12).map((remark, index) => html`<li key=${index}>
        <span class="mark ${remark.severity ?? "warning"}">${remark.rule ?? remark.severity ?? "warning"}</span>
        <div><p>${remark.message} <code>${remark.code}</code></p>${remark.hint && html`<p class="note">${remark.hint}</p>`}</div></li>`)}</ul>`}
      <p class="actions"><button class="plain" onClick=${() => go({ view: "", q: search, feed: "", type: "", reason: "" })}>Its events</button></p>
    </div>
  </details></li>`;
}
