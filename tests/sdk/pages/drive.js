// Calls the SDK's methods one after the other, each with its arguments.
async function drive(calls) {
  for (const [method, ...parts] of calls) await $t[method](...parts)
}

// A dispatcher of the page's own: whatever the SDK hands over goes out as a beacon, as on leaving a page.
function beaconTo(url) {
  return { dispatch: (handed) => navigator.sendBeacon(url, JSON.stringify(handed)) }
}
