import { TableError } from '@spillway/core'
import { shownText } from '../values/shown-text.js'

const INTEGERS: readonly string[] = ['byte', 'short', 'integer', 'long']
/** Digits that hold every value of each. */
const INTEGER_DIGITS = [3, 5, 10, 20]

/**
 * Refuses a column whose type once changed in a way no reader is bound to undo: files written before hold the old
 * type. `changes` is the `delta.typeChanges` of its metadata. PROTOCOL.md, "Type Widening".
 */
export function checkTypeChanges(changes: unknown, column: string): void {
  if (!Array.isArray(changes)) return
  for (const change of changes as readonly unknown[]) {
    const { fromType, toType } = typesOf(change)
    if (fromType !== undefined && toType !== undefined && isWidening(fromType, toType)) continue
    throw new TableError(
      'UNSUPPORTED_FEATURE',
      `column ${shownText(column)} changed its type from ${shownText(String(fromType))} to ${shownText(String(toType))}, which is not supported`,
    )
  }
}

function typesOf(change: unknown): { fromType?: string; toType?: string } {
  if (typeof change !== 'object' || change === null) return {}
  const { fromType, toType } = change as Readonly<Record<string, unknown>>
  return {
    ...(typeof fromType === 'string' ? { fromType } : {}),
    ...(typeof toType === 'string' ? { toType } : {}),
  }
}

/** The type changes PROTOCOL.md lists. */
function isWidening(from: string, to: string): boolean {
  if (from === to) return true
  const rank = INTEGERS.indexOf(from)
  if (rank >= 0 && INTEGERS.indexOf(to) > rank) return true
  if (to === 'double') return from === 'float' || (rank >= 0 && from !== 'long')
  if (from === 'date') return to === 'timestamp_ntz'
  const target = decimalOf(to)
  if (target === undefined) return false
  const source = rank >= 0 ? { precision: INTEGER_DIGITS[rank]!, scale: 0 } : decimalOf(from)
  if (source === undefined) return false
  const digits = target.precision - target.scale
  return target.scale >= source.scale && digits >= source.precision - source.scale
}

function decimalOf(
  type: string,
): { readonly precision: number; readonly scale: number } | undefined {
  const match = /^decimal\((\d+),(\d+)\)$/.exec(type.replaceAll(' ', ''))
  return match === null ? undefined : { precision: Number(match[1]), scale: Number(match[2]) }
}
