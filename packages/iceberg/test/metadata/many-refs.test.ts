import { turnsDuring } from '@spillway/testkit'
import { describe, expect, it } from 'vitest'
import { parseMetadata } from '../../src/metadata/metadata.js'
import { chooseSnapshot } from '../../src/metadata/time-travel.js'

const file = { path: 'v1.metadata.json', meta: { path: '', size: 0, lastModified: 0 } }

/** As builds make them: a tag for each commit. */
function tags(count: number): string {
  const tag = (i: number) => `"build-${i}":{"snapshot-id":${1 + (i % 2)},"type":"tag"}`
  return Array.from({ length: count }, (_, i) => tag(i)).join(',')
}

function parsed(refs: string) {
  const document = {
    'format-version': 2,
    location: 's3://b/t',
    'current-schema-id': 0,
    schemas: [{ type: 'struct', 'schema-id': 0, fields: [] }],
    'partition-specs': [{ 'spec-id': 0, fields: [] }],
    'current-snapshot-id': 2,
    snapshots: [1, 2].map(id => ({ 'snapshot-id': id, 'timestamp-ms': id })),
  }
  const text = `${JSON.stringify(document).slice(0, -1)},"refs":${refs}}`
  return parseMetadata(new TextEncoder().encode(text), file)
}

describe('a table of very many refs', () => {
  it('is read while others go on', async () => {
    const last = '"build-7":{"snapshot-id":1,"type":"branch"},"__proto__":{}'
    const { turns, value } = await turnsDuring(() => parsed(`{${tags(150_000)},${last}}`))
    expect(turns).toBeGreaterThan(20)
    expect(value.refs.size).toBe(150_001)
    expect(value.refs.get('main')).toEqual({ kind: 'branch', snapshotId: 2n })
    const name = 'build-149998'
    expect(chooseSnapshot(value, { kind: 'branch', name }).snapshot?.id).toBe(1n)
    // Of two of one name the last counts, as everywhere in JSON.
    expect(value.refs.get('build-7')).toEqual({ kind: 'branch', snapshotId: 1n })
  })

  it('is refused where they are more than can be held', async () => {
    await expect(parsed(`{${tags(200_001)}}`)).rejects.toThrow(
      '"refs" in v1.metadata.json of more than 200000 members: at most 200000 are read',
    )
  })

  it.each([
    ['[1]', 'refs: Invalid input: expected record, received array'],
    ['{"a":1}', 'refs.a: Invalid input: expected object, received number'],
    [
      `{${tags(20_000)},"b":{"snapshot-id":1,"type":"x"}}`,
      'refs.b.type: Invalid option: expected one of "branch"|"tag"',
    ],
  ])('that are wrong are refused', async (refs, message) => {
    await expect(parsed(refs)).rejects.toThrow(message)
  })

  it('of none has a main branch', async () => {
    expect((await parsed('null')).refs.size).toBe(1)
    expect((await parsed('{}')).refs.size).toBe(1)
  })
})
