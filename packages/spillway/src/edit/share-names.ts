import { isAbsolute, relative, resolve } from 'node:path'
import { TableError } from '@spillway/core'
import type { Document } from 'yaml'
import { findNamed, mapsIn, nameOf } from './named-lists.js'
import type { NamedKind } from './shared-kinds.js'
import { type SchemaName, type SharedName, schemaNameOf, sharedNameOf } from './shares.js'

const SCHEMA = 'default'
const SHARE = 'shared'

/** What was said of a new thing, and what its own name is where nothing was. */
export interface GivenName {
  readonly kind: NamedKind
  /** `--name` */
  readonly given: string | undefined
  /** Throws where nothing says one. */
  readonly guess: () => string
}

/** What the name leaves out is guessed: its own from where it lies, the share and schema where there is only one. */
export function nameFor(document: Document, { kind, given, guess }: GivenName): SharedName {
  const parts = given?.split('.') ?? []
  const expected = `share.schema.${kind}`
  if (parts.some(part => part === '')) throw wrongName(expected, given)
  if (parts.length > 2) return sharedNameOf(given!)!
  const { share, schema } = onlySchema(document, { expected, given })
  if (parts.length === 2) return { share, schema: parts[0]!, name: parts[1]! }
  return { share, schema, name: parts[0] ?? guess() }
}

/** Of what has no name of its own: the schema that it stands in. */
export function schemaFor(document: Document, given: string | undefined): SchemaName {
  const parts = given?.split('.') ?? []
  const expected = 'share.schema, as the skills of a folder have names of their own'
  if (parts.some(part => part === '')) throw wrongName(expected, given)
  if (parts.length > 1) {
    const named = schemaNameOf(given!)!
    // A share may have dots in its name; one that is not there yet was hardly meant.
    const isMeant =
      parts.length === 2 || findNamed(document.get('shares'), named.share) !== undefined
    if (!isMeant) throw wrongName(expected, given)
    return named
  }
  const { share, schema } = onlySchema(document, { expected, given })
  return { share, schema: parts[0] ?? schema }
}

function onlySchema(
  document: Document,
  { expected, given }: { readonly expected: string; readonly given: string | undefined },
): SchemaName {
  const shares = mapsIn(document.get('shares'))
  if (shares.length > 1) throw wrongName(expected, given, shares.map(nameOf))
  const share = shares.length === 1 ? nameOf(shares[0]!) : SHARE
  const schemas = mapsIn(findNamed(document.get('shares'), share)?.get('schemas'))
  return { share, schema: schemas.length === 1 ? nameOf(schemas[0]!) : SCHEMA }
}

function wrongName(
  expected: string,
  given: string | undefined,
  shares: readonly string[] = [],
): TableError {
  const which = shares.length > 1 ? `; there are the shares ${shares.join(', ')}` : ''
  const found = given === undefined ? '' : `, found ${given}`
  return new TableError('INVALID_REQUEST', `--name expects ${expected}${found}${which}`)
}

/** The last part of the location that is a name, in characters that names may have. */
export function nameFromLocation(location: string, kind: NamedKind = 'table'): string {
  const isTable = kind === 'table'
  const parts = location
    .split('/')
    .filter(part => !(isTable && /[*?[{]/.test(part)) && !/^\.{0,2}$/.test(part))
  // Versions of models lie in folders of their numbers, below one of the model.
  const isVersion = kind === 'model' && versionIn(location) !== undefined && parts.length > 1
  const last = (isVersion ? parts.at(-2) : parts.at(-1)) ?? ''
  const bare = isTable ? last.replace(/\.parquet$/i, '') : last
  const name = bare.replace(/[ /.\p{Cc}:]+/gu, '_').slice(0, 255)
  if (name !== '') return name
  throw new TableError(
    'INVALID_REQUEST',
    `${location} says no name: give --name share.schema.${kind}`,
  )
}

/** The number of a version, where its folder is called by it: `churn/3`, `churn/v3`. */
export function versionIn(location: string): number | undefined {
  const found = /(?:^|\/)v?([1-9]\d{0,14})\/*$/.exec(location)
  return found === null ? undefined : Number(found[1])
}

/** As the person wrote it where that is absolute; else relative to the configuration, if it lies below. */
export function writtenLocation(
  location: string,
  { from, folder }: { readonly from: string; readonly folder: string },
): string {
  if (/^[a-zA-Z][a-zA-Z0-9+.-]*:/.test(location) || isAbsolute(location)) return location
  const absolute = resolve(from, location)
  const below = relative(folder, absolute)
  return below === '' || below.startsWith('..') || isAbsolute(below) ? absolute : `./${below}`
}
