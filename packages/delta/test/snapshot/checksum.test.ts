import { memoryStore } from '@spillway/storage'
import { deltaVersion } from '@spillway/testkit'
import { describe, expect, it } from 'vitest'
import { allFiles } from '../support/all-files.js'
import { goldenLog } from '../support/golden-log.js'
import { counted, LOCATION, readerOf } from '../support/open-table.js'

const LOG = `${LOCATION}/_delta_log/`

/** A table whose checkpoint is not loaded as a whole, with this checksum of its latest version. */
async function withChecksum(text: string | undefined) {
  const store = memoryStore()
  for (const [path, bytes] of goldenLog('checkpoint-classic')) {
    if (!path.endsWith('.crc')) await store.put(path, bytes)
  }
  if (text !== undefined) {
    const { version } = await readerOf(store).reader.snapshot(readerOf(store).source)
    await store.put(`${LOG}${deltaVersion(Number(version))}.crc`, new TextEncoder().encode(text))
  }
  return store
}

async function read(text: string | undefined) {
  const watched = counted(await withChecksum(text))
  const { reader, source } = readerOf(watched.store)
  const { totals, ...snapshot } = await reader.snapshot(source)
  const files = await allFiles({ ...snapshot, ...(totals && { totals }) })
  return { totals, files: files.length, calls: watched.calls }
}

describe('a version checksum', () => {
  it('tells how large a table is that nobody has loaded', async () => {
    const { files } = await read(undefined)
    const said = await read(`{"numFiles":${files},"tableSizeBytes":123}`)
    expect(said).toMatchObject({ files, totals: { files, bytes: 123 } })
  })

  it.each([
    ['torn', '{"numFiles":4,"tableSi'],
    ['no object', '[1]'],
    ['no text', '\u0000\u0001'],
    ['empty', ''],
    ['short of its numbers', '{"metadata":{}}'],
    ['full of other types', '{"numFiles":"4","tableSizeBytes":null}'],
    ['negative', '{"numFiles":-1,"tableSizeBytes":-1}'],
    ['of more files than there can be', '{"numFiles":1000000,"tableSizeBytes":1}'],
  ])('that is %s is as if it were not there', async (_, text) => {
    const { files } = await read(undefined)
    expect(await read(text)).toMatchObject({ files, totals: undefined })
  })

  it('as long as a table is not read', async () => {
    const long = `{"numFiles":1,"tableSizeBytes":1,"allFiles":"${'x'.repeat(2 ** 20)}"}`
    const { totals, calls } = await read(long)
    expect([totals, calls.filter(call => call.endsWith('.crc'))]).toEqual([undefined, []])
  })

  it('that the store does not give keeps nobody from reading the table', async () => {
    const store = await withChecksum('{"numFiles":1,"tableSizeBytes":1}')
    const failing = {
      ...counted(store).store,
      get: (path: string, options?: Parameters<typeof store.get>[1]) =>
        path.endsWith('.crc') ? Promise.reject(new Error('denied')) : store.get(path, options),
    }
    const { reader, source } = readerOf(failing)
    expect((await reader.snapshot(source)).totals).toBeUndefined()
  })
})
