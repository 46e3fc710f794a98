import type { Predicate } from '@spillway/core'
import { MAX_HINT_DEPTH, type UnappliedList } from './hint.js'

/** A predicate under construction, with its height; `operands` is owned, so that equal kinds merge in place. */
export interface Node {
  readonly predicate: Predicate
  readonly height: number
  readonly operands?: Predicate[]
}

export function leafNode(predicate: Predicate): Node {
  return { predicate, height: 0 }
}

/** Builds AND, OR and NOT bottom-up, merging what nests without need and cutting what nests too deep. */
export class TreeBuilder {
  readonly #unapplied: UnappliedList
  #cut = false

  constructor(unapplied: UnappliedList) {
    this.#unapplied = unapplied
  }

  junction(kind: 'and' | 'or', nodes: readonly Node[]): Node {
    if (nodes.length === 1) return nodes[0]!
    // The longest list of the same kind takes the others in: linear for a chain nested either way.
    let base: Node | undefined
    for (const node of nodes) {
      if (node.predicate.kind !== kind || node.operands === undefined) continue
      if (base === undefined || node.operands.length > base.operands!.length) base = node
    }
    const operands = base?.operands ?? []
    let height = base?.height ?? 1
    for (const node of nodes) {
      if (node === base) continue
      const merge = node.predicate.kind === kind && node.operands !== undefined
      if (merge) for (const operand of node.operands) operands.push(operand)
      else operands.push(node.predicate)
      height = Math.max(height, merge ? node.height : node.height + 1)
    }
    return this.#checked({ predicate: { kind, operands }, height, operands })
  }

  not(node: Node): Node {
    const { predicate, height } = node
    if (predicate.kind === 'unknown') return node
    return this.#checked({ predicate: { kind: 'not', operand: predicate }, height: height + 1 })
  }

  #checked(node: Node): Node {
    if (node.height <= MAX_HINT_DEPTH) return node
    const reason = `nested deeper than ${MAX_HINT_DEPTH} levels`
    if (this.#cut) return leafNode({ kind: 'unknown', reason })
    this.#cut = true
    return leafNode(this.#unapplied.refuse('(...)', reason))
  }
}
