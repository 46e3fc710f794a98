// The process of the simulated store: a folder and a climate as JSON. It says its port when it listens, and answers `take`.
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { simulatedStore } from './s3-api.js'
import type { Climate } from './weather.js'

const [root = '', climate = '{}'] = process.argv.slice(2)
const { listener, take } = simulatedStore(root, JSON.parse(climate) as Climate)
// Clients keep connections for longer than Node's five seconds, and take one that ends for a failure.
const server = createServer({ keepAliveTimeout: 120_000 }, listener)
server.listen(0, '127.0.0.1', () => {
  process.send?.({ port: (server.address() as AddressInfo).port })
})
process.on('message', () => process.send?.(take()))
process.on('disconnect', () => process.exit(0))
