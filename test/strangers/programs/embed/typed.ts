// TypeScript, compiled with `strict` and without `skipLibCheck`. node typed.js CONFIG PORT
import { createServer, type Server } from 'node:http'
import { isTableError } from '@spillway/core'
import { nodeListener } from '@spillway/server/node'
import { createSharingServer, loadConfig, type ServeConfig } from 'spillway'

const [path = 'spillway.yaml', port = '8420'] = process.argv.slice(2)
const config: ServeConfig = await loadConfig(path).catch((error: unknown) => {
  throw isTableError(error) ? new Error(error.code) : error
})
const sharing = createSharingServer({
  config,
  publicUrl: `http://127.0.0.1:${port}/data`,
  log: ({ method, status }) => console.log(method, status),
})
const server: Server = createServer(nodeListener(sharing))
server.listen(Number(port), '127.0.0.1', () => console.log('ready'))
process.once('SIGTERM', () => server.close(() => void sharing.close()))
