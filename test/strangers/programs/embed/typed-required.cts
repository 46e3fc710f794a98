// TypeScript that compiles to CommonJS. node typed-required.cjs CONFIG PORT
import { createServer } from 'node:http'
import { nodeListener } from '@spillway/server/node'
import { createSharingServer, loadConfig } from 'spillway'

async function main([path = 'spillway.yaml', port = '8420']: readonly string[]): Promise<void> {
  const publicUrl = `http://127.0.0.1:${port}/data`
  const sharing = createSharingServer({ config: await loadConfig(path), publicUrl })
  const server = createServer(nodeListener(sharing))
  server.listen(Number(port), '127.0.0.1', () => console.log('ready'))
  process.once('SIGTERM', () => server.close(() => void sharing.close()))
}

void main(process.argv.slice(2))
