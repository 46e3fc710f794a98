import { TableError } from '@spillway/core'

/** What a recipient names: a profile file and, behind `#`, a share, a schema or a table of it. */
export interface SharePath {
  readonly profile: string
  /** Empty where all of it is meant. */
  readonly name: string
}

/** `PROFILE[#share[.schema[.table]]]`, as the official connectors spell it. */
export function parseSharePath(text: string): SharePath {
  const at = text.indexOf('#')
  const profile = at < 0 ? text : text.slice(0, at)
  const name = at < 0 ? '' : text.slice(at + 1)
  if (profile !== '' && (at < 0 || /^[^.]+(\.[^.]+)*$/.test(name))) return { profile, name }
  throw new TableError(
    'INVALID_REQUEST',
    `expected PROFILE, PROFILE#share, PROFILE#share.schema or PROFILE#share.schema.table, found ${JSON.stringify(text.slice(0, 200))}`,
  )
}

/** True where `whole` is `name` or lies in what `name` names; a share's own name may hold dots. */
export function isWithin(whole: string, name: string): boolean {
  return name === '' || whole === name || whole.startsWith(`${name}.`)
}
