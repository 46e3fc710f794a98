import type { ConfigProblem } from '@spillway/server'
import {
  type Document,
  isAlias,
  isMap,
  isNode,
  isSeq,
  LineCounter,
  type Pair,
  parseDocument,
  visit,
} from 'yaml'

type Path = ConfigProblem['path']

/** Counted from 1, as editors do. */
export interface Place {
  readonly line: number
  readonly column: number
}

interface SyntaxProblem extends Place {
  readonly message: string
}

/** A configuration as text that was parsed. */
export interface ConfigText {
  /** What it says, as plain values; undefined where its syntax is wrong, or where nothing stands in it. */
  readonly value: unknown
  readonly problems: readonly SyntaxProblem[]
  /** Where a key, or what is behind it, stands; of what is not there, where it belongs. */
  placeOf(path: Path, at: ConfigProblem['at']): Place
}

export function parseConfigText(text: string): ConfigText {
  const lines = new LineCounter()
  // Pretty errors quote the line, with any secret that is in it.
  const document = parseDocument(text, { prettyErrors: false, lineCounter: lines })
  const place = (offset: number): Place => {
    const { line, col } = lines.linePos(offset)
    return { line: Math.max(line, 1), column: Math.max(col, 1) }
  }
  const placeOf = (path: Path, at: ConfigProblem['at']) => place(offsetOf(document, path, at))
  // A tag that nobody knows would be text like any other, with `!env` before a secret that was to come from elsewhere.
  const problems = [...document.errors, ...document.warnings].map(({ code, pos }) => ({
    ...place(pos[0]),
    message: SYNTAX[code] ?? 'this is not valid YAML',
  }))
  if (problems.length > 0) return { value: undefined, problems, placeOf }
  try {
    return { value: document.toJS(), problems, placeOf }
  } catch {
    return { value: undefined, problems: [aliasProblem(document, place)], placeOf }
  }
}

function aliasProblem(document: Document, place: (offset: number) => Place): SyntaxProblem {
  const lost: number[] = []
  visit(document, {
    Alias(_, alias) {
      if (alias.resolve(document) === undefined) lost.push(startOf(alias) ?? 0)
    },
  })
  const [first] = lost
  if (first !== undefined) {
    return { ...place(first), message: 'an alias (*name) without its anchor (&name) before it' }
  }
  return {
    ...place(0),
    message: 'aliases (*name) repeat too much, or one is merged and no mapping',
  }
}

const QUOTE = 'text with special characters needs quotes'

/** In our own words: those of the parser are about tokens, and some repeat what was written. */
const SYNTAX: Readonly<Record<string, string>> = {
  BAD_COLLECTION_TYPE: 'a list was expected to be a mapping, or the other way round',
  BAD_DQ_ESCAPE: 'no such escape in text with double quotes: \\\\ is a backslash',
  BAD_DIRECTIVE: 'no such directive: take out the line that begins with %',
  BAD_INDENT: 'the indentation is wrong, or a bracket above is not closed',
  BAD_SCALAR_START: `text cannot begin with this character: ${QUOTE}`,
  BLOCK_AS_IMPLICIT_KEY: `a second key or colon in one line: ${QUOTE}`,
  BLOCK_IN_FLOW: 'an indented list or mapping cannot stand inside brackets',
  DUPLICATE_KEY: 'this key is defined twice',
  MISSING_CHAR: 'a quote, bracket, comma or colon is missing here, or before',
  MULTILINE_IMPLICIT_KEY: 'a key without a colon behind it, or one of several lines',
  MULTIPLE_DOCS: 'only one document can stand in the file: take out the line ---',
  TAG_RESOLVE_FAILED: 'no such tag, or not one of this value: text that begins with ! needs quotes',
  TAB_AS_INDENT: 'a tab stands where the line is indented: use spaces',
  UNEXPECTED_TOKEN:
    'this does not belong here: a list and a mapping are mixed, or text needs quotes',
}

function offsetOf(document: Document, path: Path, at: ConfigProblem['at']): number {
  let node: unknown = document.contents
  let found = startOf(node) ?? 0
  for (const [i, key] of path.entries()) {
    node = isAlias(node) ? node.resolve(document) : node
    const isLast = i === path.length - 1
    if (isMap(node)) {
      const pair: Pair | undefined = node.items.find(
        each => String(isNode(each.key) ? each.key.toJS(document) : each.key) === String(key),
      )
      if (pair === undefined) return found
      const keyStart = startOf(pair.key) ?? found
      const isEmpty = isNode(pair.value) && pair.value.range?.[0] === pair.value.range?.[1]
      found =
        isLast && at === 'key' ? keyStart : isEmpty ? keyStart : (startOf(pair.value) ?? keyStart)
      node = pair.value
    } else if (isSeq(node)) {
      const item: unknown = node.items[Number(key)]
      if (item === undefined) return found
      found = startOf(item) ?? found
      node = item
    } else return found
  }
  return found
}

function startOf(node: unknown): number | undefined {
  return isNode(node) ? node.range?.[0] : undefined
}
