import { TableError } from '@spillway/core'
import type { Document, YAMLMap } from 'yaml'
import { dropNamed, dropText, findNamed, listIn, mapsIn, nameOf } from './named-lists.js'

export interface TableName {
  readonly share: string
  readonly schema: string
  readonly table: string
}

/** Names of schemas and tables hold no dot, those of shares may. */
export function tableNameOf(text: string): TableName | undefined {
  const match = /^(.+)\.([^.]+)\.([^.]+)$/.exec(text)
  return match === null ? undefined : { share: match[1]!, schema: match[2]!, table: match[3]! }
}

/** False where the share is there already. */
export function addShare(document: Document, name: string): boolean {
  if (findNamed(document.get('shares'), name) !== undefined) return false
  listIn(document, 'shares').add(document.createNode({ name, schemas: [] }))
  return true
}

/** Adds the table, and its share and schema where they are new. The name must be free. */
export function addTable(
  document: Document,
  name: TableName,
  table: Readonly<Record<string, unknown>>,
): void {
  addShare(document, name.share)
  const share = findNamed(document.get('shares'), name.share)!
  const schemas = listIn(share, 'schemas')
  if (findNamed(schemas, name.schema) === undefined) {
    schemas.add(document.createNode({ name: name.schema, tables: [] }))
  }
  const tables = listIn(findNamed(schemas, name.schema)!, 'tables')
  const node = document.createNode({ name: name.table, ...table }) as YAMLMap
  // As its neighbours are written: an entry in braces a line, or a key a line.
  const neighbour = mapsIn(tables).at(-1)
  if (neighbour?.flow) node.flow = true
  tables.add(node)
}

/** What is taken out of a configuration: of a recipient everything, of a share or table from everybody. */
export interface Named {
  readonly kind: 'recipient' | 'share' | 'table'
  /** The parts of the name. */
  readonly names: readonly string[]
  readonly name: string
}

/** What was taken out, in words; empty where nothing of that name is there. */
export function dropFrom(document: Document, { kind, name, names }: Named): readonly string[] {
  if (kind === 'recipient') {
    const dropped = dropNamed(document.get('recipients'), name)
    return dropped ? [`recipient ${name}, with every token and grant`] : []
  }
  const shares: unknown = document.get('shares')
  if (kind === 'share') {
    if (!dropNamed(shares, name)) return []
    const grantees = mapsIn(document.get('recipients')).filter(recipient =>
      dropText(recipient.get('shares'), name),
    )
    const grants = grantees.map(recipient => `the grant of it to ${nameOf(recipient)}`)
    return [`share ${name}, with every table`, ...grants]
  }
  const share = findNamed(shares, names[0]!)
  const schema = share && findNamed(share.get('schemas'), names[1]!)
  return dropNamed(schema?.get('tables'), names[2]!) ? [`table ${name}`] : []
}

/** The names that there are of a kind. */
export function namesOfKind(document: Document, kind: Named['kind']): readonly string[] {
  if (kind === 'recipient') return mapsIn(document.get('recipients')).map(nameOf)
  const shares = mapsIn(document.get('shares'))
  if (kind === 'share') return shares.map(nameOf)
  return shares.flatMap(share =>
    mapsIn(share.get('schemas')).flatMap(schema =>
      mapsIn(schema.get('tables')).map(table => [share, schema, table].map(nameOf).join('.')),
    ),
  )
}

export function invalidName(text: string): TableError {
  return new TableError('INVALID_REQUEST', `expected SHARE.SCHEMA.TABLE, found ${text}`)
}
