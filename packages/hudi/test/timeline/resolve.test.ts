import { memoryStore } from '@spillway/storage'
import { hudiTableObjects, keepingCache } from '@spillway/testkit'
import { describe, expect, it } from 'vitest'
import { hudiReader } from '../../src/index.js'

const root = 's3://bucket/table'
const commit = {
  begin: '20260101000000001',
  completion: '20260101000000002',
  action: 'commit' as const,
  files: [],
}

const schema = JSON.stringify({
  type: 'record',
  name: 'table',
  fields: [{ name: 'id', type: ['null', 'long'], default: null }],
})

function readerOf(commits: readonly (typeof commit)[]) {
  const objects = hudiTableObjects({
    root,
    tableType: 'COPY_ON_WRITE',
    schema,
    properties: { 'hoodie.table.create.schema': schema },
    commits,
  })
  const store = memoryStore({ objects: [...objects] })
  return hudiReader({ store, cache: keepingCache() })
}

describe('version 0', () => {
  const at = { kind: 'version', version: 0n } as const

  it('is that of a table without writes, whenever it is asked for', async () => {
    const reader = readerOf([])
    const latest = await reader.snapshot({ location: root })
    expect(latest.version).toBe(0n)
    expect((await reader.snapshot({ location: root }, { at })).version).toBe(0n)
    expect((await reader.resolve({ location: root }, at)).version).toBe(0n)
  })

  it('is none of a table with writes', async () => {
    await expect(readerOf([commit]).resolve({ location: root }, at)).rejects.toMatchObject({
      code: 'INVALID_REQUEST',
    })
  })
})
