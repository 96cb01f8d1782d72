// What every script here shares: requests are recorded on their way out, and printed with their replies at the end.
//
// The packages are as published; this is fetch, around them. The process ends by itself once a package has nothing
// left to send or to retry.
const fs = require('node:fs')

const requests = []
const reallyFetch = globalThis.fetch
const plan = JSON.parse(fs.readFileSync(0, 'utf8'))
let repliesToLose = plan.lose ?? 0

globalThis.fetch = async (url, options) => {
  const response = await reallyFetch(url, options)
  const reply = await response.clone().text()
  const headers = Object.fromEntries(new Headers(options.headers))
  requests.push({ url, headers, body: options.body, status: response.status, reply })
  if (repliesToLose-- > 0) throw new TypeError('the reply was lost on its way')
  return response
}

// The packages write their complaints to stdout as well; they belong to stderr here.
console.log = console.info = console.error
process.on('exit', () => fs.writeSync(1, JSON.stringify(requests)))

module.exports = plan
