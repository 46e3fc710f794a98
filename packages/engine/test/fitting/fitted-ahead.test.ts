import type { Accepts, ColumnLookup, ParquetShape } from '@spillway/core'
import { type PlannedFiles, planScan } from '@spillway/planner'
import { expect, it } from 'vitest'
import { fittedAhead } from '../../src/fitting/fitted-ahead.js'
import { Fitter } from '../../src/fitting/fitter.js'
import { createEngine, type EngineOptions } from '../../src/index.js'
import { dataFile, LOCATION, scriptedReader, scriptedSigner, snapshotOf } from '../support/table.js'

const FITS: ParquetShape = {
  columns: [{ name: 'id', kind: 'leaf', type: 'long', children: [] }],
  hasFieldIds: false,
}
const LOOKUP: ColumnLookup = {
  by: 'name',
  fallbacks: ['never'],
  showsExtras: false,
  prefersOwn: false,
  changesMaps: false,
  annotations: new Set(),
  fromPartitions: new Set(),
}
const STAGED = {
  stagingLocations: ['file:///staging'],
  rowResolver: {
    toDeletionVector: () => Promise.reject(new Error('no deletes')),
    splitSlice: async () => undefined,
    splitByValue: async (_: unknown, file: ReturnType<typeof dataFile>) => [file],
    toCompleteFile: () => Promise.reject(new Error('all fit')),
  },
} as unknown as Partial<EngineOptions>

/** A table of `count` files whose footers take a turn each; all that was asked of them. */
function table(count: number, options: Partial<EngineOptions>, lookup = LOOKUP) {
  const given = { files: Array.from({ length: count }, (_, i) => dataFile(`f${i}`)) }
  const reads = { asked: 0, underWay: 0, most: 0, cancelled: 0 }
  const engine = createEngine({
    readers: [scriptedReader(given)],
    signers: [scriptedSigner()],
    fileShapes: {
      async of(files, signal) {
        reads.asked += files.length
        reads.underWay += files.length
        reads.most = Math.max(reads.most, reads.underWay)
        await new Promise(resolve => setTimeout(resolve, 1))
        reads.underWay -= files.length
        if (signal?.aborted) reads.cancelled++
        return files.map(() => FITS)
      },
    },
    ...options,
  })
  const snapshot = {
    ...snapshotOf({ location: LOCATION }, { ...given, format: 'iceberg' }),
    shapesFrom: 'footers' as const,
  }
  const accepts: Accepts = { features: new Set(), inlineVectorBytes: 0, lookup: () => lookup }
  return {
    reads,
    files: (signal?: AbortSignal) =>
      engine.signedFiles(snapshot, { accepts, ...(signal && { signal }) }),
  }
}

it('reads footers a bounded number of files ahead, in order, and each file once', async () => {
  const { reads, files } = table(3000, STAGED)
  const names: string[] = []
  for await (const batch of files()) names.push(...batch.map(({ file }) => file.recordedPath))
  expect(names).toEqual(Array.from({ length: 3000 }, (_, i) => `f${i}`))
  expect(reads.asked).toBe(3000)
  expect(reads.most).toBe(256)
})

it('sends the first files before the other footers are read where none can be refused', async () => {
  const partitioned = { ...LOOKUP, fromPartitions: new Set([99]) }
  for (const lookup of [LOOKUP, partitioned]) {
    const { reads, files } = table(3000, STAGED, lookup)
    for await (const batch of files()) {
      expect(batch).toHaveLength(32)
      expect(reads.asked).toBeLessThanOrEqual(256)
      break
    }
    await new Promise(resolve => setTimeout(resolve, 20))
    expect(reads.asked).toBeLessThanOrEqual(256)
    expect(reads.cancelled).toBeGreaterThan(0)
  }
})

it('stops reading when its recipient is gone', async () => {
  const { reads, files } = table(3000, STAGED)
  const gone = new AbortController()
  const drain = async () => {
    for await (const batch of files(gone.signal)) if (batch.length > 0) gone.abort()
  }
  await expect(drain()).rejects.toMatchObject({ code: 'CANCELLED' })
  await new Promise(resolve => setTimeout(resolve, 20))
  expect(reads.asked).toBeLessThanOrEqual(512)
})

it('reads all of them before the first file where one may have to be refused', async () => {
  const { reads, files } = table(3000, {})
  for await (const batch of files()) {
    expect(batch).toHaveLength(32)
    expect(reads.asked).toBeGreaterThanOrEqual(3000)
    break
  }
})

it('lets go of what is planned as soon as it is sent, for what its batches decode is as large as the table', async () => {
  const given = { files: Array.from({ length: 40 }, (_, i) => dataFile(`f${i}`)) }
  const snapshot = snapshotOf({ location: LOCATION }, given)
  const batches: PlannedFiles[] = []
  for await (const batch of planScan(snapshot, {})) batches.push(batch)
  const planned = [...batches, ...batches, ...batches]
  const accepts = { features: new Set<string>(), inlineVectorBytes: 0 }
  const left: unknown[] = []
  for await (const files of fittedAhead(planned, { fitter: new Fitter({ snapshot, accepts }) })) {
    left.push([files[0]?.file.recordedPath, files.length, planned.length])
  }
  const each = (more: number) => [
    ['f0', 32, more],
    ['f32', 8, more],
  ]
  expect(left).toEqual([...each(2), ...each(1), ...each(0)])
})
