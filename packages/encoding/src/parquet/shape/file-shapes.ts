import {
  atOnce,
  budgetsOf,
  columnIndex,
  type FileShapes,
  type FooterEdit,
  fencedStore,
  inSlices,
  MANY_COLUMNS,
  mapConcurrently,
  nextTurn,
  type ObjectStore,
  type ParquetShape,
  type ShapeNode,
  type Steps,
  TableError,
  type TableSource,
  tableRoots,
  throwIfCancelled,
} from '@spillway/core'
import { readParquetFooterBytes } from '../footer/footer-bytes.js'
import { parseLongMetadata } from '../footer/parquet-footer.js'
import type { ParquetFooter } from '../footer/parquet-metadata.js'
import { viewFooter } from '../footer/view-footer.js'
import { pandasIndexes } from './pandas-indexes.js'
import { parquetShapeInSteps } from './parquet-shape.js'
import { Semaphore } from './semaphore.js'
import { ShapeTable } from './shape-table.js'

export interface FileShapesOptions {
  readonly store: ObjectStore
  /** Footers under way at a time, of all callers together; 64 by default. */
  readonly concurrency?: number
  /** Files whose shapes are remembered, 24 to 48 bytes each; the oldest are forgotten. Two million by default. */
  readonly maxFiles?: number
}

/** Shapes that others who read footers can tell of. */
export interface LearningShapes extends FileShapes {
  /** Remembers the shape of a file whose footer was read for another reason; of a file written anew, the new one. */
  learn(file: NamedFile, footer: ParquetFooter): Promise<void>
}

interface Read {
  readonly store: ObjectStore
  /** Reads are shared by those who may read the same: what is refused to one table is not to another. */
  readonly scope: string
  readonly signal?: AbortSignal | undefined
}

interface NamedFile {
  readonly path: string
  readonly size: number
}

/**
 * What files hold, from their footers. The files of one write have one shape: it is kept once, and of each file a hash of
 * its path and size and which shape it has.
 */
export function fileShapes(options: FileShapesOptions): LearningShapes {
  return new FooterShapes(options)
}

class FooterShapes implements LearningShapes {
  readonly #store: ObjectStore
  readonly #concurrency: number
  readonly #semaphore: Semaphore
  readonly #known: ShapeTable
  /** By how much views make files longer or shorter, above NO_GROWTH. */
  readonly #growths: ShapeTable
  readonly #shapes: ParquetShape[] = []
  readonly #numbers = new Map<string, number>()
  readonly #reading = new Map<string, Promise<ParquetShape>>()
  readonly #firstRead = new FirstRead()

  constructor({ store, concurrency = 64, maxFiles = 2_000_000 }: FileShapesOptions) {
    this.#store = store
    this.#concurrency = concurrency
    this.#semaphore = new Semaphore(concurrency)
    this.#known = new ShapeTable(maxFiles)
    this.#growths = new ShapeTable(maxFiles)
  }

  async learn(file: NamedFile, footer: ParquetFooter): Promise<void> {
    // Written anew: what was known of its old footer may be wrong.
    if (this.#known.get(file) !== undefined) this.#growths.clear()
    // Whoever asks for one that is encrypted is told so.
    if (!footer.encrypted) await this.#remember(file, footer)
  }

  within(source: TableSource, folder?: string): FileShapes {
    const store = fencedStore(this.#store, source, folder)
    const scope = tableRoots(source, { folder }).key
    return {
      of: (files, signal) => this.#of(files, { store, scope, signal }),
      viewedSize: (file, edits, signal) => this.#viewedSize(file, edits, { store, scope, signal }),
    }
  }

  of(files: readonly NamedFile[], signal?: AbortSignal): Promise<readonly ParquetShape[]> {
    return this.#of(files, { store: this.#store, scope: '', signal })
  }

  viewedSize(file: NamedFile, edits: readonly FooterEdit[], signal?: AbortSignal): Promise<number> {
    return this.#viewedSize(file, edits, {
      store: this.#store,
      scope: '',
      signal,
    })
  }

