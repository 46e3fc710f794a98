// Express, with a route of its own and a body parser behind the shares. node express.mjs CONFIG PORT
import { nodeListener } from '@spillway/server/node'
import express from 'express'
import { createSharingServer, loadConfig } from 'spillway'

const [config, port] = process.argv.slice(2)
const publicUrl = `http://127.0.0.1:${port}/data`
const sharing = createSharingServer({ config: await loadConfig(config), publicUrl })

const app = express()
app.get('/', (_request, response) => void response.send('hello'))
app.use('/data', nodeListener(sharing))
app.use(express.json())
const server = app.listen(Number(port), '127.0.0.1', () => console.log('ready'))
process.once('SIGTERM', () => server.close(() => sharing.close()))
