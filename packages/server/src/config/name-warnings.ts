import type { SharesConfig } from './config-schema.js'

/**
 * What in the names of a configuration keeps recipients from a table, one text for each name. The official Python client puts names
 * into its URLs as they are, and takes a table for what `profile#share.schema.table` has between its dots.
 */
export function nameWarnings({ shares = [] }: SharesConfig): readonly string[] {
  return shares.flatMap(share => [
    ...warning('share', share.name, share.name),
    ...(share.schemas ?? []).flatMap(schema => [
      ...warning('schema', `${share.name}.${schema.name}`, schema.name),
      ...(schema.tables ?? []).flatMap(table =>
        warning('table', `${share.name}.${schema.name}.${table.name}`, table.name),
      ),
    ]),
  ])
}

function warning(kind: string, path: string, name: string): readonly string[] {
  const found = /[#?]|%(?=[0-9a-f]{2})|[.]/i.exec(name)?.[0]
  if (found === undefined) return []
  const where = found === '%' ? ' before two hexadecimal digits' : ''
  return [
    `${kind} ${path}: the official Python client cannot address a name with ${JSON.stringify(found)}${where}; other clients can`,
  ]
}
