import type { Literal } from '@spillway/core'
import type { Token } from './sql-lexer.js'
import {
  castLiteral,
  hexLiteral,
  isTypedLiteral,
  negated,
  numberLiteral,
  type SqlType,
} from './sql-literal.js'

/** One side of a comparison. */
export type Operand =
  | { readonly kind: 'column'; readonly names: readonly string[] }
  | { readonly kind: 'literal'; readonly literal: Literal }
  | { readonly kind: 'null' }

/** Why an atom is not understood; caught where the atom began. */
export class NotUnderstood extends Error {}

/** A position in the tokens of one atom. */
export class TokenCursor {
  readonly #tokens: readonly Token[]
  readonly #end: number
  #at: number

  constructor(tokens: readonly Token[], start: number, end: number) {
    this.#tokens = tokens
    this.#at = start
    this.#end = end
  }

  peek(ahead = 0): Token | undefined {
    const at = this.#at + ahead
    return at < this.#end ? this.#tokens[at] : undefined
  }

  next(): Token {
    const token = this.peek()
    if (token === undefined) throw new NotUnderstood('the condition ends too early')
    this.#at++
    return token
  }

  /** Steps over `word` if it is next. */
  takeWord(word: string): boolean {
    const token = this.peek()
    if (token?.kind !== 'word' || token.text.toUpperCase() !== word) return false
    this.#at++
    return true
  }

  takeSymbol(symbol: string): boolean {
    const token = this.peek()
    if (token?.kind !== 'symbol' || token.text !== symbol) return false
    this.#at++
    return true
  }

  expectSymbol(symbol: string): void {
    if (!this.takeSymbol(symbol)) throw this.unexpected(`expected ${symbol}`)
  }

  unexpected(wanted: string): NotUnderstood {
    const found = this.peek()
    return new NotUnderstood(
      found === undefined ? `${wanted} at the end` : `${wanted}, found ${shown(found)}`,
    )
  }
}

function shown(token: Token): string {
  return token.text.length > 40 ? `${token.text.slice(0, 40)}...` : token.text
}

const MAX_BRACKETS = 32

/** A column, a literal (signed, typed or cast) or NULL. Anything else is refused by name. */
export function readOperand(cursor: TokenCursor, depth = 0): Operand {
  if (depth > MAX_BRACKETS) throw new NotUnderstood('too many brackets around a value')
  let operand = readPrimary(cursor, depth)
  while (cursor.takeSymbol('::')) operand = cast(operand, readType(cursor))
  return operand
}

function readPrimary(cursor: TokenCursor, depth: number): Operand {
  if (cursor.takeSymbol('(')) {
    const inner = readOperand(cursor, depth + 1)
    cursor.expectSymbol(')')
    return inner
  }
  if (cursor.takeSymbol('+')) return signed(readSigned(cursor, depth), false)
  if (cursor.takeSymbol('-')) {
    const number = cursor.peek()
    if (number?.kind === 'number') return literal(numberLiteral(cursor.next().text, true))
    return signed(readSigned(cursor, depth), true)
  }
  const token = cursor.peek()
  switch (token?.kind) {
    case 'number':
      return literal(numberLiteral(cursor.next().text, false))
    case 'string':
      return literal({ value: cursor.next().text, type: 'string' })
    case 'hex':
      return literal(hexLiteral(cursor.next().text))
    case 'identifier':
      return readColumn(cursor)
    case 'word':
      return readWord(cursor, depth)
    default:
      throw cursor.unexpected('expected a column or a literal')
  }
}

function readSigned(cursor: TokenCursor, depth: number): Operand {
  return readOperand(cursor, depth + 1)
}

function signed(operand: Operand, minus: boolean): Operand {
  if (operand.kind === 'null') return operand
  const value = operand.kind === 'literal' ? negated(operand.literal) : undefined
  if (value === undefined || operand.kind !== 'literal') {
    throw new NotUnderstood('arithmetic is not supported')
  }
  return minus ? { kind: 'literal', literal: value } : operand
}

