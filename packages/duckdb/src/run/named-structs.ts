import { quoteName, quoteText, type SqlType } from '@spillway/rows'
import type { ResultColumn } from '../share/attached-share.js'

/** Columns as a result has them: a field without a name has the number by which SQL finds it, from 1. */
export function namedColumns(columns: readonly ResultColumn[]): readonly ResultColumn[] {
  return columns.map(({ name, type }) => ({ name, type: namedType(type) }))
}

/** A query for `sql` that a table can be made of, which of structs without names it cannot. */
export function namedSql(sql: string, columns: readonly ResultColumn[] | undefined): string {
  if (columns === undefined || !columns.some(({ type }) => isUnnamed(type))) return sql
  const select = columns.map(
    ({ name, type }, i) => `${valueSql(`c${i}`, type)} AS ${quoteName(name)}`,
  )
  return `SELECT ${select.join(', ')} FROM (${sql}\n) named(${columns.map((_, i) => `c${i}`).join(', ')})`
}

function isUnnamed(type: SqlType): boolean {
  switch (type.kind) {
    case 'struct':
      return type.fields.some(field => field.name === '' || isUnnamed(field.type))
    case 'list':
      return isUnnamed(type.element)
    case 'map':
      return isUnnamed(type.key) || isUnnamed(type.value)
    default:
      return false
  }
}

function namedType(type: SqlType): SqlType {
  if (!isUnnamed(type)) return type
  switch (type.kind) {
    case 'struct':
      return {
        kind: 'struct',
        fields: type.fields.map(({ name, type: own }, i) => ({
          name: nameOf(name, i),
          type: namedType(own),
        })),
      }
    case 'list':
      return { kind: 'list', element: namedType(type.element) }
    case 'map':
      return { kind: 'map', key: namedType(type.key), value: namedType(type.value) }
    default:
      return type
  }
}

function nameOf(name: string, position: number): string {
  return name === '' ? String(position + 1) : name
}

/** The value of an expression with names for its fields. `depth` tells the variables of nested lists apart. */
function valueSql(value: string, type: SqlType, depth = 0): string {
  if (!isUnnamed(type)) return value
  const item = `i${depth}`
  const inside = (own: string, ownType: SqlType) => valueSql(own, ownType, depth + 1)
  switch (type.kind) {
    case 'struct': {
      const fields = type.fields.map(
        ({ name, type: own }, i) =>
          `${quoteText(nameOf(name, i))}: ${inside(`struct_extract_at(${value}, ${i + 1})`, own)}`,
      )
      return `CASE WHEN ${value} IS NOT NULL THEN {${fields.join(', ')}} END`
    }
    case 'list':
      return `list_transform(${value}, lambda ${item}: ${inside(item, type.element)})`
    case 'map': {
      const entry = `{'k': ${inside(`${item}.key`, type.key)}, 'v': ${inside(`${item}.value`, type.value)}}`
      const entries = `list_transform(map_entries(${value}), lambda ${item}: ${entry})`
      return `CASE WHEN ${value} IS NOT NULL THEN map_from_entries(${entries}) END`
    }
    default:
      return value
  }
}
