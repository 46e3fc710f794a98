import type { Field, ObjectStore } from '@spillway/core'
import { memoryStore } from '@spillway/storage'
import { parquetFooterFile } from '@spillway/testkit'
import { expect, it } from 'vitest'
import { compose } from '../src/tables/compose.js'

const LOCATION = 's3://b/t'
const ID: Field = { id: 1, name: 'id', physicalName: 'id', type: 'long', nullable: true }
const ACCEPTS = {
  features: new Set<string>(),
  inlineVectorBytes: 0,
  lookup: () => ({
    by: 'name' as const,
    prefersOwn: false,
    changesMaps: false,
    fallbacks: ['never' as const],
    showsExtras: false,
    annotations: new Set<string>(),
    fromPartitions: new Set<number>(),
  }),
}

it('a folder of Parquet files costs one request a file at the first query and none at the next', async () => {
  const memory = memoryStore()
  for (let i = 0; i < 50; i++) {
    await memory.put(
      `${LOCATION}/${i % 3}/${i}.parquet`,
      parquetFooterFile([ID], [{ rowCount: 1, columns: new Map() }]),
    )
  }
  const reads: string[] = []
  const store: ObjectStore = {
    ...memory,
    get(path, options) {
      reads.push(path)
      return memory.get(path, options)
    },
  }
  const spillway = compose({ stores: [{ scheme: 's3', store }] })
  const engine = spillway.engine({
    freshnessMs: 0,
    signers: [
      {
        covers: () => true,
        sign: async paths => ({ urls: paths.map(path => `https://x/${path}`), expiresAt: 1 }),
      },
    ],
  })
  const query = async () => {
    let files = 0
    const snapshot = await engine.snapshot({ location: LOCATION, format: 'parquet' })
    for await (const batch of engine.signedFiles(snapshot, { accepts: ACCEPTS })) {
      files += batch.length
    }
    return files
  }
  try {
    expect(await query()).toBe(50)
    expect(reads).toHaveLength(50)
    expect(new Set(reads).size).toBe(50)
    expect(await query()).toBe(50)
    expect(reads).toHaveLength(50)
  } finally {
    await spillway.close()
  }
})