  async #of(files: readonly NamedFile[], read: Read): Promise<readonly ParquetShape[]> {
    const shapes = files.map(file => this.#shapeOf(file))
    const unread = [...files.keys()].filter(index => shapes[index] === undefined)
    await mapConcurrently(unread, this.#concurrency, async index => {
      shapes[index] = await this.#shared(files[index]!, read)
    })
    return shapes.map(shape => shape!)
  }

  async #viewedSize(
    file: NamedFile,
    edits: readonly FooterEdit[],
    { store, signal }: Read,
  ): Promise<number> {
    const viewed = { path: `${JSON.stringify(edits)} ${file.path}`, size: file.size }
    const known = this.#growths.get(viewed)
    if (known !== undefined) return file.size + known - NO_GROWTH
    const release = await this.#semaphore.acquire(signal)
    try {
      const footer = await this.#footerOf(file, store)
      const growth = (await viewFooter(footer, edits)).length - footer.length
      this.#growths.set(viewed, NO_GROWTH + growth)
      return file.size + growth
    } finally {
      release()
    }
  }

  #shapeOf(file: NamedFile): ParquetShape | undefined {
    const number = this.#known.get(file)
    return number === undefined ? undefined : this.#shapes[number]
  }

  /** A read that has begun is not cancelled: others may wait for it too. */
  async #shared(file: NamedFile, { store, scope, signal }: Read): Promise<ParquetShape> {
    const release = await this.#semaphore.acquire(signal)
    try {
      throwIfCancelled(signal)
      const key = `${scope} ${file.size} ${file.path}`
      const running = this.#reading.get(key)
      if (running !== undefined) return await running
      // Somebody may have read it while this waited.
      const known = this.#shapeOf(file)
      if (known !== undefined) return known
      const started = this.#read(file, store).finally(() => this.#reading.delete(key))
      this.#reading.set(key, started)
      return await started
    } finally {
      release()
    }
  }

  async #read(file: NamedFile, store: ObjectStore): Promise<ParquetShape> {
    const bytes = await this.#footerOf(file, store)
    const { footer } = await parseLongMetadata(bytes, file.path, budgetsOf(store))
    if (!footer.encrypted) return this.#remember(file, footer)
    const { path } = file
    throw new TableError('UNSUPPORTED_FEATURE', `${path} has encrypted columns`, {
      context: { path },
    })
  }

  async #footerOf(file: NamedFile, store: ObjectStore): Promise<Uint8Array> {
    const firstRead = this.#firstRead.bytes
    const bytes = await readParquetFooterBytes(store, file, { firstRead })
    this.#firstRead.saw(bytes.length)
    return bytes
  }

  #forget(): void {
    this.#known.clear()
    this.#numbers.clear()
    this.#shapes.length = 0
  }

  async #remember(file: NamedFile, footer: ParquetFooter): Promise<ParquetShape> {
    const isWide = footer.leaves.length > MANY_COLUMNS
    const found = isWide ? await inSlices(foundIn(footer)) : atOnce(foundIn(footer))
    if (isWide) await nextTurn()
    const shape = this.#keep(file, found, keyOf(found))
    if (!isWide) return shape
    await nextTurn()
    // Whoever looks for a column makes it otherwise, at once with all else.
    columnIndex(shape.columns)
    await nextTurn()
    return shape
  }

  #keep(file: NamedFile, { columns, isEmpty }: Found, key: string): ParquetShape {
    let number = this.#numbers.get(key)
    if (number === undefined) {
      if (this.#shapes.length >= MOST_SHAPES) this.#forget()
      number = this.#shapes.length
      const hasFieldIds = columns.some(hasId)
      this.#shapes.push({ columns, hasFieldIds, ...(isEmpty && { isEmpty }) })
      this.#numbers.set(key, number)
    }
    this.#known.set(file, number)
    return this.#shapes[number]!
  }
}

/** The parts of a footer that make a shape. */
interface Found {
  readonly columns: readonly ShapeNode[]
  readonly isEmpty: boolean
}

function* foundIn(footer: ParquetFooter): Steps<Found> {
  const shape = yield* parquetShapeInSteps(footer)
  const marked = withNeverNull(shape.columns, footer)
  yield
  const columns = withIndexes(marked, footer)
  yield
  return { columns, isEmpty: footer.rowGroups.every(({ rowCount }) => rowCount === 0) }
}

function keyOf({ columns, isEmpty }: Found): string {
  return JSON.stringify([columns, isEmpty])
}

/** Files that are all unlike each other are no more worth remembering than any others. */
const MOST_SHAPES = 10_000

/** The columns, each map marked of which the footer counts no null: a key is missing where its map is null or empty. */
function withNeverNull(
  columns: readonly ShapeNode[],
  { rowGroups }: Pick<ParquetFooter, 'rowGroups'>,
): readonly ShapeNode[] {
  let leaf = 0
  const visit = (node: ShapeNode): ShapeNode => {
    if (node.children.length === 0) {
      leaf++
      return node
    }
    const key = leaf
    const children = node.children.map(visit)
    const neverNull =
      node.kind === 'map' && rowGroups.every(({ columns }) => columns[key]?.nullCount === 0)
    return { ...node, children, ...(neverNull && { neverNull }) }
  }
  return columns.map(visit)
}

function withIndexes(columns: readonly ShapeNode[], footer: ParquetFooter): readonly ShapeNode[] {
  const indexes = pandasIndexes(footer)
  if (indexes.size === 0) return columns
  return columns.map(node => (indexes.has(node.name) ? { ...node, isIndex: true } : node))
}

function hasId({ fieldId, children }: ShapeNode): boolean {
  return fieldId !== undefined || children.some(hasId)
}

const NO_GROWTH = 2 ** 30
const LONGEST_FIRST_READ = 64 * 1024
const SHORTEST_FIRST_READ = 4 * 1024

/** How much is read first from the end of a file: what the longest footer so far took, and room for more row groups. */
class FirstRead {
  #longest = 0

  get bytes(): number {
    if (this.#longest === 0) return SHORTEST_FIRST_READ * 4
    return Math.min(LONGEST_FIRST_READ, Math.max(SHORTEST_FIRST_READ, 1024 + 2 * this.#longest))
  }

  saw(length: number): void {
    this.#longest = Math.max(this.#longest, length)
  }
}
