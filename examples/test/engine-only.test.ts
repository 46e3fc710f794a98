import { cpSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, expect, it } from 'vitest'
import { localEngine, planAndSign } from '../engine-only/plan-and-sign.js'

const folder = mkdtempSync(join(tmpdir(), 'spillway-engine-only-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const fixtures = fileURLToPath(new URL('../../test/fixtures/delta', import.meta.url))
for (const name of ['plain', 'dv-delete']) {
  cpSync(join(fixtures, name), join(folder, name), { recursive: true })
}
const { engine, gateway } = localEngine(folder, 'https://files.example')

async function filesOf(name: string, where?: string) {
  const { files } = await planAndSign(engine, `file://${join(folder, name)}`, where)
  const found = []
  for await (const file of files) found.push(file)
  return found
}

it('signs the files that may hold a match, and the gateway honours what it signed', async () => {
  const all = await filesOf('plain')
  const some = await filesOf('plain', 'id < 4')
  expect(some.length).toBeGreaterThan(0)
  expect(some.length).toBeLessThan(all.length)
  for (const { url, bytes, expiresAt } of all) {
    const file = await gateway.handle(new Request(url))
    expect([file.status, (await file.arrayBuffer()).byteLength]).toEqual([200, bytes])
    expect(Math.abs(expiresAt - Date.now() - 900_000)).toBeLessThan(60_000)
  }
  const [{ url } = { url: '' }] = all
  expect((await gateway.handle(new Request(url.replace('.parquet', '.csv')))).status).toBe(403)
})

it('refuses a table with deletes before its first file, and a filter that it does not understand', async () => {
  await expect(filesOf('dv-delete')).rejects.toMatchObject({ code: 'UNSUPPORTED_FEATURE' })
  await expect(filesOf('plain', 'f(id) = 1')).rejects.toMatchObject({ code: 'INVALID_REQUEST' })
})
