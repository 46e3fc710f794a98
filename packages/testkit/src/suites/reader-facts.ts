import assert from 'node:assert/strict'
import {
  type DataFile,
  type FormatFacts,
  mappedNames,
  requireFacts,
  type Snapshot,
  type TableReader,
  tableRoots,
} from '@spillway/core'

/** Every fact about the format is stated, by readers that no compiler has checked too, and the table is as they say. */
export async function holdsFacts(snapshot: Snapshot, reader?: TableReader): Promise<void> {
  requireFacts(snapshot, snapshot.format)
  checkMatching(snapshot.columnMatching)
  checkDocuments(snapshot)
  checkDeclared(snapshot)
  if (reader !== undefined && snapshot.changeFeed !== 'none') {
    assert.ok(reader.changes !== undefined, 'a change feed is stated that the reader cannot give')
  }
  const files = await filesOf(snapshot)
  await checkFormats(snapshot)
  const { rootOf } = tableRoots(snapshot.source, snapshot)
  for (const file of files) {
    checkDeletes(file, snapshot)
    assert.ok(rootOf(file.path) !== undefined, `${file.path} lies outside the table's folder`)
    if (snapshot.modificationTimes === 'snapshot') {
      assert.equal(file.modificationTime, snapshot.timestamp)
    }
  }
  if (snapshot.mayRepeatFiles !== true) {
    assert.equal(new Set(files.map(({ path }) => path)).size, files.length)
  }
}

/** A file that is no Parquet file is known before it is asked for. */
async function checkFormats({ files }: Snapshot): Promise<void> {
  for (const handle of files.handles) {
    const loaded = await handle.load()
    const others = (await loaded.files(loaded.live))
      .map(({ fileFormat }) => fileFormat)
      .filter(format => format !== 'parquet' && format !== 'hudi-log')
    const told = loaded.otherFormat?.(loaded.live)
    assert.ok(told === undefined ? others.length === 0 : others.some(format => format === told))
  }
}

function checkMatching(matching: FormatFacts['columnMatching']): void {
  if (matching.by === 'name') return
  // Throws where the mapping is none.
  if (matching.withoutIds === 'mapping') mappedNames(matching.mapping)
}

function checkDocuments({ deltaActions, tableId }: Snapshot): void {
  if (deltaActions === undefined) return
  assert.ok(JSON.parse(deltaActions.protocol).minReaderVersion >= 1)
  assert.equal(JSON.parse(deltaActions.metaData).id, tableId)
}

function checkDeclared(snapshot: Snapshot): void {
  const { deletes, features, mergedLogs, partitionValues, shapesFrom } = snapshot
  assert.ok(deletes !== 'none' || !features.has('deletionVectors'))
  assert.equal(deletes === 'log-files', mergedLogs !== undefined)
  // Only a footer tells whether a file lacks a column.
  if (partitionValues === 'files-or-metadata') assert.equal(shapesFrom, 'footers')
}

async function filesOf({ files }: Snapshot): Promise<readonly DataFile[]> {
  const loaded = await Promise.all(files.handles.map(handle => handle.load()))
  return (await Promise.all(loaded.map(each => each.files(each.live)))).flat()
}

function checkDeletes({ deletes: found, logFiles }: DataFile, { deletes }: Snapshot): void {
  assert.ok(logFiles.length === 0 || deletes === 'log-files', 'a file has logs')
  if (deletes === 'none' || deletes === 'log-files') {
    assert.equal(found.length, 0, 'a file has deletes')
  }
  if (deletes === 'delta-vectors') {
    const isVector = found.length === 1 && found[0]?.kind === 'deletion-vector'
    assert.ok(found.length === 0 || isVector, 'a file has deletes that are no single vector')
  }
}
