import assert from 'node:assert/strict'
import {
  type LiveFiles,
  leafOf,
  type Predicate,
  readString,
  type Selection,
  type Snapshot,
  type TableReader,
  typeName,
} from '@spillway/core'
import { rowTest } from '../oracle/oracle.js'
import type { Reading } from '../oracle/oracle-compare.js'
import { fileIndex, type LogicalTable, liveRows } from '../random/logical-table.js'
import { holdsFacts } from './reader-facts.js'
import { collect, failureCode, type SuiteCase } from './suite.js'
import { SUITE_PREDICATES } from './suite-table.js'

/** A table that some format's writer made of `table`, and how it is read. */
export interface ReaderSubject {
  readonly table: LogicalTable
  readonly snapshot: Snapshot
  /** Absent where the writer gives only snapshots. */
  readonly reader?: TableReader
  /** The planner, which this package may not import. */
  plan(
    snapshot: Snapshot,
    predicate: Predicate,
  ): AsyncIterable<{ readonly files: LiveFiles; readonly selection: Selection }>
}

export interface ReaderCase extends SuiteCase<ReaderSubject> {
  /** Why this case says nothing about the subject; undefined where it runs. */
  skip(subject: ReaderSubject): string | undefined
}

/** What every table reader keeps: the same logical table gives the same rows in every format. */
export const readerSuite: readonly ReaderCase[] = [
  always('finds every column with its type', findsColumns),
  always('says how its format keeps data', ({ snapshot, reader }) => holdsFacts(snapshot, reader)),
  always('lists every live file', listsFiles),
  always('gives every file a key of its own', keysFiles),
  always('summarises every batch', summarisesBatches),
  always('counts the rows that are left', countsRows),
  always('describes survivors in the order they are asked for', describesFiles),
  always('reads the same statistics for some rows as for all', readsSomeStats),
  ...SUITE_PREDICATES.map(([name, predicate]) =>
    always(`keeps the rows that match: ${name}`, subject => keepsMatches(subject, predicate)),
  ),
  always('prunes at all', prunes),
  withReader('detects its own table only', detects),
  withReader('resolves what the latest version is', resolvesLatest),
  withReader('refuses a version that is not there', refusesVersion),
  withReader('goes on from a previous snapshot', continues),
  withReader('honours cancellation', cancels),
]

function always(name: string, run: (subject: ReaderSubject) => Promise<void>): ReaderCase {
  return { name, run, skip: () => undefined }
}

function withReader(
  name: string,
  run: (subject: ReaderSubject & { readonly reader: TableReader }) => Promise<void>,
): ReaderCase {
  return {
    name,
    async run(subject) {
      if (subject.reader !== undefined) await run({ ...subject, reader: subject.reader })
    },
    skip: ({ reader }) =>
      reader === undefined ? 'the writer of this table hands out no reader' : undefined,
  }
}

const READING: Reading = {
  nan: 'greatest',
  nulls: 'three-valued',
  unknown: true,
  zoneOffsetMinutes: 0,
  narrow: false,
}

async function findsColumns({ table, snapshot }: ReaderSubject): Promise<void> {
  const described = (path: LogicalTable['columns'][number]) => {
    const found = snapshot.schema.find(path.map(({ name }) => name))
    return found && typeName(leafOf(found).type)
  }
  assert.deepEqual(
    table.columns.map(described),
    table.columns.map(path => typeName(leafOf(path).type)),
  )
}

async function batchesOf({ files }: Snapshot): Promise<readonly LiveFiles[]> {
  return Promise.all(files.handles.map(handle => handle.load()))
}

/** The table's files among the given rows, by their index there. */
function indexesOf({ batch }: LiveFiles, rows: Selection): readonly number[] {
  return Array.from(rows, row => fileIndex(readString(batch.path, row)))
}

async function listsFiles({ table, snapshot }: ReaderSubject): Promise<void> {
  const loaded = await batchesOf(snapshot)
  const listed = loaded.flatMap(each => indexesOf(each, each.live))
  // Some formats let a table list a file more than once.
  assert.deepEqual([...new Set(listed)].toSorted(ascending), [...table.files.keys()])
  if (snapshot.totals !== undefined) assert.equal(snapshot.totals.files, listed.length)
}

async function keysFiles({ table, snapshot }: ReaderSubject): Promise<void> {
  const loaded = await batchesOf(snapshot)
  const keys = loaded.flatMap(({ batch, live }) => Array.from(live, row => batch.key[row]!))
  assert.equal(new Set(keys).size, table.files.length)
}

async function summarisesBatches({ snapshot }: ReaderSubject): Promise<void> {
  const { handles, summaries } = snapshot.files
  assert.equal(summaries.length, handles.length)
  for (const handle of handles) {
    const { live } = await handle.load()
    assert.ok(handle.fileCount === undefined || handle.fileCount >= live.length)
  }
}