function readWord(cursor: TokenCursor, depth: number): Operand {
  const word = cursor.peek()!.text.toUpperCase()
  const after = cursor.peek(1)
  if (after?.kind === 'string' && isTypedLiteral(word)) {
    cursor.next()
    return literal(castLiteral({ value: cursor.next().text, type: 'string' }, plainType(word)))
  }
  if (after?.kind === 'symbol' && after.text === '(') {
    if (word !== 'CAST' && word !== 'TRY_CAST') {
      throw new NotUnderstood(`function ${cursor.peek()!.text} is not supported`)
    }
    return readCast(cursor, depth)
  }
  const constant = after?.text === '.' ? undefined : CONSTANTS.get(word)
  if (constant !== undefined) {
    cursor.next()
    return constant
  }
  if (RESERVED.has(word) && after?.text !== '.') throw cursor.unexpected('expected a value')
  return readColumn(cursor)
}

const CONSTANTS: ReadonlyMap<string, Operand> = new Map<string, Operand>([
  ['NULL', { kind: 'null' }],
  ['TRUE', { kind: 'literal', literal: { value: true, type: 'boolean' } }],
  ['FALSE', { kind: 'literal', literal: { value: false, type: 'boolean' } }],
])

/** Words that cannot be a column's name unless quoted. */
const RESERVED: ReadonlySet<string> = new Set(
  'AND OR NOT IN IS LIKE ILIKE RLIKE BETWEEN CASE WHEN THEN ELSE EXISTS SELECT DISTINCT'.split(' '),
)

function readCast(cursor: TokenCursor, depth: number): Operand {
  const name = cursor.next().text
  cursor.expectSymbol('(')
  const operand = readOperand(cursor, depth + 1)
  if (!cursor.takeWord('AS')) throw cursor.unexpected('expected AS')
  const type = readType(cursor)
  cursor.expectSymbol(')')
  if (operand.kind === 'column') {
    throw new NotUnderstood(`${name} of a column to ${type.name.toLowerCase()} is not supported`)
  }
  return cast(operand, type)
}

function cast(operand: Operand, type: SqlType): Operand {
  if (operand.kind === 'null') return operand
  if (operand.kind === 'column') throw new NotUnderstood('a cast of a column is not supported')
  return literal(castLiteral(operand.literal, type))
}

function plainType(name: string): SqlType {
  return { name, arguments: [] }
}

/** `DECIMAL(10,2)`, `DOUBLE PRECISION`, `TIMESTAMP WITHOUT TIME ZONE`. */
function readType(cursor: TokenCursor): SqlType {
  const token = cursor.next()
  if (token.kind !== 'word') throw new NotUnderstood(`expected a type, found ${shown(token)}`)
  const name = token.text.toUpperCase()
  if (name === 'DOUBLE') cursor.takeWord('PRECISION')
  if (name === 'TIMESTAMP') {
    const without = cursor.takeWord('WITHOUT')
    if (without || cursor.takeWord('WITH')) {
      if (cursor.takeWord('LOCAL') && without) throw cursor.unexpected('expected TIME ZONE')
      if (!cursor.takeWord('TIME') || !cursor.takeWord('ZONE')) {
        throw cursor.unexpected('expected TIME ZONE')
      }
      return plainType(without ? 'TIMESTAMP_NTZ' : 'TIMESTAMP')
    }
  }
  if (!cursor.takeSymbol('(')) return plainType(name)
  const sizes: number[] = []
  do {
    const size = cursor.next()
    if (!/^\d{1,4}$/.test(size.text))
      throw new NotUnderstood(`expected a size, found ${shown(size)}`)
    sizes.push(Number(size.text))
  } while (cursor.takeSymbol(','))
  cursor.expectSymbol(')')
  return { name, arguments: sizes }
}

function readColumn(cursor: TokenCursor): Operand {
  const names = [cursor.next().text]
  while (cursor.takeSymbol('.')) {
    const part = cursor.next()
    if (part.kind !== 'word' && part.kind !== 'identifier') {
      throw new NotUnderstood(`expected a name after the dot, found ${shown(part)}`)
    }
    names.push(part.text)
  }
  return { kind: 'column', names }
}

function literal(value: Literal | string): Operand {
  if (typeof value === 'string') throw new NotUnderstood(value)
  return { kind: 'literal', literal: value }
}
