// An Express application that shares tables beside its own routes.
//   node examples/dist/express-app/main.js spillway.yaml
import { loadConfig } from 'spillway'
import { createApp } from './app.js'

const port = Number(process.env.PORT ?? 3000)
const origin = process.env.PUBLIC_URL ?? `http://127.0.0.1:${port}`
const { app, close } = createApp(await loadConfig(process.argv[2] ?? 'spillway.yaml'), origin)

const server = app.listen(port, '127.0.0.1', () => {
  console.log(`${origin} (shares: ${origin}/data)`)
})
process.once('SIGINT', () => server.close(() => void close()))