/** Where a reader states counts, they are right; it may leave them unknown. */
async function countsRows({ table, snapshot }: ReaderSubject): Promise<void> {
  for (const loaded of await batchesOf(snapshot)) {
    const { batch, live } = loaded
    const { recordCount } = await batch.readStats([], live)
    const deleted = await loaded.deletedCounts?.(live)
    for (const [position, index] of indexesOf(loaded, live).entries()) {
      const recorded = recordCount[live[position]!]!
      const left = recorded - (deleted?.[position] ?? 0)
      if (!Number.isNaN(left)) assert.equal(left, liveRows(table.files[index]!).length)
    }
  }
}

async function describesFiles({ table, snapshot }: ReaderSubject): Promise<void> {
  for (const loaded of await batchesOf(snapshot)) {
    const described = await loaded.files(loaded.live)
    const indexes = indexesOf(loaded, loaded.live)
    assert.deepEqual(
      described.map(({ path }) => fileIndex(path)),
      indexes,
    )
    for (const [position, { deletes, logFiles }] of described.entries()) {
      // Deletes and logs may apply to a file and name none of its rows.
      const { deleted } = table.files[indexes[position]!]!
      assert.ok(deletes.length > 0 || logFiles.length > 0 || deleted.size === 0)
    }
  }
}

async function readsSomeStats({ table, snapshot }: ReaderSubject): Promise<void> {
  const fields = table.columns.flatMap(path => {
    const found = snapshot.schema.find(path.map(({ name }) => name))
    return found === undefined ? [] : [found]
  })
  for (const { batch, live } of await batchesOf(snapshot)) {
    const all = await batch.readStats(fields, live)
    const last = live.subarray(-1)
    const some = await batch.readStats(fields, last)
    assert.deepEqual(
      [...some.columns.keys()].toSorted(ascending),
      [...all.columns.keys()].toSorted(ascending),
    )
    for (const row of last) assert.equal(some.recordCount[row], all.recordCount[row])
  }
}

async function survivors(
  { plan }: ReaderSubject,
  snapshot: Snapshot,
  predicate: Predicate,
): Promise<readonly number[]> {
  const parts = await collect(plan(snapshot, predicate))
  return parts.flatMap(({ files, selection }) => indexesOf(files, selection)).toSorted(ascending)
}

/** The rows that match within the surviving files are all the rows that match. */
async function keepsMatches(subject: ReaderSubject, predicate: Predicate): Promise<void> {
  const { table, snapshot } = subject
  const test = rowTest(predicate, table.schema, READING)
  const matching = (index: number) =>
    liveRows(table.files[index]!).filter(row => test(row) === true).length
  const kept = new Set(await survivors(subject, snapshot, predicate))
  const everywhere = [...table.files.keys()].filter(index => matching(index) > 0)
  assert.deepEqual(
    everywhere.filter(index => kept.has(index)),
    everywhere,
  )
}

async function prunes(subject: ReaderSubject): Promise<void> {
  let pruned = 0
  for (const [, predicate] of SUITE_PREDICATES) {
    const kept = await survivors(subject, subject.snapshot, predicate)
    if (predicate.kind !== 'alwaysFalse') pruned += subject.table.files.length - kept.length
  }
  assert.ok(pruned > 0, 'no predicate drops a file')
}

async function detects({ reader, snapshot }: { reader: TableReader; snapshot: Snapshot }) {
  assert.equal(await reader.detect(snapshot.source), true)
  const nowhere = { location: `${snapshot.source.location}-elsewhere` }
  assert.equal(await reader.detect(nowhere), false)
}

async function resolvesLatest({ reader, snapshot }: { reader: TableReader; snapshot: Snapshot }) {
  const resolved = await reader.resolve(snapshot.source, { kind: 'latest' })
  assert.equal(resolved.version, snapshot.version)
  assert.ok(resolved.timestamp >= snapshot.timestamp)
  const { version } = resolved
  const again = await reader.snapshot(snapshot.source, { at: { kind: 'version', version } })
  assert.equal(resolved.timestamp, again.timestamp)
}

async function refusesVersion({ reader, snapshot }: { reader: TableReader; snapshot: Snapshot }) {
  const at = { kind: 'version', version: snapshot.version + 1000n } as const
  const code = await failureCode(() => reader.snapshot(snapshot.source, { at }))
  assert.ok(code === 'INVALID_REQUEST' || code === 'NOT_FOUND', `found ${code}`)
}

async function continues(subject: ReaderSubject & { readonly reader: TableReader }) {
  const { reader, snapshot } = subject
  const next = await reader.snapshot(snapshot.source, { previous: snapshot })
  assert.equal(next.version, snapshot.version)
  const everything: Predicate = { kind: 'alwaysTrue' }
  assert.deepEqual(
    await survivors(subject, next, everything),
    await survivors(subject, snapshot, everything),
  )
}

async function cancels({ reader, snapshot }: { reader: TableReader; snapshot: Snapshot }) {
  const signal = AbortSignal.abort()
  assert.equal(await failureCode(() => reader.snapshot(snapshot.source, { signal })), 'CANCELLED')
}

function ascending(a: number, b: number): number {
  return a - b
}
