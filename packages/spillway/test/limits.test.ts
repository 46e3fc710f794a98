import { fileURLToPath } from 'node:url'
import type { ReadBudgets } from '@spillway/core'
import { describe, expect, it } from 'vitest'
import { createSharingServer, openTable, parseConfig } from '../src/index.js'

const fixture = (name: string) =>
  fileURLToPath(new URL(`../../../test/fixtures/${name}`, import.meta.url))

async function counted(name: string, limits: Partial<ReadBudgets> = {}): Promise<string> {
  try {
    const table = await openTable(fixture(name), { compose: { limits } })
    try {
      return String(await table.count())
    } finally {
      await table.close()
    }
  } catch (error) {
    const { code, message } = error as { code: string; message: string }
    return `${code}: ${message}`
  }
}

describe('compose', () => {
  it.each([
    ['delta/plain', { columns: 1 }, 'columns'],
    ['delta/checkpoint-without-log', { footerBytes: 100 }, 'footerBytes'],
    ['delta/dv-delete', { rows: 1 }, 'rows'],
    ['iceberg/pyiceberg-types', { documentValues: 10 }, 'documentValues'],
    ['iceberg/spark-v2-deletes-file', { objectBytes: 1000 }, 'objectBytes'],
    ['parquet-tables/types', { footerBytes: 100 }, 'footerBytes'],
  ] as const)('holds reading %s to %j, and no more than that', async (name, limits, key) => {
    expect(await counted(name, limits)).toMatch(
      new RegExp(`^UNSUPPORTED_FEATURE: .*limits\\.${key} raises that`),
    )
    expect(await counted(name)).not.toContain('limits.')
  })
})

const configured = (limits: string) =>
  parseConfig(
    `
limits: ${limits}
shares:
  - name: lake
    schemas:
      - name: golden
        tables:
          - { name: plain, location: ${JSON.stringify(fixture('delta/plain'))} }
recipients:
  - { name: partner, shares: [lake], tokens: [] }
`,
    { folder: '/', path: 'spillway.yaml' },
  )

describe('the configuration', () => {
  it.each([
    ['{ rows: 0 }', /limits\.rows/],
    ['{ documentBytes: 1000000000 }', /limits\.documentBytes/],
    ['{ pages: 5 }', /limits: unknown key "pages"/],
  ])('refuses limits of %s', (limits, message) => {
    expect(() => configured(limits)).toThrow(message)
  })

  it.each([
    ['{ columns: 1 }', 'UNSUPPORTED_FEATURE'],
    ['{ columns: 100 }', 'read'],
  ])('hands limits of %s to whoever reads', async (limits, expected) => {
    const server = createSharingServer({
      config: configured(limits),
      publicUrl: 'http://localhost',
    })
    const outcome = await server.spillway
      .engine()
      .snapshot({ location: `file://${fixture('delta/plain')}` })
      .then(
        () => 'read',
        (error: { code: string }) => error.code,
      )
    await server.close()
    expect(outcome).toBe(expected)
  })
})
