import { join } from 'node:path'
import { mapConcurrently, type PrunePredicate } from '@spillway/core'
import {
  keepRowGroups,
  type ParquetFooter,
  type ParquetMetadata,
  parseParquetMetadata,
} from '@spillway/encoding'
import {
  type BelievedShape,
  believedShapes,
  type ColumnSource,
  type FileShape,
  sourceOf,
} from '@spillway/rows'
import { CHANGE_FIELDS } from '../share/change-columns.js'
import type { SharedFile } from '../share/open-scan.js'
import { lengthOf, requestsFor } from './byte-ranges.js'
import type { ByteRange } from './byte-source.js'
import type { CopyContext } from './download-access.js'
import {
  type Footer,
  fetchFooter,
  PARQUET_MAGIC,
  TRAILER_BYTES,
  trailerOf,
} from './fetch-footer.js'
import type { AccessedFiles, AccessRequest, FileAccess } from './file-access.js'
import type { RowRun } from './kept-rows.js'
import type { FileRead, KnownFooter, SharedShape } from './known-footers.js'
import { createLocalFile, type LocalFile } from './local-file.js'
import { isReplaced } from './range-response.js'
import { boundPredicate, keptRowGroups } from './row-groups.js'

/**
 * Footers first, then only the column chunks of the columns and row groups that are read. Each file becomes a local
 * one of the same length with holes in it, whose footer names no row group that was left out: DuckDB reads it itself.
 */
export function rangesAccess(context: CopyContext): FileAccess {
  const names = { next: 0 }
  return {
    async open(request) {
      for (let attempt = 1; ; attempt++) {
        const copies = new Copies(context, request, names)
        try {
          return await copies.open()
        } catch (error) {
          await copies.close()
          if (!isReplaced(error) || attempt >= MAX_ATTEMPTS) throw error
          forgetAll(request, error)
        }
      }
    },
    async close() {
      // Nothing is kept between queries.
    },
  }
}

/** Nobody has seen a row of them yet, so files that were replaced are read anew, from their footers on. */
const MAX_ATTEMPTS = 3

/** Where one file was replaced others may be: nothing that was known of them before is believed. */
function forgetAll({ files, footers, reader }: AccessRequest, replaced: unknown): void {
  for (const shared of files) {
    if (isReplaced(replaced, shared.key)) footers.doubt(shared)
    else footers.forget(shared)
    reader.pin({ key: shared.key, size: shared.file.size }, undefined)
  }
}

interface Copy {
  readonly shared: SharedFile
  readonly file: LocalFile
  readonly footer: Footer
  /** Where the footer is of an earlier query, and no byte of the file has been asked for in this one. */
  readonly known?: KnownFooter
}

/** What is known of a copy once its footer has been laid beside the table. */
interface Opening {
  readonly copy: Copy
  readonly metadata: ParquetMetadata
  readonly groups: readonly number[]
  readonly ranges: readonly ByteRange[]
}

class Copies {
  readonly #context: CopyContext
  readonly #request: AccessRequest
  readonly #names: { next: number }
  readonly #releases: (() => unknown)[] = []

  constructor(context: CopyContext, request: AccessRequest, names: { next: number }) {
    this.#context = context
    this.#request = request
    this.#names = names
  }

  async open(): Promise<AccessedFiles> {
    const { files } = this.#request
    // More files than requests at one time: while one waits for its footer, another fetches its chunks.
    const atOnce = this.#context.concurrency * 2
    const copies = await mapConcurrently(files, atOnce, shared => this.#start(shared))
    const paths = copies.map(({ file }) => file.path)
    const shapes = await this.#shapesOf(copies)
    const openings = this.#openings(copies, shapes)
    const planned = openings.reduce((sum, { ranges }) => sum + lengthOf(ranges), 0)
    this.#releases.push(this.#context.budget.take(planned))
    this.#request.onPlanned?.(planned)
    const runs = await mapConcurrently(openings, atOnce, opening => this.#fill(opening))
    return {
      paths,
      shapes,
      runs,
      rowCounts: openings.map(({ metadata }) => metadata.footer.rowCount),
      close: () => this.close(),
    }
  }

  async close(): Promise<void> {
    for (const release of this.#releases.splice(0)) await release()
  }

  async #start(shared: SharedFile): Promise<Copy> {
    const { folder, budget } = this.#context
    const { footer, ...from } = await this.#footerOf(shared)
    this.#releases.push(budget.take(footer.tail.length))
    const path = join(folder, `${this.#names.next++}.parquet`)
    const file = await createLocalFile(path, shared.file.size)
    this.#releases.push(() => file.remove())
    await file.take(PARQUET_MAGIC, 0)
    await file.take(footer.tail, shared.file.size - footer.tail.length)
    return { shared, file, footer, ...from }
  }

  async #footerOf(shared: SharedFile): Promise<Pick<Copy, 'footer' | 'known'>> {
    const { footers, reader } = this.#request
    const object = { key: shared.key, size: shared.file.size }
    const known = footers.known(shared)
    if (known !== undefined) {
      const { metadata, tag } = known
      reader.pin(object, tag)
      return { footer: { tail: trailerOf(metadata), metadata }, known }
    }
    const footer = await fetchFooter(this.#request, shared)
    footers.keep(shared, footer.metadata, reader.tagOf(object))
    return { footer }
  }

  /** Files by how DuckDB reads them, which it is asked of those alone that it has not told in an earlier query. */
  async #shapesOf(copies: readonly Copy[]): Promise<readonly BelievedShape[]> {
    const { footers, signal } = this.#request
    const reads = copies.map(({ known }) => known?.read)
    const asked = copies.filter((_, i) => reads[i] === undefined)
    const found = await believedShapes(
      this.#context.session,
      asked.map(({ file }) => file.path),
      { footers: asked.map(({ footer }) => footer.metadata), signal },
    )
    const positions = [...copies.keys()].filter(i => reads[i] === undefined)
    for (const each of found) {
      const shape = footers.shapeLike(each)
      for (const [i, file] of each.files.entries()) {
        const read = { shape, rowCount: each.rowCounts[i]! }
        reads[positions[file]!] = read
        footers.noteRead(asked[file]!.shared, asked[file]!.footer.metadata, read)
      }
    }
    return groupedReads(reads.map(read => read!))
  }

  #openings(copies: readonly Copy[], shapes: readonly FileShape[]): readonly Opening[] {
    const { table, predicate } = this.#request
    const bound = boundPredicate(predicate, table.schema)
    const openings = new Array<Opening>(copies.length)
    for (const shape of shapes) {
      const files = shape.files.map(position => copies[position]!.shared.file)
      const source = sourceOf(files, shape, { naming: 'logical', context: { snapshot: table } })
      const wanted = this.#wantedColumns(shape, source)
      for (const position of shape.files) {
        openings[position] = openingOf(copies[position]!, { bound, source, wanted })
      }
    }
    return openings
  }

