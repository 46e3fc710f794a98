import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { type DataFile, isTableError, type Snapshot, typeName } from '@spillway/core'
import { localStore } from '@spillway/storage'
import { keepingCache, spreadOf } from '@spillway/testkit'
import { describe, expect, it } from 'vitest'
import { deltaReader } from '../src/index.js'
import { allFiles, liveRecords } from './support/all-files.js'

interface Expected {
  readonly error?: string
  readonly lenient?: object
  readonly version: number
  readonly minReader: number
  readonly numActiveFiles: number
  readonly acceptedNumActiveFiles?: readonly number[]
  readonly numDeletionVectors: number
  readonly numRecords: number | null
  readonly schema: readonly string[]
  readonly schemaTypes: readonly string[]
  readonly partitionColumns: readonly string[]
  readonly versions?: Readonly<Record<string, number>>
  readonly catalog?: object
  readonly files: string
}

interface Fixture {
  readonly name: string
  readonly note?: string
  readonly expected: Expected
}

// The tables lie beside the repository, not in it.
const folder = fileURLToPath(new URL('../../../../shared/fixtures/delta/', import.meta.url))
const isPresent = existsSync(`${folder}manifest.jsonl`)
const fixtures = isPresent
  ? readFileSync(`${folder}manifest.jsonl`, 'utf8').trim().split('\n').map(parseFixture)
  : []

function parseFixture(line: string): Fixture {
  return JSON.parse(line) as Fixture
}

function open(name: string) {
  const reader = deltaReader({ store: localStore(), cache: keepingCache() })
  return { reader, source: { location: `file://${folder}${name}`, format: 'delta' as const } }
}

const readable = fixtures.filter(fixture => fixture.expected.error === undefined)
const broken = fixtures.filter(
  ({ expected }) => expected.error !== undefined && expected.lenient === undefined,
)

describe.skipIf(!isPresent)('tables of other projects (skipped where they are not at hand)', () => {
  it('are listed', () => {
    expect(fixtures.length).toBeGreaterThan(100)
  })

  it.each(readable.map(fixture => [fixture.name, fixture] as const))(
    'reads %s',
    async (name, fixture) => {
      const { expected } = fixture
      const { reader, source } = open(name)
      const snapshot = await reader.snapshot(source).catch((error: unknown) => error)
      if (expected.catalog !== undefined || /reading are both accepted/.test(fixture.note ?? '')) {
        if (isTableError(snapshot)) return expect(snapshot.code).toBe('UNSUPPORTED_FEATURE')
      }
      if (snapshot instanceof Error) throw snapshot
      const table = snapshot as Snapshot
      const files = await allFiles(table)
      expect(factsOf(table)).toEqual({
        version: String(expected.version),
        columns: expected.schema,
        partitionColumns: expected.partitionColumns,
      })
      expect(expected.acceptedNumActiveFiles ?? [expected.numActiveFiles]).toContain(files.length)
      if (expected.acceptedNumActiveFiles !== undefined) return
      expect(listed(files)).toEqual(expectedFiles(expected.files))
      expect(files.filter(file => file.deletes.length > 0).length).toBe(expected.numDeletionVectors)
      const records = await liveRecords(table)
      if (records !== undefined && expected.numRecords !== null) {
        expect(records).toBe(expected.numRecords)
      }
      if (table.totals !== undefined) expect(table.totals.files).toBe(files.length)
    },
  )

  it.each(spreadOf(readable.flatMap(versionCases), 120))(
    'reads %s at version %s',
    async (name, version, count) => {
      const { reader, source } = open(name)
      const at = { kind: 'version', version: BigInt(version) } as const
      const table = await reader.snapshot(source, { at })
      expect((await allFiles(table)).length).toBe(count)
    },
  )

  it.each(spreadOf(readable.flatMap(versionCases), 120))(
    'advances %s to version %s',
    async (name, version, count) => {
      if (version === '0') return
      const { reader, source } = open(name)
      const before = { kind: 'version', version: BigInt(version) - 1n } as const
      const previous = await reader.snapshot(source, { at: before }).catch(() => undefined)
      if (previous === undefined) return
      await allFiles(previous)
      const at = { kind: 'version', version: BigInt(version) } as const
      const table = await reader.snapshot(source, { at, previous })
      expect((await allFiles(table)).length).toBe(count)
    },
  )

  it.each(broken.map(fixture => [fixture.name, fixture.expected.error]))(
    'refuses %s: %s',
    async name => {
      const { reader, source } = open(name)
      const outcome = await reader
        .snapshot(source)
        .then(allFiles)
        .catch((error: unknown) => error)
      expect(isTableError(outcome) ? outcome.code : outcome).toMatch(
        /TABLE_CORRUPT|UNSUPPORTED_FEATURE|NOT_FOUND/,
      )
    },
  )
})

/** Versions at which a protocol and a schema exist. */
function versionCases({ name, expected }: Fixture): [string, string, number][] {
  if (expected.acceptedNumActiveFiles !== undefined || expected.catalog !== undefined) return []
  let documents = 0
  return Object.entries(expected.versions ?? {}).flatMap(([version, count]) => {
    const file = `${folder}${name}/_delta_log/${version.padStart(20, '0')}.json`
    const text = existsSync(file) ? readFileSync(file, 'utf8') : ''
    if (/"protocol"\s*:\s*\{/.test(text)) documents |= 1
    if (/"schemaString"/.test(text)) documents |= 2
    return documents === 3 ? [[name, version, count] as [string, string, number]] : []
  })
}

function factsOf(snapshot: Snapshot) {
  const { fields } = snapshot.schema
  const ids = [...snapshot.partitionSpecs.values()].flatMap(spec => spec.fields)
  expect(fields.map(field => typeName(field.type)).length).toBe(fields.length)
  return {
    version: snapshot.version.toString(),
    columns: fields.map(field => field.name),
    partitionColumns: ids.map(field => fields.find(known => known.id === field.sourceIds[0])?.name),
  }
}

function listed(files: readonly DataFile[]) {
  return files.map(file => ({ path: file.recordedPath, size: file.size })).sort(byPath)
}

function expectedFiles(file: string) {
  const all = JSON.parse(readFileSync(`${folder}${file}`, 'utf8')) as {
    path: string
    size: number
  }[]
  return all.map(({ path, size }) => ({ path, size })).sort(byPath)
}

function byPath(a: { path: string }, b: { path: string }): number {
  return a.path < b.path ? -1 : a.path > b.path ? 1 : 0
}
