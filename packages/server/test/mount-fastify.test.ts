import fastify from 'fastify'
import { it } from 'vitest'
import { nodeListener } from '../src/node.js'
import { expectMounted, serverToMount } from './support/mounting.js'

it('mounts in Fastify beside another route', async () => {
  const { server, remove } = serverToMount()
  const app = fastify()
  app.get('/hello', async () => 'hello')
  await app.register(async sharing => {
    // The server reads the body itself: Fastify must not.
    sharing.removeAllContentTypeParsers()
    sharing.addContentTypeParser('*', (_request, _payload, done) => done(null))
    sharing.all('/delta-sharing/*', (request, reply) => {
      reply.hijack()
      nodeListener(server)(request.raw, reply.raw)
    })
  })
  await app.listen({ port: 0, host: '127.0.0.1' })
  await expectMounted(app.server.address())
  await app.close()
  remove()
})
