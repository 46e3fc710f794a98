import type { Server } from 'node:http'
import express from 'express'
import { it } from 'vitest'
import { nodeListener } from '../src/node.js'
import { expectMounted, serverToMount } from './support/mounting.js'

it('mounts in Express beside another route', async () => {
  const { server, remove } = serverToMount()
  const app = express()
  app.get('/hello', (_, response) => void response.send('hello'))
  // Before any body parser: the server reads the body itself.
  app.use('/delta-sharing', nodeListener(server))
  const http = await new Promise<Server>(resolve => {
    const listening = app.listen(0, '127.0.0.1', () => resolve(listening))
  })
  await expectMounted(http.address())
  await new Promise(resolve => http.close(resolve))
  remove()
})
