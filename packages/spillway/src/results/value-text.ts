import { writeJson } from '@spillway/core'
import { type ColumnType, type ColumnValue, columnJson } from '@spillway/duckdb'
import type { Json } from '@spillway/rows'

/** A value as text that says it exactly: what is nested is JSON. Null is the caller's to show. */
export function exactText(value: ColumnValue, type: ColumnType): string {
  if (isFloat(type) && typeof value === 'number') return floatText(value)
  return plain(columnJson(value, type))
}

/** The same for a person's eyes: no T between date and time, no zeros behind the seconds. */
export function shownText(value: ColumnValue, type: ColumnType): string {
  const text = exactText(value, type)
  if (type.kind !== 'scalar' || !type.name.startsWith('TIME')) return text
  return text.replace(/^([+-]?\d+-\d\d-\d\d)T/, '$1 ').replace(/(:\d\d)(\.\d*?)0+(Z?)$/, zeroless)
}

/** Numbers stand to the right. */
export function isNumeric(type: ColumnType): boolean {
  return type.kind === 'decimal' || (type.kind === 'scalar' && /INT|FLOAT|DOUBLE/.test(type.name))
}

function zeroless(_: string, seconds: string, fraction: string, zone: string): string {
  return `${seconds}${fraction === '.' ? '' : fraction}${zone}`
}

function plain(value: Json): string {
  return typeof value === 'string' ? value : writeJson(value)
}

function isFloat(type: ColumnType): boolean {
  return type.kind === 'scalar' && type.name === 'FLOAT'
}

/** The shortest digits that mean this 32-bit number; widened to 64 bits it would show digits nobody wrote. */
export function floatText(value: number): string {
  if (!Number.isFinite(value)) return String(value)
  if (Object.is(value, -0)) return writeJson(value)
  for (let digits = 6; digits < 9; digits++) {
    const short = Number(value.toPrecision(digits))
    if (Math.fround(short) === value) return String(short)
  }
  return String(value)
}
