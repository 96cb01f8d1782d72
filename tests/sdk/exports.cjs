// Uses what 2.0.1 exports besides $t. The plan: config, event.
const assert = require('node:assert')
const plan = require('./recording.cjs')
const sdk = require('sdk-2.0.1')

async function main() {
  assert.strictEqual(sdk.Telemetry.getInstance(), sdk.$t)
  assert.strictEqual(await sdk.DeviceService.getFingerPrint(), await sdk.DeviceService.getFingerPrint())
  const config = { ...sdk.defaultConfig, ...plan.config }

  const batch = { id: 'api.sunbird.telemetry', ver: '3.0', ets: Date.now(), events: [{ ...plan.event, mid: 'by Dispatcher' }] }
  const reply = await sdk.Dispatcher.dispatch(config.host + config.endpoint, batch, { 'x-channel-id': config.channel })
  assert.strictEqual(reply.result.accepted, 1)

  const manager = new sdk.TelemetrySyncManager(config)
  manager.sendTelemetry({ ...plan.event, mid: 'by TelemetrySyncManager' })
  await manager.syncEvents()
}

main()
