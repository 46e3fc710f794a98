import { mkdtempSync, rmSync } from 'node:fs'
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createSharingClient, parseTableName } from '@spillway/client'
import { duckDb } from '@spillway/rows'
import { tokenHash } from '@spillway/server'
import express from 'express'
import { parseConfig } from 'spillway'
import { afterAll, expect, it, vi } from 'vitest'
import { createApp } from '../express-app/app.js'

const folder = mkdtempSync(join(tmpdir(), 'spillway-express-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

it('the Express application shares tables beside its own routes', async () => {
  vi.spyOn(console, 'log').mockImplementation(() => undefined)
  const duckdb = duckDb()
  const connection = await duckdb.connect()
  await connection.run(`COPY (SELECT range AS id FROM range(7)) TO '${folder}/t.parquet'`)
  connection.close()
  await duckdb.close()
  const tables = [{ name: 't', location: folder, format: 'parquet' }]
  const document = {
    shares: [{ name: 's', schemas: [{ name: 'd', tables }] }],
    recipients: [
      { name: 'me', shares: ['*'], tokens: [{ sha256: tokenHash('t0ken').toString('hex') }] },
    ],
  }
  // The address is known once something listens; the application is what answers there.
  const outer = express()
  const server = await new Promise<Server>(resolve => {
    const listening = outer.listen(0, '127.0.0.1', () => resolve(listening))
  })
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const config = parseConfig(JSON.stringify(document), { folder, path: 'test' })
  const { app, close } = createApp(config, origin)
  outer.use(app)

  const endpoint = `${origin}/data`
  const client = createSharingClient({ shareCredentialsVersion: 1, endpoint, bearerToken: 't0ken' })
  const answer = await client.query(parseTableName('s.d.t'))
  for await (const action of answer.actions) {
    if (action.kind !== 'file') continue
    const file = await fetch(action.file.url)
    expect((await file.arrayBuffer()).byteLength).toBe(action.file.size)
  }
  expect(await (await fetch(origin)).text()).toContain('/data')
  const echoed = await fetch(`${origin}/echo`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: '{"a":1}',
  })
  expect(await echoed.json()).toEqual({ a: 1 })

  await new Promise(resolve => server.close(resolve))
  await close()
})