  /** Top-level columns of a file that hold what the scan reads. */
  #wantedColumns({ columns }: FileShape, source: ColumnSource): ReadonlySet<number> {
    const { fields, columns: read } = this.#request
    const wanted = new Set<number>()
    for (const position of read) {
      const field = fields[position]!
      const isChange = CHANGE_FIELDS.includes(field)
      const at = isChange
        ? columns.findIndex(({ name }) => name === field.name)
        : source.constant(field) === undefined
          ? source.find(field, columns)
          : undefined
      if (at !== undefined && at >= 0) wanted.add(at)
    }
    return wanted
  }

  /** Fetches the chunks; returns the rows that the copy has then. */
  async #fill({ copy, metadata, groups, ranges }: Opening): Promise<readonly RowRun[]> {
    const { reader, signal } = this.#request
    const { file, shared, footer } = copy
    const { size } = shared.file
    const object = { key: shared.key, size }
    // Nothing else would say that the file still is the one of the footer.
    if (copy.known && ranges.length === 0) await reader.check(object, copy.known.tag, signal)
    await Promise.all(ranges.map(range => reader.read(object, range, file.take, signal)))
    const all = metadata.footer.rowGroups
    const runs = runsOf(metadata.footer, groups)
    if (groups.length < all.length) {
      const rowCount = runs.reduce((sum, { count }) => sum + count, 0)
      const kept = keepRowGroups(footer.metadata, groups, rowCount)
      await file.endWith(trailerOf(kept), size - footer.metadata.length - TRAILER_BYTES)
    }
    await file.close()
    return runs
  }
}

/** In the order of their first files, as `believedShapes` has them. */
function groupedReads(reads: readonly FileRead[]): readonly BelievedShape[] {
  const groups = new Map<SharedShape, { readonly files: number[]; readonly rowCounts: number[] }>()
  for (const [file, { shape, rowCount }] of reads.entries()) {
    const group = groups.get(shape) ?? { files: [], rowCounts: [] }
    groups.set(shape, group)
    group.files.push(file)
    group.rowCounts.push(rowCount)
  }
  return [...groups].map(([shape, group]) => ({ ...shape, ...group }))
}

interface OpeningInput {
  readonly bound: PrunePredicate
  readonly source: ColumnSource
  readonly wanted: ReadonlySet<number>
}

function openingOf(copy: Copy, { bound, source, wanted }: OpeningInput): Opening {
  const metadata = parseParquetMetadata(copy.footer.metadata, copy.shared.id)
  const groups = keptRowGroups(bound, metadata.footer, source)
  const leaves = leavesUnder(metadata.footer, wanted)
  const tailStart = copy.shared.file.size - copy.footer.tail.length
  const ranges = groups.flatMap(group => chunkRanges(metadata, group, leaves))
  const beforeTail = ranges.map(({ start, end }) => ({ start, end: Math.min(end, tailStart) }))
  return { copy, metadata, groups, ranges: requestsFor(beforeTail) }
}

/** Leaves below the chosen top-level columns. */
function leavesUnder({ root }: ParquetFooter, wanted: ReadonlySet<number>): readonly number[] {
  const pending = root.children.filter((_, i) => wanted.has(i))
  const leaves: number[] = []
  for (let node = pending.pop(); node !== undefined; node = pending.pop()) {
    if (node.leaf !== undefined) leaves.push(node.leaf)
    pending.push(...node.children)
  }
  return leaves
}

/** A filter on equality makes DuckDB read bloom filters: a hole in their place would rule out every row. */
function chunkRanges(
  metadata: ParquetMetadata,
  group: number,
  leaves: readonly number[],
): readonly ByteRange[] {
  const chunks = metadata.chunks(group)
  return leaves.flatMap(leaf => {
    const { start, end, bloomFilter } = chunks[leaf]!
    if (bloomFilter === undefined) return [{ start, end }]
    const bloomEnd = bloomFilter.end ?? bloomFilter.start + UNKNOWN_BLOOM_BYTES
    return [
      { start, end },
      { start: bloomFilter.start, end: bloomEnd },
    ]
  })
}

/** Longer than any bloom filter of a writer that does not say how long they are. */
const UNKNOWN_BLOOM_BYTES = 64 * 1024 * 1024

function runsOf({ rowGroups }: ParquetFooter, kept: readonly number[]): readonly RowRun[] {
  const starts: number[] = []
  let rows = 0
  for (const { rowCount } of rowGroups) {
    starts.push(rows)
    rows += rowCount
  }
  return kept.map(group => ({ start: starts[group]!, count: rowGroups[group]!.rowCount }))
}
