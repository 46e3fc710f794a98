import { isTableError } from '@spillway/core'
import { memoryStore } from '@spillway/storage'
import {
  deltaAdd,
  deltaMetadata,
  deltaProtocol,
  deltaRemove,
  deltaVersion,
  jsonLinesOf,
  quickOr,
} from '@spillway/testkit'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { allFiles } from './support/all-files.js'
import { ID_AND_DAY, LOCATION, readerOf } from './support/open-table.js'

const commits = [
  jsonLinesOf([deltaProtocol(['deletionVectors']), deltaMetadata(ID_AND_DAY)]),
  jsonLinesOf([
    deltaAdd('day=2024-01-02/a%20b', {
      partitionValues: { day: '2024-01-02' },
      stats: { numRecords: 3, minValues: { id: 1 }, maxValues: { id: 2 }, nullCount: { id: 0 } },
      tags: { a: 'b' },
    }),
    deltaAdd('c', {
      deletionVector: { storageType: 'i', pathOrInlineDv: '0rr91', sizeInBytes: 4, cardinality: 1 },
    }),
    deltaRemove('d', { partitionValues: { day: null } }),
  ]),
].map(text => new TextEncoder().encode(text))

interface Damage {
  readonly commit: number
  readonly at: number
  readonly kind: 'flip' | 'cut' | 'insert'
  readonly byte: number
}

const damage = fc.record<Damage>({
  commit: fc.nat(1),
  at: fc.nat(1500),
  kind: fc.constantFrom('flip', 'cut', 'insert'),
  byte: fc.nat(255),
})

function damaged(bytes: Uint8Array, { at, kind, byte }: Damage): Uint8Array {
  const place = at % bytes.length
  if (kind === 'cut') return bytes.slice(0, place)
  if (kind === 'insert') return Uint8Array.of(...bytes.slice(0, place), byte, ...bytes.slice(place))
  return bytes.map((each, i) => (i === place ? byte : each))
}

describe('a damaged log', () => {
  it('is read or refused with an error of its own, never with another', async () => {
    const check = async (damages: readonly Damage[]) => {
      const texts = commits.map((text, i) => {
        const own = damages.filter(each => each.commit === i)
        return own.reduce<Uint8Array>((bytes, each) => damaged(bytes, each), text)
      })
      const objects = texts.map(
        (text, i) => [`${LOCATION}/_delta_log/${deltaVersion(i)}.json`, text] as const,
      )
      const { reader, source } = readerOf(memoryStore({ objects }))
      try {
        const snapshot = await reader.snapshot(source)
        for (const file of await allFiles(snapshot)) expect(file.bounds.size).toBeLessThanOrEqual(2)
      } catch (error) {
        if (!isTableError(error)) throw error
        expect(['TABLE_CORRUPT', 'UNSUPPORTED_FEATURE']).toContain(error.code)
      }
    }
    const property = fc.asyncProperty(fc.array(damage, { minLength: 1, maxLength: 3 }), check)
    await fc.assert(property, { seed: 20261122, numRuns: quickOr(500, 2000) })
  })
})
