import type { Document, YAMLMap } from 'yaml'
import { dropNamed, dropText, findNamed, mapsIn, nameOf, sameName } from './named-lists.js'
import { LIST_OF, listed, NAMED_KINDS, type NamedKind } from './shared-kinds.js'
import { findSchema, findShared, schemasIn } from './shares.js'

/** What is taken out of a configuration: of a recipient everything, of what is shared from everybody. */
export interface Named {
  readonly kind:
    | 'recipient'
    | 'share'
    | 'schema'
    | NamedKind
    | 'skill-folder'
    | 'model version'
    | 'alias'
  /** The parts of the name; of a folder of skills those of its schema, of a version or an alias those of its model. */
  readonly names: readonly string[]
  /** As people write it. */
  readonly name: string
  /** Of a model: the number of the version, or the alias. */
  readonly part?: string | undefined
  /** Which folders of skills, by how the document has their locations: others of the schema stay. */
  readonly isLocation?: ((written: string) => boolean) | undefined
}

/** What was taken out, in words; empty where nothing of that name is there. */
export function dropFrom(document: Document, named: Named): readonly string[] {
  const { kind, name, names } = named
  switch (kind) {
    case 'recipient': {
      const dropped = dropNamed(document.get('recipients'), name)
      return dropped ? [`recipient ${name}, with every token and grant`] : []
    }
    case 'share':
      return dropShare(document, name)
    case 'schema':
      return dropSchema(document, named)
    case 'skill-folder':
      return dropFolder(document, named)
    case 'model version':
    case 'alias':
      return dropPart(document, named)
    default: {
      const [share = '', schema = '', own = ''] = names
      const list = findSchema(document, { share, schema })?.get(LIST_OF[kind])
      return dropNamed(list, own) ? [`${kind} ${name}`] : []
    }
  }
}

function dropShare(document: Document, name: string): readonly string[] {
  const shares: unknown = document.get('shares')
  const found = findNamed(shares, name)
  if (found === undefined) return []
  const held = withEvery(mapsIn(found.get('schemas')))
  dropNamed(shares, name)
  const grantees = mapsIn(document.get('recipients')).filter(recipient =>
    dropText(recipient.get('shares'), name),
  )
  const grants = grantees.map(recipient => `the grant of it to ${nameOf(recipient)}`)
  return [`share ${name}, ${held}`, ...grants]
}

function dropSchema(document: Document, { name, names }: Named): readonly string[] {
  const [share = '', schema = ''] = names
  const found = findSchema(document, { share, schema })
  if (found === undefined) return []
  const held = withEvery([found])
  dropNamed(findNamed(document.get('shares'), share)?.get('schemas'), schema)
  return [`schema ${name}, ${held}`]
}

/** `with every table, volume and skill`, of what is there. */
function withEvery(schemas: readonly YAMLMap[]): string {
  const words = (['table', 'volume', 'model', 'skill', 'skill-folder'] as const).filter(kind =>
    schemas.some(schema => mapsIn(schema.get(LIST_OF[kind])).length > 0),
  )
  const kinds = words.map(kind => (kind === 'skill-folder' ? 'folder of skills' : kind))
  return `with every ${listed(kinds.length === 0 ? ['table'] : kinds)}`
}

function dropFolder(document: Document, { name, names, isLocation }: Named): readonly string[] {
  const [share = '', schema = ''] = names
  const list: unknown = findSchema(document, { share, schema })?.get(LIST_OF['skill-folder'])
  return mapsIn(list)
    .filter(each => isLocation?.(String(each.get('location'))))
    .map(each => {
      const { items } = list as { items: unknown[] }
      items.splice(items.indexOf(each), 1)
      return `folder of skills ${each.get('location')} of ${name}`
    })
}

function dropPart(document: Document, { kind, name, names, part = '' }: Named): readonly string[] {
  const [share = '', schema = '', own = ''] = names
  const list: unknown = findShared(document, 'model', { share, schema, name: own })?.get('versions')
  for (const version of mapsIn(list)) {
    const number = String(version.get('version'))
    if (kind === 'alias' && dropAlias(version, part)) {
      return [`alias ${name}, which was version ${number}`]
    }
    if (kind !== 'alias' && number === part) {
      const { items } = list as { items: unknown[] }
      items.splice(items.indexOf(version), 1)
      return [`model version ${name}`]
    }
  }
  return []
}

/** False where the version has no such alias. */
export function dropAlias(version: YAMLMap, alias: string): boolean {
  const list: unknown = version.get('aliases')
  if (!dropText(list, alias)) return false
  if ((list as { items: unknown[] }).items.length === 0) version.delete('aliases')
  return true
}

/** The names that there are of a kind. */
export function namesOfKind(document: Document, kind: Named['kind']): readonly string[] {
  if (kind === 'recipient') return mapsIn(document.get('recipients')).map(nameOf)
  if (kind === 'share') return mapsIn(document.get('shares')).map(nameOf)
  const schemas = schemasIn(document)
  if (kind === 'schema' || kind === 'skill-folder') {
    return schemas.map(({ share, schema }) => `${share}.${schema}`)
  }
  const isPart = kind === 'model version' || kind === 'alias'
  const own = NAMED_KINDS.filter(each => sameName(each, isPart ? 'model' : kind))
  return schemas.flatMap(({ share, schema, node }) =>
    own.flatMap(each =>
      mapsIn(node.get(LIST_OF[each])).map(item => [share, schema, nameOf(item)].join('.')),
    ),
  )
}
