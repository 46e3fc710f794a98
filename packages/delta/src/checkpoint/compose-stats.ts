import {
  decimalText,
  isValid,
  leafKey,
  type ParquetBatch,
  type PrimitiveType,
  readValue,
  type Value,
} from '@spillway/core'
import type { ParquetLeafInfo } from '@spillway/encoding'
import { floatText } from '../values/float-text.js'
import { formatDate, formatMillis } from '../values/temporal.js'
import { STRUCT_STATS } from './struct-stats.js'

interface Node {
  readonly name: string
  readonly leaf: ParquetLeafInfo | undefined
  readonly children: Node[]
}

/**
 * The statistics text that a checkpoint with `stats_parsed` alone no longer holds, for wires that carry text.
 * PROTOCOL.md, "Per-file Statistics".
 */
export class StatsComposer {
  readonly #members: readonly Node[]

  /** `leaves`: everything under `add.stats_parsed`. */
  constructor(leaves: readonly ParquetLeafInfo[]) {
    const root: Node = { name: '', leaf: undefined, children: [] }
    for (const leaf of leaves) if (leaf.maxRepetition === 0) insert(root, leaf)
    this.#members = root.children
  }

  /** Undefined for a file without statistics. */
  text(batch: ParquetBatch, row: number): string | undefined {
    const members = membersOf(this.#members, batch, row)
    return members === '' ? undefined : `{${members}}`
  }
}

function insert(root: Node, leaf: ParquetLeafInfo): void {
  let node = root
  const names = leaf.path.slice(STRUCT_STATS.length)
  names.forEach((name, depth) => {
    let child = node.children.find(known => known.name === name)
    if (child === undefined) {
      child = { name, leaf: depth === names.length - 1 ? leaf : undefined, children: [] }
      node.children.push(child)
    }
    node = child
  })
}

function membersOf(nodes: readonly Node[], batch: ParquetBatch, row: number): string {
  const members: string[] = []
  for (const node of nodes) {
    const value = textOf(node, batch, row)
    if (value !== undefined) members.push(`${JSON.stringify(node.name)}:${value}`)
  }
  return members.join(',')
}

function textOf(node: Node, batch: ParquetBatch, row: number): string | undefined {
  if (node.leaf === undefined) {
    const members = membersOf(node.children, batch, row)
    return members === '' ? undefined : `{${members}}`
  }
  const column = batch.leaves.get(leafKey(node.leaf.path))?.column
  if (column === undefined || !isValid(column, row)) return undefined
  const { type } = node.leaf
  const value = readValue(column, row, type)
  return value === null ? undefined : jsonOf(value, type)
}

/** Undefined for types that Delta keeps no minima and maxima of. */
function jsonOf(value: Value, type: PrimitiveType): string | undefined {
  if (typeof value === 'number' && (type === 'float' || type === 'double'))
    return floatJson(value, type)
  if (type === 'date') return `"${formatDate(Number(value))}"`
  if (typeof value === 'bigint') {
    if (type === 'timestamptz') return `"${formatMillis(value)}Z"`
    if (type === 'timestamp') return `"${formatMillis(value)}"`
    if (typeof type === 'object' && type.kind === 'decimal') return decimalText(value, type.scale)
    return type === 'long' ? value.toString() : undefined
  }
  if (value instanceof Uint8Array) return undefined
  return JSON.stringify(value)
}

function floatJson(value: number, type: 'float' | 'double'): string {
  const text = floatText(value, type)
  return Number.isFinite(value) ? text : JSON.stringify(text)
}
