import { cpSync, mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { createSharingClient, parseTableName } from '@spillway/client'
import { tokenHash } from '@spillway/server'
import { afterAll, expect, it } from 'vitest'
import { createTenantApp, type Tenant } from '../tenant-app/app.js'

const folder = mkdtempSync(join(tmpdir(), 'spillway-tenants-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))
const fixtures = fileURLToPath(new URL('../../test/fixtures/delta', import.meta.url))
for (const name of ['plain', 'nested']) {
  cpSync(join(fixtures, name), join(folder, name), { recursive: true })
}

const tenant = (id: string, table: string): Tenant => ({
  id,
  name: `tenant-${id}`,
  tokenSha256: tokenHash(`token-${id}`).toString('hex'),
  bytesPerDay: 1_000_000,
  shares: [{ name: 'lake', schemas: [{ name: 'd', tables: [{ name: table, location: table }] }] }],
})

it('shares the tables of each tenant, audits, and ends with its tenant or its bytes', async () => {
  let list = [tenant('1', 'plain'), tenant('2', 'nested')]
  const trail: string[] = []
  let auditIsDown = false
  // The port is known once something listens; the endpoint is what it is made with.
  const port = await freePort()
  const endpoint = `http://127.0.0.1:${port}/delta-sharing`
  const { server, close } = createTenantApp({
    endpoint,
    root: folder,
    tenants: async () => list,
    audit: async line => {
      if (auditIsDown) throw new Error('the disk is full')
      trail.push(line)
    },
  })
  await new Promise<void>(resolve => server.listen(port, '127.0.0.1', resolve))
  const clientOf = (id: string) =>
    createSharingClient({ shareCredentialsVersion: 1, endpoint, bearerToken: `token-${id}` })
  const read = async (id: string, table: string) => {
    const answer = await clientOf(id).query(parseTableName(`lake.d.${table}`))
    const statuses: number[] = []
    for await (const action of answer.actions) {
      if (action.kind === 'file') statuses.push((await fetch(action.file.url)).status)
    }
    return [...new Set(statuses)]
  }

  expect(await read('1', 'plain')).toEqual([200])
  await expect(read('1', 'nested')).rejects.toMatchObject({ code: 'NOT_FOUND' })
  await expect(read('3', 'plain')).rejects.toMatchObject({ code: 'UNAUTHENTICATED' })
  expect(trail.some(line => line.includes('"route":"/files"'))).toBe(true)
  expect(trail.join()).not.toContain('token-1')

  // What is not written down is not answered.
  auditIsDown = true
  const unwritten = await fetch(`${endpoint}/shares`, {
    headers: { authorization: 'Bearer token-1' },
  })
  expect(unwritten.status).toBe(500)
  auditIsDown = false

  list = [{ ...tenant('1', 'plain'), bytesPerDay: 1 }, tenant('2', 'nested')]
  const over = await fetch(`${endpoint}/shares`, { headers: { authorization: 'Bearer token-1' } })
  expect([over.status, over.headers.get('retry-after')]).toEqual([429, '3600'])
  list = list.slice(1)
  const gone = await fetch(`${endpoint}/shares`, { headers: { authorization: 'Bearer token-1' } })
  expect(gone.status).toBe(401)

  server.closeAllConnections()
  await new Promise(resolve => server.close(resolve))
  await close()
})

async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  await new Promise(resolve => server.close(resolve))
  return port
}
