import { deltaAdd, type deltaMetadata } from '@spillway/testkit'
import { describe, expect, it } from 'vitest'
import { allFiles } from '../support/all-files.js'
import { ID_AND_DAY, openTable } from '../support/open-table.js'

type Made = Pick<Parameters<typeof deltaMetadata>[0], 'createdTime'>

/** Which files of a table are taken for imported, one by one and by their rows. */
async function importedOf(made: Made, times: Readonly<Record<string, number>>) {
  const { reader, source, table } = openTable()
  const adds = Object.entries(times).map(([path, modificationTime]) =>
    deltaAdd(path, { modificationTime }),
  )
  await table.create({ ...ID_AND_DAY, partitionColumns: [], ...made })
  await table.commit(...adds)
  const snapshot = await reader.snapshot(source)
  const names: string[] = []
  for (const handle of snapshot.files.handles) {
    const loaded = await handle.load()
    const rows = loaded.imported?.(loaded.live) ?? []
    names.push(...[...rows].map(row => Object.keys(times)[row]!))
  }
  const found = (await allFiles(snapshot)).filter(({ imported }) => imported)
  expect(found.map(({ recordedPath }) => recordedPath)).toEqual(names)
  return names
}

describe('a file that is older than its Delta table', () => {
  it('may have been imported', async () => {
    const times = { older: 999, same: 1_000, newer: 1_001, unknown: 0 }
    expect(await importedOf({ createdTime: 1_000 }, times)).toEqual(['older'])
  })

  it.each([null, undefined, 'yesterday'])('is like others where the table says %s', async time => {
    expect(await importedOf({ createdTime: time }, { older: 999 })).toEqual([])
  })
})
