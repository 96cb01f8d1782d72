// Calls a package's methods in Node. The plan: entry, config, calls; lose, how many replies get lost; dispatcher,
// what a backend of one's own does with what the SDK hands over: `batches` (2.x) or single `events` (1.x).
const plan = require('./recording.cjs')

const post = (batch) =>
  fetch(plan.url, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(batch) })

async function main() {
  const loaded = await import(require.resolve(plan.entry))
  const $t = loaded.$t ?? loaded.default.$t ?? loaded.default
  const events = []
  const dispatchers = { batches: post, events: (event) => events.push(structuredClone(event)) }
  if (plan.dispatcher) plan.config.dispatcher = { dispatch: dispatchers[plan.dispatcher] }
  $t.initialize(plan.config)
  for (const [method, ...parts] of plan.calls) await $t[method](...parts)
  if (events.length) await post({ id: 'ekstep.telemetry', ver: '3.0', ets: Date.now(), events })
}

main()
