import { TableError } from '@spillway/core'
import type { Document, YAMLMap } from 'yaml'
import { findNamed, listIn, mapsIn, nameOf } from './named-lists.js'
import { LIST_OF, type NamedKind, type SharedKind } from './shared-kinds.js'

export interface SchemaName {
  readonly share: string
  readonly schema: string
}

export interface SharedName extends SchemaName {
  readonly name: string
}

/** Names of schemas, and of what is in them, hold no dot; those of shares may. */
export function sharedNameOf(text: string): SharedName | undefined {
  const match = /^(.+)\.([^.]+)\.([^.]+)$/.exec(text)
  return match === null ? undefined : { share: match[1]!, schema: match[2]!, name: match[3]! }
}

export function schemaNameOf(text: string): SchemaName | undefined {
  const match = /^(.+)\.([^.]+)$/.exec(text)
  return match === null ? undefined : { share: match[1]!, schema: match[2]! }
}

export function fullName({ share, schema, name }: SharedName): string {
  return `${share}.${schema}.${name}`
}

/** False where the share is there already. */
export function addShare(document: Document, name: string): boolean {
  if (findNamed(document.get('shares'), name) !== undefined) return false
  listIn(document, 'shares').add(document.createNode({ name, schemas: [] }))
  return true
}

/** Adds to a schema, which is made with its share where they are new. What has a name needs one that is free. */
export function addShared(
  document: Document,
  { kind, share: shareName, schema: schemaName }: SchemaName & { readonly kind: SharedKind },
  entry: Readonly<Record<string, unknown>>,
): void {
  addShare(document, shareName)
  const list = LIST_OF[kind]
  const share = findNamed(document.get('shares'), shareName)!
  const schemas = listIn(share, 'schemas')
  if (findNamed(schemas, schemaName) === undefined) {
    schemas.add(document.createNode({ name: schemaName, [list]: [] }))
  }
  addLikeOthers(document, findNamed(schemas, schemaName)!, { list, entry })
}

/** As its neighbours are written: an entry in braces a line, or a key a line. */
export function addLikeOthers(
  document: Document,
  map: YAMLMap,
  { list, entry }: { readonly list: string; readonly entry: Readonly<Record<string, unknown>> },
): void {
  const items = listIn(map, list)
  const node = document.createNode(entry) as YAMLMap
  const neighbour = mapsIn(items).at(-1)
  if (neighbour?.flow) node.flow = true
  items.add(node)
}

/** What has this name in the document, if it is there. */
export function findShared(
  document: Document,
  kind: NamedKind,
  { share, schema, name }: SharedName,
): YAMLMap | undefined {
  return findNamed(findSchema(document, { share, schema })?.get(LIST_OF[kind]), name)
}

export function findSchema(document: Document, { share, schema }: SchemaName): YAMLMap | undefined {
  return findNamed(findNamed(document.get('shares'), share)?.get('schemas'), schema)
}

/** Every schema of a document, with the name of its share. */
export function schemasIn(
  document: Document,
): readonly (SchemaName & { readonly node: YAMLMap })[] {
  return mapsIn(document.get('shares')).flatMap(share =>
    mapsIn(share.get('schemas')).map(node => ({
      share: nameOf(share),
      schema: nameOf(node),
      node,
    })),
  )
}

export function invalidName(text: string, kind: string): TableError {
  const expected = `SHARE.SCHEMA.${kind.toUpperCase()}`
  return new TableError('INVALID_REQUEST', `expected ${expected}, found ${text}`)
}
