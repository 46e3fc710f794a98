import type { Field } from '@spillway/core'
import { memoryStore } from '@spillway/storage'
import { icebergManifest, keepingCache, writeIcebergTable } from '@spillway/testkit'
import { expect, it } from 'vitest'
import { icebergReader } from '../src/index.js'

const LOCATION = 's3://bucket/table'
const ID: Field = { id: 1, name: 'id', physicalName: 'id', type: 'long', nullable: true }

/** A table of three files whose manifest has `change` made to its bytes. */
async function filesOf(change: (manifest: Buffer) => void) {
  const store = memoryStore()
  const entries = ['a', 'QQ', 'c'].map(name => ({
    path: `${LOCATION}/data/${name}.parquet`,
    recordCount: 1,
    size: 10,
  }))
  const manifest = Buffer.from(icebergManifest({ codec: 'null', entries }))
  change(manifest)
  const path = `${LOCATION}/metadata/m.avro`
  await store.put(path, manifest)
  await writeIcebergTable(store, LOCATION, {
    fields: [ID],
    manifests: [
      {
        path,
        length: manifest.length,
        sequenceNumber: 1,
        addedFiles: 3,
        addedRows: 3,
        existingFiles: 0,
        existingRows: 0,
        deletedFiles: 0,
        deletedRows: 0,
      },
    ],
  })
  const reader = icebergReader({ store, cache: keepingCache() })
  const snapshot = await reader.snapshot({ location: LOCATION, format: 'iceberg' })
  const { live } = await snapshot.files.handles[0]!.load()
  return live.length
}

it('a path that is no UTF-8 is refused: it would be the path of another file', async () => {
  expect(await filesOf(() => undefined)).toBe(3)
  const broken = filesOf(manifest => {
    manifest.set([0xff, 0xfe], manifest.indexOf('QQ'))
  })
  await expect(broken).rejects.toMatchObject({
    code: 'TABLE_CORRUPT',
    message: expect.stringMatching(/the path of file 1 is no UTF-8/),
  })
})
