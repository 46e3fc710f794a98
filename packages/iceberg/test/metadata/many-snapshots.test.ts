import { describe, expect, it } from 'vitest'
import { type IcebergMetadata, parseMetadata } from '../../src/metadata/metadata.js'
import { chooseSnapshot, versionOf } from '../../src/metadata/time-travel.js'

const SNAPSHOTS = 20_000

/** Table metadata of version 1, whose snapshots have no numbers of their own. */
function parsed(more: object) {
  const schema = { type: 'struct', fields: [] }
  const document = {
    'format-version': 1,
    location: 's3://b/t',
    schema,
    'partition-spec': [],
    'current-snapshot-id': SNAPSHOTS,
    // The newest first: their order in the document says nothing.
    snapshots: Array.from({ length: SNAPSHOTS }, (_, i) => ({
      'snapshot-id': SNAPSHOTS - i,
      'timestamp-ms': 10 * (SNAPSHOTS - i),
    })),
    ...more,
  }
  const file = { path: 'v1.metadata.json', meta: { path: '', size: 0, lastModified: 0 } }
  return parseMetadata(new TextEncoder().encode(JSON.stringify(document)), file)
}

/** The same metadata, and how many entries of its history have been looked at. */
function counted(metadata: IcebergMetadata) {
  let looks = 0
  const list = <Item>(items: readonly Item[]) =>
    new Proxy(items, {
      get(target, key) {
        if (typeof key === 'string' && /^\d+$/.test(key)) looks++
        return Reflect.get(target, key)
      },
    })
  const snapshots = new Map(metadata.snapshots)
  snapshots.values = function* () {
    for (const [, snapshot] of Map.prototype.entries.call(snapshots)) {
      looks++
      yield snapshot
    }
  } as typeof snapshots.values
  const { log, currents } = metadata
  return {
    metadata: { ...metadata, snapshots, log: list(log), currents: list(currents) },
    looks: () => looks,
  }
}

describe('a version of a table of very many snapshots', () => {
  // Once the whole history was looked through for each snapshot: seconds, in one piece.
  it.each([
    ['without a log', {}],
    [
      'with one',
      {
        'snapshot-log': Array.from({ length: SNAPSHOTS }, (_, i) => ({
          'snapshot-id': i + 1,
          'timestamp-ms': 10 * (i + 1),
        })),
      },
    ],
  ])('is found at once, %s', async (_, more) => {
    const { metadata, looks } = counted(await parsed(more))
    for (const version of [1n, 2n, BigInt(SNAPSHOTS) - 1n, BigInt(SNAPSHOTS)]) {
      const { snapshot } = chooseSnapshot(metadata, { kind: 'version', version })
      expect(snapshot?.id).toBe(version)
      expect(versionOf(metadata, snapshot)).toBe(version)
    }
    const none = { kind: 'version', version: BigInt(SNAPSHOTS) + 1n } as const
    expect(() => chooseSnapshot(metadata, none)).toThrow(/does not have version/)
    // Each of the five is found by looking at every snapshot once, if not sooner.
    expect(looks()).toBeGreaterThan(0)
    expect(looks()).toBeLessThan(6 * SNAPSHOTS)
  })

  it('is the last position of a snapshot that was current twice, and 0 of one that never was', async () => {
    const metadata = await parsed({
      'snapshot-log': [7, 9, 7].map((id, i) => ({ 'snapshot-id': id, 'timestamp-ms': i })),
    })
    const versions = [7n, 9n, 8n].map(id => versionOf(metadata, metadata.snapshots.get(id)))
    expect(versions).toEqual([3n, 2n, 0n])
    expect(() => chooseSnapshot(metadata, { kind: 'version', version: 1n })).toThrow(/version 1/)
  })

  it('that became current at one moment follow each other as they are listed', async () => {
    const snapshots = [3, 1, 2].map(id => ({ 'snapshot-id': id, 'timestamp-ms': id === 3 ? 5 : 1 }))
    const metadata = await parsed({ snapshots, 'current-snapshot-id': 3 })
    const versions = [1n, 2n, 3n].map(id => versionOf(metadata, metadata.snapshots.get(id)))
    expect(versions).toEqual([1n, 2n, 3n])
  })
})
