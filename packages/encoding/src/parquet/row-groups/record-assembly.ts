import { type Column, readValue } from '@spillway/core'
import { FormatError } from '../../bytes/format-error.js'
import type { ParquetLeafInfo, ParquetNode } from '../schema/parquet-types.js'
import type { Levels } from './parquet-assemble.js'

/** A decoded leaf that is read value by value, in step with its neighbours. */
export interface LeafStream {
  readonly leaf: ParquetLeafInfo
  readonly values: Column
  readonly levels: Levels
}

/**
 * Puts rows together from leaves (Dremel's record assembly): structs are arrays in the order of their fields, lists
 * arrays, maps arrays of pairs. Unlike columns of leaves, this tells null from an empty list or struct.
 */
export class RowAssembler {
  readonly #root: ParquetNode
  readonly #cursors: ReadonlyMap<number, LeafCursor>

  constructor(root: ParquetNode, streams: ReadonlyMap<number, LeafStream>) {
    this.#root = root
    this.#cursors = new Map([...streams].map(([leaf, stream]) => [leaf, new LeafCursor(stream)]))
  }

  /** The next row: one value a top-level column. */
  row(): readonly unknown[] {
    return this.#root.children.map(child => this.#value(child, 0, 0))
  }

  #value(node: ParquetNode, definition: number, repetition: number): unknown {
    if (node.repetition === 'repeated') return this.#repeated(node, definition, repetition)
    const own = node.repetition === 'optional' ? definition + 1 : definition
    if (node.leaf !== undefined) return this.#cursor(node).next()
    if (this.#cursor(node).definition() < own) return this.#skip(node)
    return this.#group(node, own, repetition)
  }

  #group(node: ParquetNode, definition: number, repetition: number): unknown {
    const only = node.children.length === 1 ? node.children[0]! : undefined
    const isList = node.logicalType?.kind === 'list'
    if (only?.repetition === 'repeated' && (isList || node.logicalType?.kind === 'map')) {
      const items = this.#repeated(only, definition, repetition)
      return isList && isWrapped(node, only) ? items.map(item => (item as unknown[])[0]) : items
    }
    return node.children.map(child => this.#value(child, definition, repetition))
  }

  #repeated(node: ParquetNode, definition: number, repetition: number): unknown[] {
    const cursor = this.#cursor(node)
    const items: unknown[] = []
    if (cursor.definition() <= definition) {
      this.#skip(node)
      return items
    }
    do {
      items.push(
        node.leaf === undefined ? this.#group(node, definition + 1, repetition + 1) : cursor.next(),
      )
    } while (cursor.repetition() > repetition)
    return items
  }

  /** One entry of every leaf below: the place of a value that is not there. */
  #skip(node: ParquetNode): null {
    if (node.leaf !== undefined) this.#cursors.get(node.leaf)!.next()
    for (const child of node.children) this.#skip(child)
    return null
  }

  /** The cursor of the first leaf below a node, whose levels speak for the node. */
  #cursor(node: ParquetNode): LeafCursor {
    let first = node
    while (first.leaf === undefined) {
      const [child] = first.children
      if (child === undefined) throw new FormatError(`the group ${node.name} has no columns`)
      first = child
    }
    return this.#cursors.get(first.leaf)!
  }
}

/** Three-level lists have a group around each element (parquet-format, "Backward-compatibility rules"). */
function isWrapped(list: ParquetNode, repeated: ParquetNode): boolean {
  return (
    repeated.children.length === 1 &&
    repeated.name !== 'array' &&
    repeated.name !== `${list.name}_tuple`
  )
}

class LeafCursor {
  readonly #stream: LeafStream
  #entry = 0
  #value = 0

  constructor(stream: LeafStream) {
    this.#stream = stream
  }

  definition(): number {
    const { definition, count } = this.#stream.levels
    if (this.#entry >= count) throw new FormatError('a column ends before its row does')
    return definition?.[this.#entry] ?? 0
  }

  /** The repetition level of the next entry; 0, a new row, at the end. */
  repetition(): number {
    const { repetition, count } = this.#stream.levels
    return this.#entry >= count ? 0 : (repetition?.[this.#entry] ?? 0)
  }

  next(): unknown {
    const { leaf, values } = this.#stream
    const isPresent = this.definition() === leaf.maxDefinition
    this.#entry++
    return isPresent ? readValue(values, this.#value++, leaf.type) : null
  }
}
