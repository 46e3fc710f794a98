import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { DataType, Value } from '@spillway/core'
import { localStore } from '@spillway/storage'
import { keepingCache } from '@spillway/testkit'
import { describe, expect, it } from 'vitest'
import { parquetTableReader } from '../src/index.js'

interface Expected {
  readonly name: string
  readonly columns: readonly string[]
  readonly rows: readonly (readonly unknown[])[]
  readonly mustRefuse?: boolean
}

const REAL = fileURLToPath(new URL('../../../test/fixtures/real/parquet/', import.meta.url))
const tables = readdirSync(REAL).map(
  name => JSON.parse(readFileSync(`${REAL}${name}/expect.json`, 'utf8')) as Expected,
)

async function opened(name: string) {
  const reader = parquetTableReader({ store: localStore(), cache: keepingCache() })
  const snapshot = await reader.snapshot({ location: `file://${REAL}${name}/table` })
  const files = []
  for (const handle of snapshot.files.handles) {
    const loaded = await handle.load()
    files.push(...(await loaded.files(loaded.live)))
  }
  return { snapshot, files }
}

describe('tables by other writers', () => {
  it.each(tables.filter(each => !each.mustRefuse))('$name is as its writer left it', async each => {
    const { snapshot, files } = await opened(each.name)
    expect(snapshot.schema.fields.map(({ name }) => name)).toEqual(each.columns)
    expect(files.reduce((sum, { recordCount }) => sum + recordCount!, 0)).toBe(each.rows.length)
    // Folders hold rows in the order that their values appear in.
    const spec = snapshot.partitionSpecs.get(0)!.fields
    const own = spec.map(part => snapshot.schema.fields.findIndex(f => f.id === part.sourceIds[0]))
    const written = each.rows.map(row => JSON.stringify(own.map(at => row[at])))
    const types = own.map(at => snapshot.schema.fields[at]!.type)
    const found = files
      .filter(file => file.recordCount! > 0)
      .map(file => JSON.stringify(file.partition.map((value, i) => spelled(value, types[i]!))))
    expect([...new Set(found)].sort()).toEqual([...new Set(written)].sort())
  })

  it.each(tables.filter(each => each.mustRefuse))('$name is refused by name', async ({ name }) => {
    const isThere = name !== 'empty-folder'
    await expect(opened(name)).rejects.toMatchObject({
      code: isThere ? 'UNSUPPORTED_FEATURE' : 'NOT_FOUND',
      context: { path: expect.stringContaining(isThere ? '.parquet' : name) },
    })
  })
})

function spelled(value: Value | null, type: DataType): unknown {
  if (type === 'date' && value !== null) {
    return new Date(Number(value) * 86_400_000).toISOString().slice(0, 10)
  }
  return typeof value === 'bigint' ? Number(value) : value
}
