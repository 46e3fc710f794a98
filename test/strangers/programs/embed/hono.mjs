// Hono, with a route of its own. node hono.mjs CONFIG PORT
import { serve } from '@hono/node-server'
import { Hono } from 'hono'
import { createSharingServer, loadConfig } from 'spillway'

const [config, port] = process.argv.slice(2)
const publicUrl = `http://127.0.0.1:${port}/data`
const sharing = createSharingServer({ config: await loadConfig(config), publicUrl })

const app = new Hono()
app.get('/', context => context.text('hello'))
app.all('/data/*', context => sharing.fetch(context.req.raw))
const server = serve({ fetch: app.fetch, port: Number(port), hostname: '127.0.0.1' }, () =>
  console.log('ready'),
)
process.once('SIGTERM', () => server.close(() => sharing.close()))
