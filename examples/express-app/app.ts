import { nodeListener } from '@spillway/server/node'
import express, { type Express } from 'express'
import { createSharingServer, type ServeConfig } from 'spillway'

export interface SharingApp {
  readonly app: Express
  close(): Promise<void>
}

/**
 * An application of its own that shares tables under `/data`, beside its other routes. Below that lie the protocol
 * and the signed URLs of local files.
 */
export function createApp(config: ServeConfig, origin: string): SharingApp {
  const sharing = createSharingServer({
    config,
    endpoint: `${origin}/data`,
    log: record => console.log(record.method, record.route ?? '-', record.status, record.recipient),
  })
  const app = express()
  app.get('/', (_request, response) => void response.send('The shares are under /data.'))
  // Before any body parser: the sharing server reads the body itself, and streams its answers.
  app.use(sharing.path, nodeListener(sharing))
  app.use(express.json())
  app.post('/echo', (request, response) => void response.json(request.body))
  return { app, close: () => sharing.close() }
}
