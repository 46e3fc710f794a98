import {
  type FileShapes,
  hash64,
  type ObjectStore,
  type ParquetShape,
  type ShapeNode,
  TableError,
  throwIfCancelled,
} from '@spillway/core'
import { parseParquetMetadata, readParquetFooterBytes } from './parquet-footer.js'
import { parquetShape } from './parquet-shape.js'
import type { ParquetFooter } from './parquet-types.js'
import { viewFooter } from './view-footer.js'

export interface FileShapesOptions {
  readonly store: ObjectStore
  /** Footers under way at a time; 64 by default. */
  readonly concurrency?: number
  /** Files whose shapes are remembered, some 50 bytes each; the oldest are forgotten. A million by default. */
  readonly maxFiles?: number
}

const LONGEST_FIRST_READ = 64 * 1024
const SHORTEST_FIRST_READ = 4 * 1024

/**
 * What files hold, from their footers. The files of one write have one shape: it is kept once, and of each file a hash of
 * its path and size and which shape it has.
 */
export function fileShapes(options: FileShapesOptions): FileShapes {
  const { store, concurrency = 64, maxFiles = 1_000_000 } = options
  const interned = new Map<string, ParquetShape>()
  const known = new Map<bigint, ParquetShape>()
  const reading = new Map<bigint, Promise<ParquetShape>>()
  const size = new FirstRead()

  async function read(file: NamedFile, signal?: AbortSignal): Promise<ParquetShape> {
    const bytes = await readParquetFooterBytes(store, file, {
      firstRead: size.bytes,
      ...(signal && { signal }),
    })
    size.saw(bytes.length)
    const found = shapeOf(bytes, file.path)
    const key = JSON.stringify(found)
    const shape = interned.get(key) ?? found
    interned.set(key, shape)
    return shape
  }

  /** A read that others wait for too is not cancelled by one of them. */
  function shared(file: NamedFile, key: bigint): Promise<ParquetShape> {
    const running = reading.get(key)
    if (running !== undefined) return running
    const started = read(file).finally(() => reading.delete(key))
    reading.set(key, started)
    return started
  }

  function remember(key: bigint, shape: ParquetShape): void {
    known.set(key, shape)
    if (known.size <= maxFiles) return
    const oldest = known.keys().next()
    if (!oldest.done) known.delete(oldest.value)
  }

  return {
    async of(files, signal) {
      const keys = files.map(keyOf)
      const shapes = keys.map(key => known.get(key))
      const unread = [...files.keys()].filter(index => shapes[index] === undefined)
      let next = 0
      let failed = false
      const worker = async () => {
        while (next < unread.length && !failed) {
          throwIfCancelled(signal)
          const index = unread[next++]!
          try {
            const shape = await shared(files[index]!, keys[index]!)
            remember(keys[index]!, shape)
            shapes[index] = shape
          } catch (error) {
            failed = true
            throw error
          }
        }
      }
      await Promise.all(Array.from({ length: Math.min(concurrency, unread.length) }, worker))
      return shapes.map(shape => shape!)
    },
    async viewedSize(file, edits, signal) {
      const footer = await readParquetFooterBytes(store, file, {
        firstRead: size.bytes,
        ...(signal && { signal }),
      })
      return file.size - footer.length + viewFooter(footer, edits).length
    },
  }
}

interface NamedFile {
  readonly path: string
  readonly size: number
}

const utf8 = new TextEncoder()

function keyOf({ path, size }: NamedFile): bigint {
  return hash64(utf8.encode(`${size} ${path}`))
}

function shapeOf(bytes: Uint8Array, path: string): ParquetShape {
  const { footer } = parseParquetMetadata(bytes, path)
  const { columns: described, encrypted } = parquetShape(footer)
  if (encrypted) {
    throw new TableError('UNSUPPORTED_FEATURE', `${path} has encrypted columns`, {
      context: { path },
    })
  }
  const columns = withNeverNull(described, footer)
  return { columns, hasFieldIds: columns.some(hasId) }
}

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

function hasId({ fieldId, children }: ShapeNode): boolean {
  return fieldId !== undefined || children.some(hasId)
}

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
