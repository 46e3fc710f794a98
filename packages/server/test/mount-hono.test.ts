import { serve } from '@hono/node-server'
import { Hono } from 'hono'
import { it } from 'vitest'
import { expectMounted, serverToMount } from './support/mounting.js'

it('mounts in Hono beside another route', async () => {
  const { server, remove } = serverToMount()
  const app = new Hono()
  app.get('/hello', context => context.text('hello'))
  app.all('/delta-sharing/*', context => server.fetch(context.req.raw))
  const http = await new Promise<ReturnType<typeof serve>>(resolve => {
    const listening = serve({ fetch: app.fetch, port: 0, hostname: '127.0.0.1' }, () =>
      resolve(listening),
    )
  })
  await expectMounted(http.address())
  await new Promise(resolve => http.close(resolve))
  remove()
})
