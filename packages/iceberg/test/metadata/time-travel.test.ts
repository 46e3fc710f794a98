import { describe, expect, it } from 'vitest'
import { chooseSnapshot, versionOf } from '../../src/metadata/time-travel.js'
import { base, ID, parse } from '../support/metadata-document.js'

describe('chooseSnapshot', async () => {
  const metadata = await parse(base)

  it.each([
    [{ kind: 'latest' }, BigInt(ID), 1],
    [{ kind: 'snapshotId', id: 12n }, 12n, 0],
    [{ kind: 'sequence', number: 3n }, 13n, 1],
    [{ kind: 'version', version: 2n }, 12n, 0],
    // A branch is read with the schema of the table, a tag with its own.
    [{ kind: 'branch', name: 'audit' }, 12n, 1],
    [{ kind: 'branch', name: 'first' }, 11n, 0],
    [{ kind: 'timestamp', timestamp: 100, direction: 'before' }, 11n, 0],
    [{ kind: 'timestamp', timestamp: 299, direction: 'before' }, 11n, 0],
    [{ kind: 'timestamp', timestamp: 220, direction: 'before' }, 12n, 0],
    [{ kind: 'timestamp', timestamp: 201, direction: 'after' }, 11n, 0],
    [{ kind: 'timestamp', timestamp: 9999, direction: 'before' }, BigInt(ID), 1],
  ] as const)('reads %o as snapshot %s under schema %s', (ref, id, schemaId) => {
    const chosen = chooseSnapshot(metadata, ref)
    expect([chosen.snapshot?.id, chosen.schemaId]).toEqual([id, schemaId])
  })

  it.each([
    { kind: 'snapshotId', id: 99n },
    { kind: 'sequence', number: 9n },
    { kind: 'version', version: 0n },
    { kind: 'branch', name: 'none' },
    { kind: 'timestamp', timestamp: 99, direction: 'before' },
    { kind: 'timestamp', timestamp: 401, direction: 'after' },
  ] as const)('says what is not there: %o', ref => {
    expect(() => chooseSnapshot(metadata, ref)).toThrow(
      expect.objectContaining({ code: 'INVALID_REQUEST' }),
    )
  })

  it.each([null, -1, undefined])(
    'reads a table without a snapshot (%s) as version 0',
    async current => {
      const never = await parse({
        ...base,
        'current-snapshot-id': current,
        snapshots: [],
        'snapshot-log': [],
        refs: {},
      })
      const latest = chooseSnapshot(never, { kind: 'latest' })
      expect(latest).toEqual({ snapshot: undefined, schemaId: 1 })
      const version = versionOf(never, latest.snapshot)
      expect(chooseSnapshot(never, { kind: 'version', version })).toEqual(latest)
      expect(() => chooseSnapshot(never, { kind: 'version', version: 1n })).toThrow(/version 1/)
    },
  )

  it('numbers snapshots of version 1 by their place in the log', async () => {
    const old = base.snapshots.map(({ 'sequence-number': _, ...rest }) => rest)
    const one = await parse({ ...base, 'format-version': 1, snapshots: old })
    const versions = [...one.snapshots.values()].map(each => versionOf(one, each))
    expect(versions).toEqual([3n, 2n, 4n, 5n])
    expect(chooseSnapshot(one, { kind: 'version', version: 4n }).snapshot?.id).toBe(13n)
  })
})
