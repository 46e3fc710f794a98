// node:http, with a route of its own. node node-http.mjs CONFIG PORT
import { createServer } from 'node:http'
import { nodeListener } from '@spillway/server/node'
import { createSharingServer, loadConfig } from 'spillway'

const [config, port] = process.argv.slice(2)
const publicUrl = `http://127.0.0.1:${port}/data`
const sharing = createSharingServer({ config: await loadConfig(config), publicUrl })
const listener = nodeListener(sharing)

const server = createServer((request, response) => {
  if (request.url.startsWith('/data/')) listener(request, response)
  else response.end('hello')
})
server.listen(Number(port), '127.0.0.1', () => console.log('ready'))
process.once('SIGTERM', () => server.close(() => sharing.close()))
