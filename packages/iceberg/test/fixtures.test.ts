import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import {
  isTableError,
  type Snapshot,
  type SnapshotRef,
  selectAll,
  type TableSource,
} from '@spillway/core'
import { localStore } from '@spillway/storage'
import { describe, expect, it } from 'vitest'
import { icebergReader } from '../src/index.js'
import { keepingCache } from './support/keeping-cache.js'

const fixtures = fileURLToPath(new URL('../../../../shared/fixtures/iceberg/', import.meta.url))
const manifest = `${fixtures}manifest.jsonl`

interface Entry {
  readonly name: string
  readonly kind?: string
  readonly metadataFile: string
  readonly discovery?: string
  readonly pathRemap?: readonly { readonly from: string; readonly to: string }[]
  readonly features: readonly string[]
  readonly notes?: string
  readonly expected: Expected
}
interface Expected {
  readonly error?: string
  readonly formatVersion?: number
  readonly currentSnapshotId: string | null
  readonly numDataFiles: number
  readonly numDeleteFiles: number
  readonly deletionVectors: number
  readonly recordsInDataFiles: number
  readonly numRecords: number | null
  readonly schemaFieldNames?: readonly string[]
  readonly refs?: Readonly<Record<string, { readonly snapshotId: string }>>
  readonly bySnapshot?: readonly {
    readonly snapshotId: string
    readonly numDataFiles: number
    readonly error?: string
  }[]
}

const entries: readonly Entry[] = existsSync(manifest)
  ? readFileSync(manifest, 'utf8')
      .split('\n')
      .filter(line => line.trim() !== '')
      .map(line => JSON.parse(line) as Entry)
  : []
const tables = entries.filter(({ kind, expected }) => kind === 'table' && !expected.error)
const reader = icebergReader({ store: localStore(), cache: keepingCache() })

function sourceOf({ name, pathRemap }: Entry, metadataFile?: string): TableSource {
  return {
    location: `file://${fixtures}${name}`,
    ...(metadataFile === undefined ? {} : { metadataFile }),
    ...(pathRemap?.length ? { rebase: pathRemap } : {}),
  }
}

/** Everything about a snapshot's files that the fixtures state. */
async function facts(snapshot: Snapshot) {
  let files = 0
  let records = 0
  let deleted = 0
  const deletes = new Set<string>()
  let vectors = 0
  for (const handle of snapshot.files.handles) {
    const { batch, live, ...loaded } = await handle.load()
    files += live.length
    for (const row of live) records += batch.stats.recordCount[row]!
    const counts = await loaded.deletedCounts?.(live)
    for (const count of counts ?? []) deleted += count
    for (const file of await loaded.files(live)) {
      for (const one of file.deletes) {
        const id = one.kind === 'deletion-vector' ? one.id : one.path
        if (!deletes.has(id) && one.kind === 'deletion-vector') vectors++
        deletes.add(id)
      }
    }
  }
  return { files, records, deleted, deletes: deletes.size, vectors }
}

describe.skipIf(entries.length === 0)(
  'fixture tables (skipped where the shared folder beside the repository is absent)',
  () => {
    it.each(tables.map(entry => [entry.name, entry] as const))('reads %s', async (_name, entry) => {
      const { expected } = entry
      const snapshot = await reader.snapshot(sourceOf(entry, entry.metadataFile))
      const found = await facts(snapshot)
      expect({
        files: found.files,
        records: found.records,
        names: snapshot.schema.fields.map(field => field.name),
        vectors: found.vectors,
      }).toEqual({
        files: expected.numDataFiles,
        records: expected.recordsInDataFiles,
        names: expected.schemaFieldNames,
        vectors: expected.deletionVectors,
      })
      expect(found.deletes).toBeLessThanOrEqual(expected.numDeleteFiles)
      if (!Number.isNaN(found.deleted) && expected.numRecords !== null) {
        expect(found.records - found.deleted).toBe(expected.numRecords)
      } else expect(found.deletes).toBeGreaterThan(0)
      const { native } = snapshot
      const id = expected.currentSnapshotId
      const current = id === null || id === '-1' ? null : BigInt(id)
      expect(native.format === 'iceberg' && native.snapshotId).toBe(current)
    })

    it.each(
      tables
        .filter(({ discovery, metadataFile }) => {
          return !discovery?.startsWith('explicit') && /^v?\d/.test(metadataFile.split('/').at(-1)!)
        })
        .map(entry => [entry.name, entry] as const),
    )('finds the metadata of %s', async (_name, entry) => {
      const source = sourceOf(entry)
      expect(await reader.detect(source)).toBe(true)
      const { native } = await reader.snapshot(source)
      expect(native.format === 'iceberg' && native.metadataFile).toBe(
        `file://${fixtures}${entry.name}/${entry.metadataFile}`,
      )
    })

    it.each(
      tables.flatMap(entry =>
        (entry.expected.bySnapshot ?? []).map(
          one => [entry.name, one.snapshotId, entry, one] as const,
        ),
      ),
    )('reads %s at snapshot %s', async (_name, id, entry, one) => {
      const at: SnapshotRef = { kind: 'snapshotId', id: BigInt(id) }
      const reading = async () => {
        const snapshot = await reader.snapshot(sourceOf(entry, entry.metadataFile), { at })
        return (await facts(snapshot)).files
      }
      if (one.error) await expect(reading()).rejects.toThrow()
      else expect(await reading()).toBe(one.numDataFiles)
    })

    it.each(
      tables
        .filter(({ expected }) => expected.refs && !Array.isArray(expected.refs))
        .flatMap(entry =>
          Object.entries(entry.expected.refs!).map(
            ([name, ref]) => [entry.name, name, entry, ref.snapshotId] as const,
          ),
        ),
    )('reads %s at the ref %s', async (_name, name, entry, id) => {
      const at: SnapshotRef = { kind: 'branch', name }
      const { native } = await reader.snapshot(sourceOf(entry, entry.metadataFile), { at })
      expect(native.format === 'iceberg' && native.snapshotId).toBe(BigInt(id))
    })

    it.each(
      entries
        .filter(({ expected, kind }) => kind !== 'metadata-json' && expected.error)
        .filter(({ expected }) => !/deletion vector/.test(expected.error!))
        .map(entry => [entry.name, entry] as const),
    )('refuses %s', async (_name, entry) => {
      const reading = reader
        .snapshot(sourceOf(entry, entry.metadataFile))
        .then(facts)
        .then(
          found => found,
          (error: unknown) => (isTableError(error) ? error.code : error),
        )
      expect(await reading).toMatch(/^(TABLE_CORRUPT|UNSUPPORTED_FEATURE|NOT_FOUND)$/)
    })

    it('reads bounds of every column of every table without an error', async () => {
      for (const entry of tables) {
        const snapshot = await reader.snapshot(sourceOf(entry, entry.metadataFile))
        const paths = snapshot.schema.fields.flatMap(field => {
          const path = snapshot.schema.find([field.name])
          return path === undefined ? [] : [path]
        })
        for (const handle of snapshot.files.handles) {
          const { batch } = await handle.load()
          const stats = await batch.readStats(paths, selectAll(batch.length))
          expect(stats.columns.size).toBeGreaterThanOrEqual(paths.length)
        }
      }
    })
  },
)
