import type { SharedTable } from '@spillway/core'

/** `schema.table`, as messages name it. */
export function nameOf({ schema, name }: Pick<SharedTable, 'schema' | 'name'>): string {
  return `${schema}.${name}`
}
