import {
  mapConcurrently,
  type ObjectStore,
  Slices,
  TableError,
  type TableSource,
  tableRoots,
  throwIfCancelled,
} from '@spillway/core'
import { readParquetFooter } from '@spillway/encoding'
import { filePath } from '../file-groups/file-name.js'
import type { FileSlice, SourceFile } from '../file-groups/file-slices.js'
import { isMetaField, sameName } from '../schema/schema.js'
import type { TableState } from '../timeline/table-state.js'
import { type BootstrapIndex, SKELETON_INSTANT } from './bootstrap-index.js'
import { sourcePath } from './source-path.js'

export interface SkeletonOptions {
  readonly store: ObjectStore
  readonly state: TableState
  readonly source: TableSource
  readonly index: BootstrapIndex
  /** Columns that have to be in the source files, as the folders do not spell their values exactly. */
  readonly needed?: readonly string[]
  readonly signal?: AbortSignal | undefined
}

const CONCURRENCY = 16

/**
 * The slices of a partition with the source file of each skeleton. A skeleton has Hudi's own columns, its source file
 * all others, row by row in the same order. Refused where it is not certain which file that is, or where it is gone.
 */
export async function withSources(
  partition: string,
  slices: readonly FileSlice[],
  options: SkeletonOptions,
): Promise<readonly FileSlice[]> {
  const turns = new Slices()
  if (!(await hasSkeleton(slices, turns))) return slices
  const { index, signal } = options
  const sources = await index.sourcesOf(partition, signal)
  const stitched = await mapConcurrently(slices, CONCURRENCY, async slice => {
    if (turns.isOver) await turns.pause()
    if (!isSkeleton(slice)) return slice
    const source = sources?.get(slice.fileId)
    if (source !== undefined) return { ...slice, source }
    await refuseUnknown(partition, slice, options)
    return slice
  })
  await requireSources(stitched, options)
  return stitched
}

async function hasSkeleton(slices: readonly FileSlice[], turns: Slices): Promise<boolean> {
  for (const slice of slices) {
    if (isSkeleton(slice)) return true
    if (turns.isOver) await turns.pause()
  }
  return false
}

function isSkeleton({ base }: FileSlice): boolean {
  return base?.instant === SKELETON_INSTANT
}

/** A base file of that instant has rows of its own only where the table was never bootstrapped. */
async function refuseUnknown(
  partition: string,
  { base }: FileSlice,
  { store, state, signal }: SkeletonOptions,
): Promise<void> {
  const path = filePath(state.root, partition, base!.name)
  if (state.config.bootstrapBasePath === undefined) {
    const footer = await readParquetFooter(store, { path, size: base!.size }, signal)
    if (!footer.root.children.every(({ name }) => isMetaField(name))) return
  }
  throw new TableError(
    'TABLE_CORRUPT',
    `the base file ${path} was bootstrapped and holds record keys alone, and the bootstrap index does not say which source file has its rows`,
    { context: { path, index: `${state.root}/.hoodie/.aux/.bootstrap` } },
  )
}

/** Listed folder by folder, as the table's own files are: they may have changed under the table. */
async function requireSources(
  slices: readonly FileSlice[],
  options: SkeletonOptions,
): Promise<void> {
  const { needed = [] } = options
  const sources = slices.flatMap(({ source }) => source ?? [])
  const sizes = new Map<string, number>()
  for (const folder of new Set(sources.map(({ path }) => folderOf(path)))) {
    await addSizes(folder, sizes, options)
  }
  const turns = new Slices()
  for (const source of sources) {
    if (turns.isOver) await turns.pause()
    const found = sizes.get(source.path)
    if (found === undefined) refuseOutside(source.path, options)
    requireUnchanged(source, found)
  }
  if (needed.length === 0) return
  await mapConcurrently(sources, CONCURRENCY, source => requireColumns(source, needed, options))
}

async function addSizes(
  folder: string,
  sizes: Map<string, number>,
  options: SkeletonOptions,
): Promise<void> {
  const { store, signal } = options
  try {
    for await (const { path, size } of store.list(folder, signal && { signal })) {
      sizes.set(path, size)
    }
  } catch (error) {
    throwIfCancelled(signal)
    refuseOutside(folder, options)
    throw error
  }
}

/** Stores reach no further than what the provider named. */
function refuseOutside(path: string, { source, state }: SkeletonOptions): void {
  if (tableRoots(source).rootOf(path) !== undefined) return
  const base = sourcePath(source, state.config.bootstrapBasePath ?? folderOf(path))
  throw new TableError(
    'INVALID_REQUEST',
    `rows of the table lie in the files that it was bootstrapped from, outside its location: add auxiliaryLocations: [${JSON.stringify(base)}], or a rebase rule that says where they were moved`,
    { context: { path, location: source.location } },
  )
}

function folderOf(path: string): string {
  return path.slice(0, path.lastIndexOf('/') + 1)
}

function requireUnchanged({ path, size }: SourceFile, found: number | undefined): void {
  if (found === size) return
  const problem =
    found === undefined
      ? 'is not there: where it was moved, a rebase rule says where to'
      : `had ${size} bytes when the table was bootstrapped, and has ${found}`
  throw new TableError('TABLE_CORRUPT', `the bootstrap source file ${path} ${problem}`, {
    context: { path, expected: size, ...(found !== undefined && { found }) },
  })
}

async function requireColumns(
  source: SourceFile,
  needed: readonly string[],
  { store, signal }: SkeletonOptions,
): Promise<void> {
  const footer = await readParquetFooter(store, source, signal)
  const missing = needed.find(
    name => !footer.root.children.some(child => sameName(child.name, name)),
  )
  if (missing === undefined) return
  throw new TableError(
    'UNSUPPORTED_FEATURE',
    `the bootstrap source file ${source.path} lacks the partition column ${missing}, and not every folder spells its value exactly`,
    { context: { path: source.path, column: missing } },
  )
}
