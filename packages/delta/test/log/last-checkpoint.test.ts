import { parseExactJson } from '@spillway/encoding'
import { memoryStore } from '@spillway/storage'
import { describe, expect, it } from 'vitest'
import { lastCheckpointChecksum, readLastCheckpoint } from '../../src/log/last-checkpoint.js'

const FOLDER = 's3://b/t/_delta_log/'

const read = (text: string) =>
  readLastCheckpoint(memoryStore({ objects: [[`${FOLDER}_last_checkpoint`, text]] }), FOLDER)

describe('_last_checkpoint', () => {
  it('agrees with the checksum vector of PROTOCOL.md', () => {
    const sample = `{"k0":"'v 0'", "checksum": "adsaskfljadfkjadfkj", "k1":{"k2": 2, "k3": ["v3", [1, 2], {"k4": "v4", "k5": ["v5", "v6", "v7"]}]}}`
    expect(lastCheckpointChecksum(parseExactJson(sample) as never)).toBe(
      '6a92d155a59bf2eecbd4b4ec7fd1f875',
    )
  })

  it.each([
    ['a plain hint', '{"version":12,"size":3}', 12n],
    ['one with its checksum', '{"version":12,"checksum":"CHECKSUM"}', 12n],
    [
      'one with another checksum',
      '{"version":12,"checksum":"00000000000000000000000000000000"}',
      undefined,
    ],
    ['an empty file', '', undefined],
    ['half a file', '{"version":1', undefined],
    ['no version', '{"size":3}', undefined],
    ['a version that is no number', '{"version":"12"}', undefined],
    ['a negative version', '{"version":-1}', undefined],
    ['something else', '[1]', undefined],
  ])('%s', async (_, text, version) => {
    const checksum = lastCheckpointChecksum({ version: 12 })
    expect(await read(text.replace('CHECKSUM', checksum))).toBe(version)
  })

  it('is none where its checksum is over more paths than memory has room for', async () => {
    const zeros = (count: number) => new Array(count).fill(0).join()
    for (const [key, count] of [
      [900_000, 300],
      [1, 400_000],
      [1, 19_000],
    ] as const) {
      const members = `"version":12,"${'k'.repeat(key)}":[${zeros(count)}]`
      const checksum = lastCheckpointChecksum({ version: 12 })
      expect(await read(`{${members},"checksum":"${checksum}"}`)).toBeUndefined()
      expect(await read(`{${members}}`)).toBe(12n)
    }
  })

  it('is none where it is longer than any', async () => {
    expect(await read(`{"version":12}${' '.repeat(2 ** 20)}`)).toBeUndefined()
  })

  it('may be missing', async () => {
    expect(await readLastCheckpoint(memoryStore(), FOLDER)).toBeUndefined()
  })
})
