import type { TableName } from './table-name.js'

export function sharePath(share: string, rest = ''): string {
  return `/shares/${encodeURIComponent(share)}${rest}`
}

export function schemaPath(share: string, schema: string, rest: string): string {
  return sharePath(share, `/schemas/${encodeURIComponent(schema)}${rest}`)
}

/** `/shares/…/schemas/…/tables/…` below a server's endpoint, each name encoded. */
export function tablePath({ share, schema, table }: TableName): string {
  return schemaPath(share, schema, `/tables/${encodeURIComponent(table)}`)
}

/** `?a=1&b=2` of the members that are there. */
export function queryString(parameters: object): string {
  const query = new URLSearchParams()
  for (const [name, value] of Object.entries(parameters)) {
    if (value !== undefined) query.set(name, String(value))
  }
  return query.size > 0 ? `?${query}` : ''
}
