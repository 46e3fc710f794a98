// Fastify, with a route of its own; the shares are in a scope that parses no bodies. node fastify.mjs CONFIG PORT
import { nodeListener } from '@spillway/server/node'
import fastify from 'fastify'
import { createSharingServer, loadConfig } from 'spillway'

const [config, port] = process.argv.slice(2)
const publicUrl = `http://127.0.0.1:${port}/data`
const sharing = createSharingServer({ config: await loadConfig(config), publicUrl })
const listener = nodeListener(sharing)

const app = fastify()
app.get('/', async () => 'hello')
await app.register(async scope => {
  scope.removeAllContentTypeParsers()
  scope.addContentTypeParser('*', (_request, _payload, done) => done(null))
  scope.all('/data/*', (request, reply) => {
    reply.hijack()
    listener(request.raw, reply.raw)
  })
})
await app.listen({ port: Number(port), host: '127.0.0.1' })
console.log('ready')
process.once('SIGTERM', () => app.close().then(() => sharing.close()))
