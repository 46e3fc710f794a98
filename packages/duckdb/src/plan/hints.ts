import type { Predicate, Schema } from '@spillway/core'
import { jsonTree } from './json-hints.js'
import { narrowedLists } from './narrowed-lists.js'
import { sqlHint } from './sql-hints.js'

/** What a server is told about a predicate, and the parts that it is not told. */
export interface Hints {
  /** The text of a JSON predicate tree; absent where nothing can be said, or SQL says it. */
  readonly jsonPredicateHints?: string | undefined
  /** SQL conditions, all of which hold; for servers that say they read them as we write them. */
  readonly predicateHints?: readonly string[] | undefined
  readonly unhinted: readonly string[]
}

/**
 * A predicate without negations (`filterPredicate`) as hints that are true of at least its rows: leaving out a part of an AND
 * widens, an OR needs every part. A server that reads our SQL is told in SQL, any other in JSON what no server that we know of
 * refuses or misreads.
 */
export function hintsOf(
  predicate: Predicate,
  { schema, readsSqlHints }: { readonly schema: Schema; readonly readsSqlHints: boolean },
): Hints {
  return readsSqlHints ? sqlHints(predicate) : jsonHints(predicate, schema)
}

/** PROTOCOL.md's own client sends twenty; what we sent before were a hundred. */
const JSON_VALUES = 100
const JSON_RANGES = 20

function jsonHints(predicate: Predicate, schema: Schema): Hints {
  const unhinted: string[] = []
  const narrowed = narrowedLists(predicate, { values: JSON_VALUES, ranges: JSON_RANGES })
  const tree = jsonTree(narrowed, schema, unhinted)
  return tree === undefined ? { unhinted } : { jsonPredicateHints: JSON.stringify(tree), unhinted }
}

/** Values that a list may have, and ranges that it becomes if it has more. */
const STEPS = [
  { values: 3000, ranges: 790 },
  { values: 300, ranges: 100 },
  { values: 30, ranges: 10 },
  { values: 3, ranges: 1 },
] as const

/** Our servers' own limits, a little less: a hint that is beyond one prunes nothing. */
const MAX_CHARACTERS = 60 * 1024
const MAX_ALL_CHARACTERS = 240 * 1024
const MAX_NODES = 4000
const MAX_HINTS = 900

function sqlHints(predicate: Predicate): Hints {
  const parts = predicate.kind === 'and' ? predicate.operands : [predicate]
  for (const step of STEPS) {
    const unhinted: string[] = []
    const narrowed = parts.map(part => narrowedLists(part, step))
    const said = narrowed.map(part => sqlHint(part, unhinted)).filter(text => text !== undefined)
    const characters = said.reduce((sum, { length }) => sum + length, 0)
    const nodes = narrowed.reduce((sum, part) => sum + nodesOf(part), 0)
    const fits =
      said.every(({ length }) => length <= MAX_CHARACTERS) &&
      said.length <= MAX_HINTS &&
      characters <= MAX_ALL_CHARACTERS &&
      nodes <= MAX_NODES
    if (fits) return said.length === 0 ? { unhinted } : { predicateHints: said, unhinted }
  }
  return smallestOf(parts)
}

/** Of an AND that is too long the parts with the fewest conditions, as many as servers look at. */
function smallestOf(parts: readonly Predicate[]): Hints {
  const sized = parts.map(each => {
    const part = narrowedLists(each, STEPS[STEPS.length - 1]!)
    return { part, nodes: nodesOf(part) }
  })
  const said: string[] = []
  const unhinted: string[] = []
  const left = { nodes: MAX_NODES, characters: MAX_ALL_CHARACTERS, hints: MAX_HINTS }
  for (const { part, nodes } of sized.sort((a, b) => a.nodes - b.nodes)) {
    const lost: string[] = []
    const text = nodes > left.nodes || left.hints === 0 ? undefined : sqlHint(part, lost)
    const { length } = text ?? ''
    unhinted.push(...lost)
    if (text === undefined || length > Math.min(MAX_CHARACTERS, left.characters)) continue
    said.push(text)
    left.nodes -= nodes
    left.characters -= length
    left.hints--
  }
  const missing = parts.length - said.length
  if (missing > 0) unhinted.push('conditions beyond those that servers look at')
  return said.length === 0 ? { unhinted } : { predicateHints: said, unhinted }
}

function nodesOf(predicate: Predicate): number {
  if (predicate.kind === 'and' || predicate.kind === 'or') {
    return predicate.operands.reduce((sum, each) => sum + nodesOf(each), 1)
  }
  return 'values' in predicate ? 2 + predicate.values.length : 2
}
